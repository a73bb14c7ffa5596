/** Webhooks of the tenant: who is told of which jobs. */
import { useState } from 'preact/hooks';
import { html } from '../html.js';
import { CallbackSecret } from '../parts/callback-secret.js';
import { FormDialog, SecretDialog } from '../parts/form-dialog.js';
import { Empty, Problem } from '../parts/notice.js';
import { Time } from '../parts/time.js';
import { draftOf, WebhookFields } from '../parts/webhook-form.js';
import { WebhookState } from '../parts/webhook-state.js';
import { go, Link } from '../router.js';
import { useShared } from '../shared.js';
import { useLoaded } from '../use-loaded.js';

/** @typedef {import('bide/client').WebhookBody} WebhookBody */
/** @typedef {import('bide/client').WebhookWithSecret} WebhookWithSecret */

const EVERY_MS = 10_000;

/** @param {string} id */
export const webhookPath = (id) => `/webhooks/${encodeURIComponent(id)}`;

export function Webhooks() {
  const { api } = useShared();
  const { value, error, reload } = useLoaded((signal) => api.webhooks.list({ signal }), [api], { everyMs: EVERY_MS });
  const [isMaking, make] = useState(false);
  const [made, setMade] = useState(/** @type {WebhookWithSecret | null} */ (null));
  /** @param {FormData} form */
  const create = async (form) => {
    setMade(await api.webhooks.create(draftOf(form)));
    make(false);
    reload();
  };
  return html`<div class="stack">
    <div class="page-head"><h1>Webhooks</h1><div class="row"><${CallbackSecret} /><button type="button" class="primary" onClick=${() => make(true)}>Add a webhook</button></div></div>
    <${Problem} error=${error} retry=${reload} />
    <section class=${value === undefined ? 'card skeleton' : 'card'}>
      ${value?.length === 0 ? html`<${Empty} title="Nobody is told yet" code="npx bide webhooks add https://example.com/hooks/bide">Add the URL of a program that wants to know when jobs end, in place of asking again and again.<//>` : null}
      ${value === undefined || value.length === 0 ? null : html`<${WebhookTable} webhooks=${value} />`}
    </section>
    ${isMaking && html`<${FormDialog} title="Add a webhook" action="Add webhook" onSubmit=${create} onClose=${() => make(false)}><${WebhookFields} /><//>`}
    ${made && html`<${SecretDialog} title="The secret of this webhook" text=${made.secret} onClose=${() => go(webhookPath(made.id))}>The receiver checks signatures with it.<//>`}
  </div>`;
}

/** @param {{ webhooks: readonly WebhookBody[] }} props */
const WebhookTable = ({ webhooks }) => html`<div class="table-wrap"><table>
  <thead><tr><th>URL</th><th>State</th><th>Events</th><th>Types</th><th>Tags</th><th>Made</th></tr></thead>
  <tbody>${webhooks.map(
    (webhook) => html`<tr key=${webhook.id}>
      <td class="mono" title=${webhook.url}><${Link} to=${webhookPath(webhook.id)}>${webhook.url}<//></td>
      <td><${WebhookState} webhook=${webhook} /></td>
      <td class="wrap"><${Chips} words=${webhook.events} none="–" /></td>
      <td class="wrap"><${Chips} words=${webhook.types} none="all" /></td>
      <td class="wrap"><${Chips} words=${Object.entries(webhook.tags).map(([name, value]) => `${name}=${value}`)} none="all" /></td>
      <td><${Time} at=${webhook.createdAt} /></td>
    </tr>`,
  )}</tbody>
</table></div>`;

/** @param {{ words: readonly string[], none: string }} props */
export const Chips = ({ words, none }) =>
  words.length === 0
    ? html`<span class="quiet">${none}</span>`
    : html`<span class="chips">${words.map((word) => html`<span key=${word} class="chip">${word}</span>`)}</span>`;
