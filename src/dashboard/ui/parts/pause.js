/** Pausing a type and starting it again. A pause holds for all tenants, so it is asked for first. */
import { useState } from 'preact/hooks';
import { html } from '../html.js';
import { may } from '../session.js';
import { useShared } from '../shared.js';
import { Confirm } from './dialog.js';
import { say, sayFailed } from './notice.js';

/** @param {{ type: import('bide/client').TypeBody, onChanged: () => void }} props */
export function PauseButton({ type, onChanged }) {
  const { api, session } = useShared();
  const [isAsking, ask] = useState(false);
  const [isBusy, setBusy] = useState(false);
  if (!may(session, 'operate')) return null;
  const resume = async () => {
    setBusy(true);
    try {
      await api.resumeType(type.name);
      say(`${type.name} goes on.`);
      onChanged();
    } catch (error) {
      sayFailed(error);
    } finally {
      setBusy(false);
    }
  };
  const pause = async () => {
    await api.pauseType(type.name);
    say(`${type.name} is paused.`);
    onChanged();
  };
  if (type.paused)
    return html`<button type="button" class="small" disabled=${isBusy} onClick=${resume}>Resume</button>`;
  return html`<button type="button" class="small" onClick=${() => ask(true)}>Pause</button>
    ${
      isAsking &&
      html`<${Confirm} title=${`Pause ${type.name}?`} action="Pause" onConfirm=${pause} onClose=${() => ask(false)}>
        <p>Nothing of this type is started until you resume it, for no tenant. Jobs that run go on, and new ones are still taken.</p>
      <//>`
    }`;
}
