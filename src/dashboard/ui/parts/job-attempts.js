/** The life of a job as a picture, and its attempts one by one. */
import { clockText, exactText, spanText } from '../format.js';
import { html } from '../html.js';
import { useShared } from '../shared.js';
import { stretchesOf } from '../timeline.js';
import { useLoaded, useNow } from '../use-loaded.js';
import { StateBadge } from './badge.js';
import { Problem } from './notice.js';
import { Span, Time } from './time.js';

/** @typedef {import('bide/client').JobBody} JobBody */
/** @typedef {import('bide/client').AttemptBody} AttemptBody */

/** @param {{ job: JobBody }} props */
export function Attempts({ job }) {
  const { api } = useShared();
  const load = (/** @type {AbortSignal} */ signal) => api.attempts(job.id, { signal });
  const { value, error, reload } = useLoaded(load, [api, job.id, job.state, job.startedAt]);
  return html`<div class="body stack">
      <${Problem} error=${error} retry=${reload} />
      <${Timeline} job=${job} attempts=${value ?? []} />
    </div>
    ${value === undefined || value.length === 0 ? null : html`<${AttemptTable} attempts=${value} />`}`;
}

/** @param {{ job: JobBody, attempts: readonly AttemptBody[] }} props */
function Timeline({ job, attempts }) {
  const now = useNow();
  const stretches = stretchesOf(job, attempts, now);
  const text = stretches.map(({ label, from, to }) => `${label} ${spanText(to - from)}`).join(', ');
  const next = job.state === 'retrying' || job.state === 'scheduled';
  return html`<div class="stack-small">
    <div class="timeline" role="img" aria-label=${text}>
      ${stretches.map(
        ({ label, tone, from, to }) =>
          html`<span key=${from} class=${tone} style=${{ flexGrow: String(Math.max(1, to - from)) }} title=${`${label}: ${spanText(to - from)}\n${exactText(from)} – ${exactText(to)}`}>${label} ${spanText(to - from)}</span>`,
      )}
    </div>
    <div class="row between quiet small number">
      <span title=${exactText(job.createdAt)}>submitted ${clockText(job.createdAt)}</span>
      ${next && html`<span>${job.state === 'scheduled' ? 'runs' : 'tried again'} <${Time} at=${job.runAt} /></span>`}
      <span>${job.finishedAt === null ? 'now' : html`<span title=${exactText(job.finishedAt)}>ended ${clockText(job.finishedAt)}</span>`}</span>
    </div>
  </div>`;
}

/** @param {{ attempts: readonly AttemptBody[] }} props */
const AttemptTable = ({ attempts }) => html`<div class="table-wrap"><table>
  <thead><tr><th class="tight">Attempt</th><th>Outcome</th><th>Started</th><th>Ran</th><th>Worker</th><th>Error</th></tr></thead>
  <tbody>${[...attempts].reverse().map(
    ({ number, fence, outcome, startedAt, endedAt, worker, error }) => html`<tr key=${fence}>
      <td class="number">${number}</td>
      <td><${StateBadge} state=${outcome} /></td>
      <td><${Time} at=${startedAt} /></td>
      <td><${Span} from=${startedAt} to=${endedAt} /></td>
      <td class="mono" title=${worker}>${worker ?? '–'}</td>
      <td title=${error?.message}>${error === null ? html`<span class="quiet">–</span>` : html`<span class="failure"><code>${error.code}</code> ${error.message.slice(0, 300)}</span>`}</td>
    </tr>`,
  )}</tbody>
</table></div>`;
