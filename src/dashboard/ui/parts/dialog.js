/** A question that has to be answered before anything changes: native, so that focus, Escape and the background are the browser's. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { html } from '../html.js';
import { sayFailed } from './notice.js';

/** @param {{ title: string, onClose: () => void, children?: unknown }} props */
export function Dialog({ title, onClose, children }) {
  const ref = useRef(/** @type {HTMLDialogElement | null} */ (null));
  useEffect(() => ref.current?.showModal(), []);
  return html`<dialog ref=${ref} onClose=${onClose} aria-label=${title}>
    <div class="inside"><h2>${title}</h2>${children}</div>
  </dialog>`;
}

/**
 * @param {{ title: string, children?: unknown, action: string, isDangerous?: boolean, onConfirm: () => Promise<unknown>, onClose: () => void }} props
 */
export function Confirm({ title, children, action, isDangerous = false, onConfirm, onClose }) {
  const [isBusy, setBusy] = useState(false);
  const confirm = async () => {
    setBusy(true);
    try {
      await onConfirm();
      onClose();
    } catch (error) {
      sayFailed(error);
      setBusy(false);
    }
  };
  return html`<${Dialog} title=${title} onClose=${onClose}>
    <div>${children}</div>
    <div class="actions">
      <button type="button" onClick=${onClose}>Leave it</button>
      <button type="button" class=${isDangerous ? 'danger' : 'primary'} disabled=${isBusy} onClick=${confirm}>${action}</button>
    </div>
  <//>`;
}
