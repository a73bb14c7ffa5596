/** The secret that signs the callbacks of jobs, to look at and to replace. */
import { useState } from 'preact/hooks';
import { html } from '../html.js';
import { useShared } from '../shared.js';
import { useLoaded } from '../use-loaded.js';
import { Code } from './copy.js';
import { Confirm, Dialog } from './dialog.js';
import { Problem, say } from './notice.js';

export function CallbackSecret() {
  const [isOpen, open] = useState(false);
  return html`<button type="button" onClick=${() => open(true)}>Callback secret</button>
    ${isOpen && html`<${Secret} onClose=${() => open(false)} />`}`;
}

/** @param {{ onClose: () => void }} props */
function Secret({ onClose }) {
  const { api } = useShared();
  const [isAsking, ask] = useState(false);
  const { value, error, reload } = useLoaded((signal) => api.webhooks.callbackSecret({ signal }), [api]);
  const rotate = async () => {
    await api.webhooks.rotateCallbackSecret();
    say('The secret is replaced.', 'For a day the old one signs too.');
    reload();
  };
  return html`<${Dialog} title="The secret of callbacks" onClose=${onClose}>
    <p>It signs what is sent to the <code>callback</code> of a job that names no webhook. The receiver checks signatures with it.</p>
    <${Problem} error=${error} retry=${reload} />
    <${Code} text=${value ?? '…'} />
    <div class="actions"><button type="button" onClick=${() => ask(true)}>Replace it</button><button type="button" class="primary" onClick=${onClose}>Close</button></div>
    ${isAsking && html`<${Confirm} title="Replace the secret of callbacks?" action="Replace it" onConfirm=${rotate} onClose=${() => ask(false)}><p>For a day both secrets sign, so that receivers can be changed meanwhile.</p><//>`}
  <//>`;
}
