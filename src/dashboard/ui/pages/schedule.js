/** One schedule: when it ticks next, what it submits, and the jobs that it has submitted. */
import { useState } from 'preact/hooks';
import { countText, spanText } from '../format.js';
import { html } from '../html.js';
import { filterOf } from '../job-query.js';
import { Code } from '../parts/copy.js';
import { JobRows } from '../parts/job-rows.js';
import { LiveMark } from '../parts/live-mark.js';
import { Problem } from '../parts/notice.js';
import { Pages } from '../parts/pages.js';
import { ScheduleActions } from '../parts/schedule-actions.js';
import { missedText, overlapText } from '../parts/schedule-form.js';
import { ScheduleState } from '../parts/schedule-state.js';
import { StateChips } from '../parts/state-chips.js';
import { Time } from '../parts/time.js';
import { Link, usePlace } from '../router.js';
import { may } from '../session.js';
import { useShared } from '../shared.js';
import { tagsText } from '../tags-text.js';
import { useLiveLoaded } from '../use-live-loaded.js';
import { LastRun, LastSkip } from './schedules.js';

/** @typedef {import('bide/client').ScheduleBody} ScheduleBody */

const EVERY_MS = 5_000;
const PAGE_SIZE = 50;

/** @param {{ id: string }} props */
export function Schedule({ id: name }) {
  const { api } = useShared();
  const [turn, setTurn] = useState(0);
  const {
    value: schedule,
    error,
    reload,
  } = useLiveLoaded((signal) => api.schedules.get(name, { signal }), [api, name, turn], {
    everyMs: EVERY_MS,
    concerns: (job) => job.schedule?.name === name,
  });
  return html`<div class="stack">
    <div class="page-head">
      <div class="row"><h1>${name}</h1>${schedule && html`<${ScheduleState} schedule=${schedule} />`}</div>
      <div class="row">${schedule && html`<${ScheduleActions} schedule=${schedule} onChanged=${() => setTurn((count) => count + 1)} />`}<${LiveMark} pause="Pause live" /></div>
    </div>
    <${Problem} error=${error} retry=${reload} />
    ${
      schedule === undefined
        ? html`<section class="card skeleton"></section>`
        : html`<div class="halves"><${Facts} schedule=${schedule} /><div class="stack"><${NextTicks} schedule=${schedule} /><${Submits} schedule=${schedule} /></div></div>
          <${Runs} name=${name} turn=${turn} />`
    }
  </div>`;
}

/** @param {{ schedule: ScheduleBody }} props */
function Facts({ schedule }) {
  const { cron, timeZone, jitterMs, overlap, missed, startAt, endAt, source, lastRun, lastSkip } = schedule;
  return html`<section class="card">
    <header><h2>When</h2></header>
    <div class="body"><dl class="facts">
      <dt>Cron</dt><dd><code>${cron}</code></dd>
      <dt>Time zone</dt><dd>${timeZone}</dd>
      <dt>Jitter</dt><dd class="number">${jitterMs === 0 ? 'none' : `up to ${spanText(jitterMs)}`}</dd>
      <dt>Overlap</dt><dd>${overlapText(overlap)}</dd>
      <dt>Missed ticks</dt><dd>${missedText(missed)}</dd>
      ${startAt !== null && html`<dt>No tick before</dt><dd><${Time} at=${startAt} /></dd>`}
      ${endAt !== null && html`<dt>No tick from</dt><dd><${Time} at=${endAt} /></dd>`}
      ${schedule.paused && html`<dt>Paused</dt><dd><${Time} at=${schedule.pausedAt} /></dd>`}
      <dt>Last run</dt><dd><${LastRun} run=${lastRun} /></dd>
      <dt>Last without a job</dt><dd><${LastSkip} skip=${lastSkip} />${lastSkip !== null && html`<p class="quiet small">${lastSkip.message}</p>`}</dd>
      <dt>Made</dt><dd><${Time} at=${schedule.createdAt} /></dd>
      <dt>Changed</dt><dd><${Time} at=${schedule.updatedAt} /></dd>
    </dl></div>
    ${source === 'config' && html`<footer>Kept by the config: change it under schedules there.</footer>`}
  </section>`;
}

/** As the clock of the schedule says them. @param {{ schedule: ScheduleBody }} props */
function NextTicks({ schedule: { next, timeZone, paused } }) {
  const clock = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'medium', timeZone });
  return html`<section class="card" aria-label="Next ticks">
    <header><h2>Next ticks</h2></header>
    ${
      next.length === 0
        ? html`<p class="body quiet">${paused ? 'None while it is paused.' : 'No tick comes any more.'}</p>`
        : html`<ol class="ticks body">${next.map((at) => html`<li key=${at}><span class="number">${clock.format(new Date(at))}</span> <span class="quiet"><${Time} at=${at} /></span></li>`)}</ol>`
    }
  </section>`;
}

/** @param {{ schedule: ScheduleBody }} props */
function Submits({ schedule: { job } }) {
  const { session } = useShared();
  const { type, input, tags = {}, ...rest } = job;
  const others = Object.keys(rest).length === 0 ? '' : JSON.stringify(rest, null, 2);
  return html`<section class="card">
    <header><h2>Submits</h2><${Link} to=${`/types/${encodeURIComponent(type)}`}>${type}<//></header>
    <div class="body stack">
      ${Object.keys(tags).length > 0 && html`<p class="small quiet">Tags ${tagsText(tags)}</p>`}
      ${may(session, 'read:payload') ? html`<${Code} text=${input === undefined ? 'No input' : JSON.stringify(input, null, 2)} />` : html`<p class="quiet">The input is hidden from your key.</p>`}
      ${others !== '' && html`<${Code} text=${others} />`}
    </div>
  </section>`;
}

/** @param {{ name: string, turn: number }} props */
function Runs({ name, turn }) {
  const { api } = useShared();
  const { query } = usePlace();
  const cursor = query.get('cursor') ?? undefined;
  const { states } = filterOf(query, 0);
  const { value, error, reload } = useLiveLoaded(
    (signal) => api.schedules.runsPage(name, { states, cursor, pageSize: PAGE_SIZE, signal }),
    [api, name, turn, query.toString()],
    { everyMs: EVERY_MS, concerns: (job) => job.schedule?.name === name },
  );
  const jobs = value?.jobs ?? [];
  return html`<section class=${value === undefined ? 'card skeleton' : 'card'} aria-label="Runs">
    <header><h2>Runs</h2><${StateChips} chosen=${query.getAll('state')} /></header>
    <${Problem} error=${error} retry=${reload} />
    ${value !== undefined && jobs.length === 0 && html`<p class="body quiet">${states === undefined ? 'It has not submitted a job yet, or those are no longer kept.' : 'No run is in such a state.'}</p>`}
    ${jobs.length > 0 && html`<${JobRows} jobs=${jobs} extra=${TICK} />`}
    <${Pages} next=${value?.next ?? null} text=${`${countText(jobs.length)} jobs on this page`} />
  </section>`;
}

const TICK = {
  title: 'Tick',
  /** @param {import('bide/client').JobBody} job */
  of: ({ schedule }) => html`<${Time} at=${schedule?.tick ?? null} />`,
};
