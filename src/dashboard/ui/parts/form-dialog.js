/** A form in a dialog: what the server says of it stands in the dialog, which stays open until it worked. */
import { useState } from 'preact/hooks';
import { html } from '../html.js';
import { CopyButton } from './copy.js';
import { Dialog } from './dialog.js';
import { Problem } from './notice.js';

/** @param {{ title: string, action: string, onSubmit: (form: FormData) => Promise<unknown>, onClose: () => void, children?: unknown }} props */
export function FormDialog({ title, action, onSubmit, onClose, children }) {
  const [error, setError] = useState(/** @type {unknown} */ (null));
  const [isBusy, setBusy] = useState(false);
  /** @param {SubmitEvent} event */
  const submit = async (event) => {
    event.preventDefault();
    setBusy(true);
    try {
      await onSubmit(new FormData(/** @type {HTMLFormElement} */ (event.currentTarget)));
    } catch (reason) {
      setError(reason);
      setBusy(false);
    }
  };
  return html`<${Dialog} title=${title} onClose=${onClose}>
    <form class="form inner" onSubmit=${submit}>
      <${Problem} error=${error} />
      ${children}
      <div class="actions">
        <button type="button" onClick=${onClose}>Leave it</button>
        <button class="primary" disabled=${isBusy}>${action}</button>
      </div>
    </form>
  <//>`;
}

/** What the server shows this once. @param {{ title: string, text: string, onClose: () => void, children?: unknown }} props */
export function SecretDialog({ title, text, onClose, children }) {
  return html`<${Dialog} title=${title} onClose=${onClose}>
    <p>${children} It is shown this once: copy it now.</p>
    <div class="code"><pre tabindex="0">${text}</pre><${CopyButton} text=${text} class="small copy" /></div>
    <div class="actions"><button type="button" class="primary" onClick=${onClose}>I have it</button></div>
  <//>`;
}
