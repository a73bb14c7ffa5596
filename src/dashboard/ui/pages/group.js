/** One group: how far its jobs are, what follows its end, and the jobs themselves. */
import { useState } from 'preact/hooks';
import { countText, shortId } from '../format.js';
import { html } from '../html.js';
import { filterOf } from '../job-query.js';
import { Bar } from '../parts/bar.js';
import { GroupActions } from '../parts/group-actions.js';
import { GroupState } from '../parts/group-state.js';
import { JobRows } from '../parts/job-rows.js';
import { LiveMark } from '../parts/live-mark.js';
import { More } from '../parts/more.js';
import { Problem } from '../parts/notice.js';
import { StateChips } from '../parts/state-chips.js';
import { Time } from '../parts/time.js';
import { Link, usePlace } from '../router.js';
import { useShared } from '../shared.js';
import { useLive } from '../use-live.js';
import { useLiveLoaded } from '../use-live-loaded.js';
import { usePages } from '../use-pages.js';

/** @typedef {import('bide/client').GroupBody} GroupBody */
/** @typedef {import('bide/client').JobBody} JobBody */

const EVERY_MS = 3_000;
const ROWS = 50;

/** @param {{ id: string }} props */
export function Group({ id }) {
  const { api } = useShared();
  const {
    value: group,
    error,
    reload,
  } = useLiveLoaded((signal) => api.groups.get(id, { signal }), [api, id], {
    everyMs: EVERY_MS,
    concerns: (job) => job.group === id,
  });
  return html`<div class="stack">
    <div class="page-head">
      <div class="row"><h1>Group <span class="mono">${shortId(id)}</span></h1>${group && html`<${GroupState} group=${group} />`}</div>
      <div class="row">${group && html`<${GroupActions} group=${group} onChanged=${reload} />`}<${LiveMark} /></div>
    </div>
    <${Problem} error=${error} retry=${reload} />
    ${
      group === undefined
        ? html`<section class="card skeleton"></section>`
        : html`<${Figures} group=${group} /><${Members} group=${group} /><${Facts} group=${group} />`
    }
  </div>`;
}

/** @param {{ group: GroupBody }} props */
function Figures({ group: { id, total, counts, percent } }) {
  const to = (/** @type {string} */ state) => `/groups/${id}?state=${state}`;
  const figures = /** @type {const} */ ([
    ['Jobs', total, `/groups/${id}`],
    ['Unfinished', counts.unfinished, null],
    ['Succeeded', counts.succeeded, to('succeeded')],
    ['Failed', counts.failed, to('failed')],
    ['Cancelled', counts.cancelled, to('cancelled')],
    ['Expired', counts.expired, to('expired')],
  ]);
  return html`<section class="card" aria-label="Figures"><div class="body stack">
    <dl class="figures">${figures.map(([label, count, place]) => html`<div key=${label} class="figure"><dt>${label}</dt><dd>${place === null ? countText(count) : html`<${Link} to=${place}>${countText(count)}<//>`}</dd></div>`)}</dl>
    <span class="progress"><${Bar} percent=${percent} /></span>
  </div></section>`;
}

/** @param {{ group: GroupBody }} props */
function Members({ group: { id, state, total } }) {
  const { api } = useShared();
  const { query } = usePlace();
  const { states } = filterOf(query, 0);
  const pages = usePages(
    (signal) => api.groups.jobs(id, { states, sort: 'newest', pageSize: ROWS, signal }),
    [api, id, state, total, query.toString()],
    ROWS,
  );
  const { rows, error, reload } = pages;
  const [changes, setChanges] = useState(/** @type {ReadonlyMap<string, JobBody>} */ (new Map()));
  useLive(({ job }) => {
    if (rows?.some((row) => row.id === job.id)) setChanges((before) => new Map(before).set(job.id, job));
  }, reload);
  const jobs = rows?.map((job) => newer(job, changes.get(job.id)));
  return html`<section class=${rows === undefined ? 'card skeleton' : 'card'} aria-label="Jobs">
    <header><h2>Jobs</h2><${StateChips} chosen=${query.getAll('state')} /></header>
    <${Problem} error=${error} retry=${reload} />
    ${rows?.length === 0 && html`<p class="body quiet">${states === undefined ? 'It has no jobs, or they are no longer kept.' : 'No job of it is in such a state.'}</p>`}
    ${rows !== undefined && rows.length > 0 && html`<${JobRows} jobs=${jobs ?? []} />`}
    <${More} pages=${pages} name="jobs" />
  </section>`;
}

/** @param {JobBody} job @param {JobBody | undefined} changed */
const newer = (job, changed) => (changed !== undefined && changed.revision > job.revision ? changed : job);

const FOLLOW_UPS = /** @type {const} */ ([
  ['then', 'At the end'],
  ['onSuccess', 'If all succeed'],
  ['onFailure', 'If one does not'],
]);

/** @param {{ group: GroupBody }} props */
function Facts({ group }) {
  return html`<section class="card"><header><h2>About this group</h2></header><div class="body"><dl class="facts">
    <dt>Id</dt><dd class="mono">${group.id}</dd>
    ${FOLLOW_UPS.map(([slot, label]) => group[slot] !== null && html`<dt key=${slot}>${label}</dt><dd key=${label}><${FollowUp} job=${group[slot]} isOver=${group.finishedAt !== null} /></dd>`)}
    <dt>Made</dt><dd><${Time} at=${group.createdAt} /></dd>
    <dt>Closed</dt><dd><${Time} at=${group.closedAt} none="takes more jobs" /></dd>
    <dt>Ended</dt><dd><${Time} at=${group.finishedAt} /></dd>
    <dt>Kept until</dt><dd><${Time} at=${group.retainUntil} /></dd>
  </dl></div></section>`;
}

/** @param {{ job: import('bide/client').FollowUpState, isOver: boolean }} props */
const FollowUp = ({ job: { type, jobId }, isOver }) =>
  jobId === null
    ? html`${type} <span class="quiet">${isOver ? 'was not called for' : 'is submitted'}</span>`
    : html`${type} <${Link} to=${`/jobs/${jobId}`} class="mono">${shortId(jobId)}<//>`;
