/** What operators have done: who, when, and to what. */
import { html } from '../html.js';
import { More } from '../parts/more.js';
import { Empty, Problem } from '../parts/notice.js';
import { Time } from '../parts/time.js';
import { Link, setQuery, usePlace } from '../router.js';
import { useShared } from '../shared.js';
import { usePages } from '../use-pages.js';

/** @typedef {import('bide/client').DeedBody} DeedBody */

const ROWS = 50;
const HOUR_MS = 3_600_000;
/** @type {Readonly<Record<DeedBody['deed'], string>>} */
const DEEDS = {
  'bulk.cancel': 'cancelled jobs',
  'bulk.retry': 'retried jobs',
  'bulk.remove': 'removed jobs',
  'job.remove': 'removed a job',
  'key.create': 'made a key',
  'key.revoke': 'revoked a key',
  'type.pause': 'paused a type',
  'type.resume': 'resumed a type',
  'schedule.put': 'made or changed a schedule',
  'schedule.remove': 'deleted a schedule',
  'schedule.pause': 'paused a schedule',
  'schedule.resume': 'resumed a schedule',
  'schedule.run': 'ran a schedule',
  'limit.put': 'set a limit',
  'limit.remove': 'left a limit to its jobs',
  'limit.close': 'closed a key of a limit',
  'limit.open': 'opened a key of a limit',
  'webhook.create': 'made a webhook',
  'webhook.change': 'changed a webhook',
  'webhook.remove': 'removed a webhook',
};
const SPANS = /** @type {const} */ ([
  ['', 'Any time', null],
  ['hour', 'Last hour', HOUR_MS],
  ['day', 'Last day', 24 * HOUR_MS],
  ['week', 'Last week', 168 * HOUR_MS],
]);

export function Audit() {
  const { api } = useShared();
  const { query } = usePlace();
  const deeds = /** @type {DeedBody['deed'][]} */ (query.getAll('deed').filter((deed) => deed in DEEDS));
  const since = query.get('since') ?? '';
  const spanMs = SPANS.find(([name]) => name === since)?.[2] ?? null;
  /** @param {AbortSignal} signal */
  const list = (signal) =>
    api.audit({ deeds, pageSize: ROWS, signal, ...(spanMs === null ? {} : { from: new Date(Date.now() - spanMs) }) });
  const pages = usePages(list, [api, deeds.join(), since], ROWS);
  const isFiltered = deeds.length > 0 || since !== '';
  /** @param {Event} event */
  const pick = ({ currentTarget }) => setQuery({ deed: /** @type {HTMLSelectElement} */ (currentTarget).value });
  return html`<div class="stack">
    <div class="page-head"><h1>Audit</h1><button type="button" onClick=${pages.reload}>Look again</button></div>
    <div class="filters">
      <label class="field"><span>Deed</span><select value=${deeds[0] ?? ''} onChange=${pick}>
        <option value="">All deeds</option>
        ${Object.entries(DEEDS).map(([deed, words]) => html`<option key=${deed} value=${deed}>${words}</option>`)}
      </select></label>
      <div class="segments" role="group" aria-label="Time">${SPANS.map(([name, label]) => html`<button key=${name} type="button" aria-pressed=${String(name === since)} onClick=${() => setQuery({ since: name })}>${label}</button>`)}</div>
    </div>
    <${Problem} error=${pages.error} retry=${pages.reload} />
    <section class=${pages.rows === undefined ? 'card skeleton' : 'card'}>
      ${pages.rows?.length === 0 ? html`<${Empty} title=${isFiltered ? 'Nothing fits' : 'Nothing yet'}>${isFiltered ? 'Choose another deed or a longer time.' : 'Pausing a type, making a key or a webhook, and changing many jobs at once leave a line here.'}<//>` : null}
      ${pages.rows === undefined || pages.rows.length === 0 ? null : html`<${DeedTable} deeds=${pages.rows} />`}
      <${More} pages=${pages} name="deeds" />
    </section>
  </div>`;
}

/** @param {{ deeds: readonly DeedBody[] }} props */
const DeedTable = ({ deeds }) => html`<div class="table-wrap"><table>
  <thead><tr><th>When</th><th>Who</th><th>Did</th><th>To</th><th class="right">Jobs</th><th>Asked for</th></tr></thead>
  <tbody>${deeds.map(
    ({ id, at, by, deed, target, count, request }) => html`<tr key=${id}>
      <td><${Time} at=${at} /></td>
      <td title=${`Key bide_${by.keyId}_…`}>${by.keyName}</td>
      <td title=${deed}>${DEEDS[deed] ?? deed}</td>
      <td class="mono"><${Target} deed=${deed} target=${target} /></td>
      <td class="right">${count ?? '–'}</td>
      <td class="mono quiet wrap" title=${JSON.stringify(request, null, 2)}>${request === null ? '–' : JSON.stringify(request)}</td>
    </tr>`,
  )}</tbody>
</table></div>`;

/** @type {Readonly<Record<string, string>>} */
const PAGES_OF = { type: 'types', schedule: 'schedules', webhook: 'webhooks' };

/** @param {{ deed: DeedBody['deed'], target: string | null }} props */
function Target({ deed, target }) {
  if (target === null) return html`<span class="quiet">–</span>`;
  // What is removed has no page any more.
  const page = deed.endsWith('.remove') ? undefined : PAGES_OF[deed.split('.')[0] ?? ''];
  return page === undefined ? target : html`<${Link} to=${`/${page}/${encodeURIComponent(target)}`}>${target}<//>`;
}
