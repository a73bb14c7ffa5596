/** A button that calls the server and says what came of it; it cannot be pressed twice meanwhile. */
import { useState } from 'preact/hooks';
import { html } from '../html.js';
import { sayFailed } from './notice.js';

/** @param {{ act: () => Promise<unknown>, class?: string, disabled?: boolean, children?: unknown }} props */
export function ActButton({ act, class: className = 'small', disabled = false, children }) {
  const [isBusy, setBusy] = useState(false);
  const press = async () => {
    setBusy(true);
    try {
      await act();
    } catch (error) {
      sayFailed(error);
    } finally {
      setBusy(false);
    }
  };
  return html`<button type="button" class=${className} disabled=${disabled || isBusy} onClick=${press}>${children}</button>`;
}
