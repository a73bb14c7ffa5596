/** The log of what a webhook was sent: state, tries, and sending again. */
import { useEffect, useState } from 'preact/hooks';
import { html } from '../html.js';
import { Link, setQuery, usePlace } from '../router.js';
import { useShared } from '../shared.js';
import { usePages } from '../use-pages.js';
import { ActButton } from './act.js';
import { DeliveryDialog } from './delivery-dialog.js';
import { FormDialog } from './form-dialog.js';
import { More } from './more.js';
import { Empty, Problem, say } from './notice.js';
import { Time } from './time.js';

/** @typedef {import('bide/client').DeliveryBody} DeliveryBody */

const ROWS = 30;
/** A delivery that waits is looked at again soon. */
const AGAIN_MS = 2_000;
const HOUR_MS = 3_600_000;
const STATES = /** @type {const} */ ([
  ['', 'All'],
  ['pending', 'Pending'],
  ['delivered', 'Delivered'],
  ['failed', 'Failed'],
]);
const SINCE = /** @type {const} */ ([
  [1, 'The last hour'],
  [6, 'The last 6 hours'],
  [24, 'The last day'],
  [168, 'The last week'],
]);
/** @type {Readonly<Record<DeliveryBody['state'], string>>} */
const TONES = { pending: 'busy', delivered: 'good', failed: 'bad' };

/** @param {{ webhookId: string, turn: number, onChanged: () => void }} props */
export function Deliveries({ webhookId, turn, onChanged }) {
  const { api } = useShared();
  const asked = usePlace().query.get('deliveries') ?? '';
  const state = STATES.find(([name]) => name !== '' && name === asked)?.[0] ?? '';
  const [shown, show] = useState(/** @type {DeliveryBody | null} */ (null));
  const [isAsking, ask] = useState(false);
  /** @param {AbortSignal} signal */
  const list = (signal) =>
    api.webhooks.deliveries(webhookId, { pageSize: ROWS, signal, ...(state === '' ? {} : { states: [state] }) });
  const pages = usePages(list, [api, webhookId, state, turn], ROWS);
  useLookAgain(pages);
  /** @param {DeliveryBody} delivery */
  const redeliver = async ({ id }) => {
    await api.webhooks.redeliver(webhookId, id);
    say('It is sent again.');
    onChanged();
  };
  /** @param {FormData} form */
  const redeliverFailed = async (form) => {
    const count = await api.webhooks.redeliverFailed(
      webhookId,
      new Date(Date.now() - Number(form.get('hours')) * HOUR_MS),
    );
    say(
      count === 0
        ? 'Nothing failed in that time.'
        : `${count} ${count === 1 ? 'delivery is' : 'deliveries are'} sent again.`,
    );
    ask(false);
    onChanged();
  };
  return html`<section class=${pages.rows === undefined ? 'card skeleton' : 'card'}>
    <header>
      <h2>Deliveries</h2>
      <div class="row">
        <div class="segments" role="group" aria-label="State">${STATES.map(([name, label]) => html`<button key=${name} type="button" aria-pressed=${String(name === state)} onClick=${() => setQuery({ deliveries: name })}>${label}</button>`)}</div>
        <button type="button" class="small" onClick=${() => ask(true)}>Redeliver all failed…</button>
      </div>
    </header>
    <${Problem} error=${pages.error} retry=${pages.reload} />
    ${pages.rows?.length === 0 ? html`<${Empty} title=${state === '' ? 'Nothing sent yet' : 'Nothing fits'}>${state === '' ? 'Send a test, or wait until a job ends.' : 'No delivery has this state.'}<//>` : null}
    ${pages.rows === undefined || pages.rows.length === 0 ? null : html`<${Table} deliveries=${pages.rows} onShow=${show} onRedeliver=${redeliver} />`}
    <${More} pages=${pages} name="deliveries" />
    ${shown && html`<${DeliveryDialog} webhookId=${webhookId} delivery=${shown} onClose=${() => show(null)} />`}
    ${
      isAsking &&
      html`<${FormDialog} title="Redeliver all that failed" action="Redeliver" onSubmit=${redeliverFailed} onClose=${() => ask(false)}>
      <label class="field"><span>Of what happened in</span><select name="hours">${SINCE.map(([hours, label]) => html`<option key=${hours} value=${hours}>${label}</option>`)}</select><span class="hint">Each is sent again, in the order of its job's events.</span></label>
    <//>`
    }
  </section>`;
}

/** While the first page shows one that is on its way. @param {import('../use-pages.js').Paged<DeliveryBody>} pages */
function useLookAgain({ rows = [], reload }) {
  const isUnderWay = rows.length <= ROWS && rows.some(({ state }) => state === 'pending');
  useEffect(() => {
    if (!isUnderWay) return undefined;
    const timer = setInterval(() => document.hidden || reload(), AGAIN_MS);
    return () => clearInterval(timer);
  }, [isUnderWay]);
}

/** @param {{ deliveries: readonly DeliveryBody[], onShow: (delivery: DeliveryBody) => void, onRedeliver: (delivery: DeliveryBody) => Promise<unknown> }} props */
const Table = ({ deliveries, onShow, onRedeliver }) => html`<div class="table-wrap"><table>
  <thead><tr><th>When</th><th>Event</th><th>State</th><th>Job</th><th class="right">Tries</th><th>Last answer</th><th class="tight"><span class="only-read">Actions</span></th></tr></thead>
  <tbody>${deliveries.map(
    (delivery) => html`<tr key=${delivery.id}>
      <td><${Time} at=${delivery.at} /></td>
      <td class="mono">${delivery.event}</td>
      <td><span class=${`badge ${TONES[delivery.state]}`}>${delivery.state}</span></td>
      <td class="mono">${delivery.jobId === null ? html`<span class="quiet">test</span>` : html`<${Link} to=${`/jobs/${encodeURIComponent(delivery.jobId)}`} title=${delivery.jobId}>${`…${delivery.jobId.slice(-8)}`}<//>`}</td>
      <td class="right">${delivery.attempt}</td>
      <td>${answerOf(delivery)}${delivery.dueAt === null ? null : html`<span class="quiet">, next <${Time} at=${delivery.dueAt} /></span>`}</td>
      <td class="tight"><span class="row nowrap"><button type="button" class="plain small" onClick=${() => onShow(delivery)}>Details</button>${delivery.state === 'pending' ? null : html`<${ActButton} act=${() => onRedeliver(delivery)}>Redeliver<//>`}</span></td>
    </tr>`,
  )}</tbody>
</table></div>`;

/** @param {DeliveryBody} delivery */
function answerOf({ tries }) {
  const last = tries.at(-1);
  if (last === undefined) return 'not tried yet';
  return last.status ?? last.error ?? 'no answer';
}
