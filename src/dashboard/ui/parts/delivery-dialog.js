/** One delivery: every try with its answer, and what is sent, byte for byte. */
import { clockText, exactText, spanText } from '../format.js';
import { html } from '../html.js';
import { useShared } from '../shared.js';
import { useLoaded } from '../use-loaded.js';
import { Code } from './copy.js';
import { Dialog } from './dialog.js';
import { Problem } from './notice.js';

/** @param {{ webhookId: string, delivery: import('bide/client').DeliveryBody, onClose: () => void }} props */
export function DeliveryDialog({ webhookId, delivery, onClose }) {
  const { api } = useShared();
  const { id } = delivery;
  const {
    value = null,
    error,
    reload,
  } = useLoaded((signal) => api.webhooks.delivery(webhookId, id, { signal }), [api, id]);
  const { tries } = value ?? delivery;
  return html`<${Dialog} title=${`${delivery.event} to ${delivery.host}`} onClose=${onClose}>
    <${Problem} error=${error} retry=${reload} />
    <h3>Tries</h3>
    ${tries.length === 0 ? html`<p class="quiet">None yet.</p>` : null}
    ${tries.map(
      ({ at, durationMs, status, error: reason, answer }) => html`<div key=${at} class="try">
        <p><span class="number" title=${exactText(at)}>${clockText(at)}</span> · <strong>${status ?? 'no answer'}</strong> after ${spanText(durationMs)}${reason === null ? '' : `: ${reason}`}</p>
        ${answer ? html`<pre class="quiet">${answer}</pre>` : null}
      </div>`,
    )}
    <h3>Headers</h3>
    <${Code} text=${
      value === null
        ? '…'
        : Object.entries(value.headers)
            .map(([name, text]) => `${name}: ${text}`)
            .join('\n')
    } />
    <h3>Body</h3>
    <${Code} text=${value === null ? '…' : prettyOf(value.body)} />
    <div class="actions"><button type="button" onClick=${onClose}>Close</button></div>
  <//>`;
}

/** @param {string} text */
function prettyOf(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
