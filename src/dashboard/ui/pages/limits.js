/** Limits per key: which keys are full or closed, and what an operator may do about one. */
import { useState } from 'preact/hooks';
import { SERVER } from '../address.js';
import { countText, spanText } from '../format.js';
import { html } from '../html.js';
import { ActButton } from '../parts/act.js';
import { FormDialog } from '../parts/form-dialog.js';
import { boundsOf, LimitFields } from '../parts/limit-form.js';
import { Empty, Problem, say } from '../parts/notice.js';
import { Pages } from '../parts/pages.js';
import { Time } from '../parts/time.js';
import { usePlace } from '../router.js';
import { may } from '../session.js';
import { useShared } from '../shared.js';
import { useLoaded } from '../use-loaded.js';

/** @typedef {import('bide/client').LimitBody} LimitBody */

const EVERY_MS = 3_000;
const PAGE_SIZE = 50;
/** More than this the server does not count. */
const WAITING_MAX = 10_000;

const SPANS = /** @type {const} */ ([
  ['60000', 'A minute'],
  ['600000', 'Ten minutes'],
  ['3600000', 'An hour'],
  ['86400000', 'A day'],
  ['', 'Until somebody opens it'],
]);

const BODY = { type: 'echo', input: {}, limit: { key: 'customer-42', concurrency: 3 } };
const FIRST = `curl ${SERVER}/v1/jobs \\
  -H "authorization: Bearer $BIDE_KEY" \\
  -H 'content-type: application/json' \\
  -d '${JSON.stringify(BODY)}'`;

export function Limits() {
  const { api, session } = useShared();
  const after = usePlace().query.get('cursor') ?? undefined;
  const { value, error, reload } = useLoaded(
    (signal) => api.limits.listPage({ after, pageSize: PAGE_SIZE, signal }),
    [api, after],
    { everyMs: EVERY_MS },
  );
  const [asked, ask] = useState(/** @type {{ what: 'set' | 'close', limit: LimitBody | null } | null} */ (null));
  const limits = value?.limits ?? [];
  const mayChange = may(session, 'operate');
  const close = () => ask(null);
  return html`<div class="stack">
    <div class="page-head"><h1>Limits per key</h1>${mayChange && html`<button type="button" class="primary" onClick=${() => ask({ what: 'set', limit: null })}>Set a limit</button>`}</div>
    <${Problem} error=${error} retry=${reload} />
    <section class=${value === undefined ? 'card skeleton' : 'card'}>
      ${value !== undefined && limits.length === 0 && html`<${Empty} title="No keys with limits" code=${FIRST}>Jobs that name a key share what it allows: so many at once, so many starts in a time.<//>`}
      ${limits.length > 0 && html`<${LimitTable} limits=${limits} mayChange=${mayChange} onAsk=${ask} onChanged=${reload} />`}
      <${Pages} next=${value?.next ?? null} text=${`${countText(limits.length)} keys on this page`} first="First" more="Next" />
    </section>
    ${asked?.what === 'set' && html`<${SetLimit} limit=${asked.limit} onChanged=${reload} onClose=${close} />`}
    ${asked?.what === 'close' && asked.limit !== null && html`<${CloseKey} limit=${asked.limit} onChanged=${reload} onClose=${close} />`}
  </div>`;
}

/** @param {{ limits: readonly LimitBody[], mayChange: boolean, onAsk: (asked: { what: 'set' | 'close', limit: LimitBody }) => void, onChanged: () => void }} props */
function LimitTable({ limits, mayChange, onAsk, onChanged }) {
  const { api } = useShared();
  /** @param {string} key */
  const open = (key) => async () => {
    await api.limits.open(key);
    say(`${key} is open.`);
    onChanged();
  };
  /** @param {string} key */
  const drop = (key) => async () => {
    await api.limits.remove(key);
    say(`Jobs say again what holds for ${key}.`);
    onChanged();
  };
  return html`<div class="table-wrap"><table>
    <thead><tr><th>Key</th><th>State</th><th class="right">At once</th><th>Starts</th><th class="right">Running</th><th class="right">Waiting</th>${mayChange && html`<th class="tight"><span class="only-read">Actions</span></th>`}</tr></thead>
    <tbody>${limits.map(
      (limit) => html`<tr key=${limit.key}>
        <td title=${limit.key}><code>${limit.key}</code> ${limit.kept && html`<span class="chip" title="Set by an operator: what jobs say changes nothing">set</span>`}</td>
        <td><${KeyState} limit=${limit} /></td>
        <td class="right">${limit.concurrency === null ? 'any' : countText(limit.concurrency)}</td>
        <td>${limit.rate === null ? html`<span class="quiet">any</span>` : `${countText(limit.rate.count)} in ${spanText(limit.rate.perMs)}`}</td>
        <td class="right">${countText(limit.running)}</td>
        <td class="right">${countText(limit.waiting)}${limit.waiting >= WAITING_MAX ? '+' : ''}</td>
        ${
          mayChange &&
          html`<td class="tight"><span class="row nowrap">
            ${limit.closed ? html`<${ActButton} act=${open(limit.key)}>Open<//>` : html`<button type="button" class="small" onClick=${() => onAsk({ what: 'close', limit })}>Close…</button>`}
            <button type="button" class="small" onClick=${() => onAsk({ what: 'set', limit })}>Change</button>
            ${limit.kept && html`<${ActButton} act=${drop(limit.key)}>Unset<//>`}
          </span></td>`
        }
      </tr>`,
    )}</tbody>
  </table></div>`;
}

/** @param {{ limit: LimitBody }} props */
function KeyState({ limit: { closed, closedUntil, concurrency, running, waiting } }) {
  if (closed)
    return html`<span class="badge bad">closed</span> ${closedUntil !== null && html`<span class="quiet small">opens <${Time} at=${closedUntil} /></span>`}`;
  const isFull = concurrency !== null && running >= concurrency && waiting > 0;
  return isFull ? html`<span class="badge warn">full</span>` : html`<span class="badge good">open</span>`;
}

/** @param {{ limit: LimitBody | null, onChanged: () => void, onClose: () => void }} props */
function SetLimit({ limit, onChanged, onClose }) {
  const { api } = useShared();
  /** @param {FormData} form */
  const set = async (form) => {
    const key = limit?.key ?? String(form.get('key'));
    await api.limits.set(key, boundsOf(form));
    say(`The limit of ${key} is set.`);
    onClose();
    onChanged();
  };
  return html`<${FormDialog} title=${limit === null ? 'Set a limit' : `The limit of ${limit.key}`} action="Set limit" onSubmit=${set} onClose=${onClose}>
    <${LimitFields} limit=${limit} />
  <//>`;
}

/** @param {{ limit: LimitBody, onChanged: () => void, onClose: () => void }} props */
function CloseKey({ limit: { key }, onChanged, onClose }) {
  const { api } = useShared();
  /** @param {FormData} form */
  const close = async (form) => {
    const span = String(form.get('span'));
    await api.limits.close(key, span === '' ? {} : { closeMs: Number(span) });
    say(`${key} is closed.`);
    onClose();
    onChanged();
  };
  return html`<${FormDialog} title=${`Close ${key}?`} action="Close it" onSubmit=${close} onClose=${onClose}>
    <p>Nothing of it is started meanwhile. Jobs that run go on, and new ones are still taken.</p>
    <label class="field"><span>For</span><select name="span">${SPANS.map(([ms, label]) => html`<option key=${ms} value=${ms}>${label}</option>`)}</select></label>
  <//>`;
}
