/** API keys: who may call this server and what for. Whole keys are shown once, at their making. */
import { useState } from 'preact/hooks';
import { countText } from '../format.js';
import { html } from '../html.js';
import { Confirm } from '../parts/dialog.js';
import { FormDialog, SecretDialog } from '../parts/form-dialog.js';
import { Empty, Problem, say } from '../parts/notice.js';
import { Time } from '../parts/time.js';
import { useShared } from '../shared.js';
import { useLoaded, useNow } from '../use-loaded.js';

/** @typedef {import('bide/client').KeyBody} KeyBody */
/** @typedef {import('bide/client').NewKeyBody} NewKeyBody */

const DAY_MS = 86_400_000;
const SCOPES = /** @type {const} */ ([
  ['submit', 'send jobs, change those that wait, cancel'],
  ['read', 'see jobs, types, workers'],
  ['read:payload', 'see inputs and results in the dashboard'],
  ['work', 'claim jobs as a worker'],
  ['priority', 'say which job goes first'],
  ['operate', 'pause, bulk changes, schedules, limits, webhooks'],
  ['metrics', 'scrape /metrics'],
  ['admin', 'everything, keys too'],
]);
const LIVES = /** @type {const} */ ([
  ['', 'Never'],
  ['1', 'After a day'],
  ['30', 'After 30 days'],
  ['90', 'After 90 days'],
  ['365', 'After a year'],
]);

export function Keys() {
  const { api } = useShared();
  const { value, error, reload } = useLoaded((signal) => api.keys.list({ signal }), [api]);
  const [isMaking, make] = useState(false);
  const [made, setMade] = useState(/** @type {NewKeyBody | null} */ (null));
  const [revoking, revoke] = useState(/** @type {KeyBody | null} */ (null));
  const onMade = (/** @type {NewKeyBody} */ key) => {
    make(false);
    setMade(key);
    reload();
  };
  return html`<div class="stack">
    <div class="page-head"><h1>Keys</h1><button type="button" class="primary" onClick=${() => make(true)}>Make a key</button></div>
    <${Problem} error=${error} retry=${reload} />
    <section class=${value === undefined ? 'card skeleton' : 'card'}>
      ${value?.length === 0 ? html`<${Empty} title="No keys" code="npx bide keys create --name worker --scope work">Make one for each program, with the scopes that it needs.<//>` : null}
      ${value === undefined || value.length === 0 ? null : html`<${KeyTable} keys=${value} onRevoke=${revoke} />`}
    </section>
    ${isMaking && html`<${MakeKey} onMade=${onMade} onClose=${() => make(false)} />`}
    ${made && html`<${SecretDialog} title=${`The key ${made.name}`} text=${made.key} onClose=${() => setMade(null)}>This is the whole key.<//>`}
    ${revoking && html`<${Revoke} which=${revoking} onRevoked=${reload} onClose=${() => revoke(null)} />`}
  </div>`;
}

/** @param {{ keys: readonly KeyBody[], onRevoke: (key: KeyBody) => void }} props */
function KeyTable({ keys, onRevoke }) {
  const now = useNow();
  const newest = keys.toReversed();
  const isOver = (/** @type {KeyBody} */ { revokedAt, expiresAt }) =>
    revokedAt !== null || (expiresAt !== null && Date.parse(expiresAt) <= now);
  const inForce = newest.filter((key) => !isOver(key));
  return html`<div class="table-wrap"><table>
    <thead><tr><th>Name</th><th>Key</th><th>State</th><th>Tenant</th><th>Scopes</th><th>Made</th><th>Ends</th><th class="tight"><span class="only-read">Actions</span></th></tr></thead>
    <tbody>${[...inForce, ...newest.filter(isOver)].map(
      (key) => html`<tr key=${key.id}>
        <td>${key.name}</td>
        <td class="mono quiet">bide_${key.id}_…</td>
        <td><${KeyState} which=${key} now=${now} /></td>
        <td>${key.tenant}</td>
        <td class="wrap"><span class="chips">${shownScopes(key).map((scope) => html`<span key=${scope} class="chip">${scope}</span>`)}</span></td>
        <td><${Time} at=${key.createdAt} /></td>
        <td><${Time} at=${key.revokedAt ?? key.expiresAt} none="never" /></td>
        <td class="tight">${isOver(key) ? null : html`<button type="button" class="small danger" onClick=${() => onRevoke(key)}>Revoke</button>`}</td>
      </tr>`,
    )}</tbody>
  </table></div><footer><span class="number">${countText(inForce.length)} in force, ${countText(keys.length - inForce.length)} over</span></footer>`;
}

/** An admin's includes the others. @param {KeyBody} key */
const shownScopes = ({ scopes }) => (scopes.includes('admin') ? ['admin'] : scopes);

/** @param {{ which: KeyBody, now: number }} props */
function KeyState({ which: { revokedAt, expiresAt }, now }) {
  if (revokedAt !== null) return html`<span class="badge">revoked</span>`;
  if (expiresAt !== null && Date.parse(expiresAt) <= now) return html`<span class="badge">expired</span>`;
  return html`<span class="badge good">in force</span>`;
}

/** @param {{ onMade: (key: NewKeyBody) => void, onClose: () => void }} props */
function MakeKey({ onMade, onClose }) {
  const { api, session } = useShared();
  /** @param {FormData} form */
  const make = async (form) => {
    const days = String(form.get('days') ?? '');
    const scopes = SCOPES.map(([scope]) => scope).filter((scope) => form.has(`scope ${scope}`));
    const draft = {
      name: String(form.get('name')).trim(),
      tenant: String(form.get('tenant')).trim() || session.tenant,
      scopes,
      ...(days === '' ? {} : { expiresAt: new Date(Date.now() + Number(days) * DAY_MS) }),
    };
    onMade(await api.keys.create(draft));
  };
  return html`<${FormDialog} title="Make a key" action="Make key" onSubmit=${make} onClose=${onClose}>
    <label class="field"><span>Name</span><input name="name" required maxlength="100" autofocus placeholder="billing service" autocomplete="off" /><span class="hint">For people: who or what uses it.</span></label>
    <fieldset><legend>Scopes</legend>
      <div class="checks wide">${SCOPES.map(
        ([scope, hint]) =>
          html`<label key=${scope} class="check"><input type="checkbox" name=${`scope ${scope}`} defaultChecked=${scope === 'submit' || scope === 'read'} /><span><strong>${scope}</strong> <span class="quiet small">${hint}</span></span></label>`,
      )}</div>
    </fieldset>
    <label class="field"><span>Ends</span><select name="days">${LIVES.map(([days, label]) => html`<option key=${days} value=${days}>${label}</option>`)}</select></label>
    <label class="field"><span>Tenant</span><input name="tenant" placeholder=${session.tenant} autocomplete="off" /><span class="hint">Jobs belong to a tenant, which sees its own alone. Empty: yours.</span></label>
  <//>`;
}

/** @param {{ which: KeyBody, onRevoked: () => void, onClose: () => void }} props */
function Revoke({ which, onRevoked, onClose }) {
  const { api } = useShared();
  const revoke = async () => {
    await api.keys.revoke(which.id);
    say(`The key ${which.name} is revoked.`);
    onRevoked();
  };
  return html`<${Confirm} title=${`Revoke the key ${which.name}?`} action="Revoke" isDangerous=${true} onConfirm=${revoke} onClose=${onClose}>
    <p>Whoever uses <span class="mono">bide_${which.id}_…</span> is refused within a moment, and its sessions end. This cannot be undone.</p>
  <//>`;
}
