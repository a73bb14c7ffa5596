/** Asks for an API key. It is sent once and kept nowhere: what stays is a cookie that scripts cannot read. */
import { useState } from 'preact/hooks';
import { html } from './html.js';
import { Problem } from './parts/notice.js';
import { signIn } from './session.js';

/** @param {{ error: unknown, onSession: (session: import('./session.js').Session) => void }} props */
export function SignIn({ error, onSession }) {
  const [failure, setFailure] = useState(error);
  const [isBusy, setBusy] = useState(false);
  /** @param {SubmitEvent} event */
  const submit = async (event) => {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.currentTarget);
    const key = String(new FormData(form).get('key') ?? '').trim();
    setBusy(true);
    try {
      onSession(await signIn({ key }));
    } catch (reason) {
      setFailure(reason);
      setBusy(false);
    }
  };
  return html`<main class="sign-in">
    <form onSubmit=${submit}>
      <h1>Sign in to Bide</h1>
      <${Problem} error=${failure} />
      <label class="field">
        <span>API key</span>
        <input name="key" type="password" autocomplete="current-password" required autofocus placeholder="bide_…" spellcheck=${false} />
        <span class="hint">The admin key is in the data folder, in <code>admin.key</code>; <code>bide keys create</code> makes others. What the key may do, you may do here.</span>
      </label>
      <button class="primary" disabled=${isBusy}>${isBusy ? 'Signing in…' : 'Sign in'}</button>
    </form>
  </main>`;
}
