/** One webhook: what it is told of, what became of each delivery, and what can be done about it. */
import { useState } from 'preact/hooks';
import { html } from '../html.js';
import { ActButton } from '../parts/act.js';
import { Deliveries } from '../parts/deliveries.js';
import { Confirm } from '../parts/dialog.js';
import { FormDialog, SecretDialog } from '../parts/form-dialog.js';
import { Problem, say } from '../parts/notice.js';
import { Time } from '../parts/time.js';
import { draftOf, WebhookFields } from '../parts/webhook-form.js';
import { WebhookState } from '../parts/webhook-state.js';
import { go } from '../router.js';
import { useShared } from '../shared.js';
import { useLoaded } from '../use-loaded.js';
import { Chips } from './webhooks.js';

/** @typedef {import('bide/client').WebhookBody} WebhookBody */

const EVERY_MS = 5_000;

/** @param {{ id: string }} props */
export function Webhook({ id }) {
  const { api } = useShared();
  const {
    value: webhook,
    error,
    reload,
  } = useLoaded((signal) => api.webhooks.get(id, { signal }), [api, id], { everyMs: EVERY_MS });
  const [turn, setTurn] = useState(0);
  const onChanged = () => {
    reload();
    setTurn((count) => count + 1);
  };
  return html`<div class="stack">
    <div class="page-head">
      <div class="row grow"><h1 class="truncate mono">${webhook?.url ?? 'Webhook'}</h1>${webhook === undefined ? null : html`<${WebhookState} webhook=${webhook} />`}</div>
      ${webhook === undefined ? null : html`<${Actions} webhook=${webhook} onChanged=${onChanged} />`}
    </div>
    <${Problem} error=${error} retry=${reload} />
    ${webhook === undefined ? html`<section class="card skeleton"></section>` : html`<${Facts} webhook=${webhook} />`}
    ${webhook === undefined ? null : html`<${Deliveries} webhookId=${id} turn=${turn} onChanged=${onChanged} />`}
  </div>`;
}

/** @param {{ webhook: WebhookBody }} props */
const Facts = ({
  webhook: { id, events, types, tags, createdAt, disabled, failingSince },
}) => html`<section class="card">
  ${disabled === null ? null : html`<div class="note warn"><div><strong>Disabled <${Time} at=${disabled.at} /></strong><p>${disabled.reason}</p></div></div>`}
  <div class="body"><dl class="facts">
    <dt>Events</dt><dd><${Chips} words=${events} none="none" /></dd>
    <dt>Types</dt><dd><${Chips} words=${types} none="all" /></dd>
    <dt>Tags</dt><dd><${Chips} words=${Object.entries(tags).map(([name, value]) => `${name}=${value}`)} none="all" /></dd>
    <dt>Made</dt><dd><${Time} at=${createdAt} /></dd>
    ${failingSince === null ? null : html`<dt>Fails</dt><dd>since <${Time} at=${failingSince} /></dd>`}
    <dt>Id</dt><dd class="mono">${id}</dd>
  </dl></div>
</section>`;

/** @typedef {'change' | 'rotate' | 'remove' | null} Asked */

/** @param {{ webhook: WebhookBody, onChanged: () => void }} props */
function Actions({ webhook, onChanged }) {
  const { api } = useShared();
  const [asked, ask] = useState(/** @type {Asked} */ (null));
  const [secret, setSecret] = useState(/** @type {string | null} */ (null));
  const { id, disabled } = webhook;
  const test = async () => {
    await api.webhooks.test(id);
    say('A test is on its way.', 'What came of it stands among the deliveries.');
    onChanged();
  };
  const turn = async () => {
    await api.webhooks.update(id, { disabled: disabled === null });
    say(disabled === null ? 'The webhook is disabled.' : 'The webhook is on again.');
    onChanged();
  };
  const rotate = async () => setSecret((await api.webhooks.rotate(id)).secret);
  const remove = async () => {
    await api.webhooks.remove(id);
    say('The webhook is removed.');
    go('/webhooks');
  };
  /** @param {FormData} form */
  const change = async (form) => {
    await api.webhooks.update(id, draftOf(form));
    ask(null);
    onChanged();
  };
  const close = () => ask(null);
  return html`<div class="row">
    <${ActButton} act=${test} class="primary">Send a test<//>
    <button type="button" onClick=${() => ask('change')}>Change</button>
    <${ActButton} act=${turn} class="">${disabled === null ? 'Disable' : 'Enable'}<//>
    <button type="button" onClick=${() => ask('rotate')}>New secret</button>
    <button type="button" class="danger" onClick=${() => ask('remove')}>Remove</button>
    ${asked === 'change' && html`<${FormDialog} title="Change the webhook" action="Save" onSubmit=${change} onClose=${close}><${WebhookFields} webhook=${webhook} /><//>`}
    ${asked === 'rotate' && html`<${Confirm} title="Make a new secret?" action="Make it" onConfirm=${rotate} onClose=${close}><p>For a day both secrets sign, so that the receiver can be changed meanwhile.</p><//>`}
    ${asked === 'remove' && html`<${Confirm} title="Remove this webhook?" action="Remove" isDangerous=${true} onConfirm=${remove} onClose=${close}><p>${webhook.url} is told nothing more, and its log of deliveries goes. This cannot be undone.</p><//>`}
    ${secret !== null && html`<${SecretDialog} title="The new secret" text=${secret} onClose=${() => setSecret(null)}>The receiver checks signatures with it; the old one signs too for a day.<//>`}
  </div>`;
}
