/** Who was told of this job, and whether they took it. */
import { exactText } from '../format.js';
import { html } from '../html.js';
import { may } from '../session.js';
import { useShared } from '../shared.js';
import { useLoaded } from '../use-loaded.js';
import { Problem, say, sayFailed } from './notice.js';
import { Time } from './time.js';

/** @typedef {import('bide/client').DeliveryBody} DeliveryBody */

const EVERY_MS = 10_000;
const SHOWN = 50;
const TONES = { pending: 'warn', delivered: 'good', failed: 'bad' };

/** @param {{ job: import('bide/client').JobBody }} props */
export function Deliveries({ job }) {
  const { api } = useShared();
  const load = async (/** @type {AbortSignal} */ signal) => {
    /** @type {DeliveryBody[]} */
    const found = [];
    for await (const one of api.webhooks.deliveriesOfJob(job.id, { pageSize: SHOWN, signal })) {
      found.push(one);
      if (found.length === SHOWN) break;
    }
    return found;
  };
  const { value, error, reload } = useLoaded(load, [api, job.id, job.state], { everyMs: EVERY_MS });
  if (error !== null) return html`<${Problem} error=${error} retry=${reload} />`;
  if (value === undefined || value.length === 0) return null;
  return html`<section class="card">
    <header><h2>Deliveries</h2></header>
    <div class="table-wrap"><table>
      <thead><tr><th>Event</th><th>State</th><th>To</th><th>Since</th><th class="right">Tries</th><th>Last answer</th><th><span class="only-read">Actions</span></th></tr></thead>
      <tbody>${value.map((one) => html`<${Row} key=${one.id} jobId=${job.id} delivery=${one} onChanged=${reload} />`)}</tbody>
    </table></div>
  </section>`;
}

/** @param {{ jobId: string, delivery: DeliveryBody, onChanged: () => void }} props */
function Row({ jobId, delivery: { id, event, state, host, at, dueAt, attempt, tries, webhookId }, onChanged }) {
  const { api, session } = useShared();
  const last = tries.at(-1);
  const again = async () => {
    try {
      await api.webhooks.redeliverOfJob(jobId, id);
      say('It is sent again.');
      onChanged();
    } catch (error) {
      sayFailed(error);
    }
  };
  return html`<tr>
    <td><code>${event}</code></td>
    <td><span class="badge ${TONES[state]}" title=${dueAt === null ? null : `Next try ${exactText(dueAt)}`}>${state}</span></td>
    <td title=${webhookId === null ? 'The callback of the job' : `Webhook ${webhookId}`}>${host}</td>
    <td><${Time} at=${at} /></td>
    <td class="right">${attempt}</td>
    <td title=${last?.answer ?? last?.error}>${last === undefined ? '–' : (last.status ?? last.error)}</td>
    <td class="right">${may(session, 'operate') && html`<button type="button" class="small" onClick=${again}>Redeliver</button>`}</td>
  </tr>`;
}
