/** One job: where it stands, what it did, said and made, and what can be done about it. */
import { useEffect } from 'preact/hooks';
import { shortId } from '../format.js';
import { html } from '../html.js';
import { tagWord } from '../job-query.js';
import { StateBadge } from '../parts/badge.js';
import { Bar } from '../parts/bar.js';
import { CopyButton } from '../parts/copy.js';
import { JobActions } from '../parts/job-actions.js';
import { Attempts } from '../parts/job-attempts.js';
import { Deliveries } from '../parts/job-deliveries.js';
import { JobFailure } from '../parts/job-failure.js';
import { JobFamily } from '../parts/job-family.js';
import { Logs } from '../parts/job-logs.js';
import { Output } from '../parts/job-output.js';
import { JobRelations } from '../parts/job-relations.js';
import { JobWaiting } from '../parts/job-waiting.js';
import { LiveMark } from '../parts/live-mark.js';
import { Problem } from '../parts/notice.js';
import { Payloads } from '../parts/payload.js';
import { Time } from '../parts/time.js';
import { Link } from '../router.js';
import { useJob } from '../use-job.js';
import { boundsText } from '../wait-text.js';

/** @typedef {import('bide/client').JobBody} JobBody */

/** @param {{ id: string }} props */
export function Job({ id }) {
  const { job, error, reload, take } = useJob(id);
  useEffect(() => {
    if (job !== undefined) document.title = `${job.state} · ${job.type} ${shortId(id)} – Bide`;
  }, [job?.state]);
  if (job === undefined) {
    return html`<div class="stack">
      <div class="page-head"><h1>Job <span class="mono">${shortId(id)}</span></h1></div>
      ${error === null ? html`<p class="quiet" role="status">Loading…</p>` : html`<${Problem} error=${error} retry=${reload} />`}
    </div>`;
  }
  return html`<div class="stack">
    <div class="page-head">
      <h1 class="row"><span>${job.type}</span> <${StateBadge} state=${job.state} /></h1>
      <${LiveMark} />
    </div>
    <${Problem} error=${error} retry=${reload} />
    <${JobActions} job=${job} onChanged=${take} />
    <${JobWaiting} job=${job} onChanged=${take} />
    <section class="card">
      <header><h2>What happened</h2>${job.state === 'running' && html`<${Running} job=${job} />`}</header>
      <${Attempts} job=${job} />
    </section>
    ${job.error !== null && html`<${JobFailure} error=${job.error} isOver=${job.finishedAt !== null} />`}
    <${JobFamily} job=${job} />
    <${Payloads} job=${job} />
    <${Output} job=${job} />
    <${Logs} job=${job} />
    <${Deliveries} job=${job} />
    <section class="card"><header><h2>About this job</h2></header><div class="body"><${Facts} job=${job} /></div></section>
  </div>`;
}

/** @param {{ job: JobBody }} props */
const Running = ({ job: { progress, cancelRequestedAt } }) => html`<span class="progress grow end" role="status">
  <span class="quiet truncate">${cancelRequestedAt === null ? progress.message?.slice(0, 300) : 'A cancel is under way…'}</span>
  <${Bar} percent=${progress.percent} />
</span>`;

/** @param {{ job: JobBody }} props */
function Facts({ job }) {
  const tags = Object.entries(job.tags);
  return html`<dl class="facts">
    <dt>Id</dt><dd class="row"><span class="mono">${job.id}</span><${CopyButton} text=${job.id} /></dd>
    <${JobRelations} job=${job} />
    <${Keys} job=${job} />
    <${Trace} job=${job} />
    <dt>Tags</dt><dd>${
      tags.length === 0
        ? html`<span class="quiet">–</span>`
        : html`<span class="chips">${tags.map(([name, value]) => html`<${Link} key=${name} class="chip" to=${`/jobs?${new URLSearchParams({ tag: tagWord(name, value) })}`}>${name}: ${value}<//>`)}</span>`
    }</dd>
    <dt>Submitted</dt><dd><${Time} at=${job.createdAt} /></dd>
    <dt>${job.startedAt === null ? 'Runs' : 'Due'}</dt><dd><${Time} at=${job.runAt} /></dd>
    <dt>Started</dt><dd><${Time} at=${job.startedAt} /></dd>
    <dt>Ended</dt><dd><${Time} at=${job.finishedAt} /></dd>
    <dt>Deadline</dt><dd><${Time} at=${job.deadlineAt} none="none" /></dd>
    <dt>Kept until</dt><dd><${Time} at=${job.retainUntil} /></dd>
    <dt>Attempts</dt><dd class="number">${job.attempt} of ${job.attemptsMax}</dd>
    <dt>Priority</dt><dd class="number">${job.priority}</dd>
    <dt>Revision</dt><dd class="number">${job.revision}</dd>
  </dl>`;
}

/** As whatever shows traces looks for it. @param {{ job: JobBody }} props */
const Trace = ({ job: { traceparent } }) => {
  const id = traceparent?.slice(3, 35);
  return id === undefined
    ? null
    : html`<dt>Trace</dt><dd class="row"><span class="mono">${id}</span><${CopyButton} text=${id} /></dd>`;
};

/** What it shares with other jobs by a key. @param {{ job: JobBody }} props */
const Keys = ({ job: { sequenceKey, limit, unique } }) => html`
  ${sequenceKey !== undefined && html`<dt>Sequence</dt><dd><code>${sequenceKey}</code></dd>`}
  ${limit !== undefined && html`<dt>Limit</dt><dd><${Link} to="/limits"><code>${limit.key}</code><//> <span class="quiet">${boundsText(limit)}</span></dd>`}
  ${unique !== undefined && html`<dt>Unique</dt><dd><code>${unique.key}</code> <span class="quiet">${unique.mode}</span></dd>`}
`;
