/** Schedules of the tenant: jobs submitted again and again, when, and how the last went. */
import { useState } from 'preact/hooks';
import { SERVER } from '../address.js';
import { countText, shortId } from '../format.js';
import { html } from '../html.js';
import { FormDialog } from '../parts/form-dialog.js';
import { LiveMark } from '../parts/live-mark.js';
import { Empty, Problem, say } from '../parts/notice.js';
import { Pages } from '../parts/pages.js';
import { draftOf, ScheduleFields } from '../parts/schedule-form.js';
import { ScheduleState } from '../parts/schedule-state.js';
import { Time } from '../parts/time.js';
import { go, Link, usePlace } from '../router.js';
import { may } from '../session.js';
import { useShared } from '../shared.js';
import { useLiveLoaded } from '../use-live-loaded.js';
import { useLoaded } from '../use-loaded.js';

/** @typedef {import('bide/client').ScheduleBody} ScheduleBody */

const EVERY_MS = 5_000;
const PAGE_SIZE = 50;
/** To look whether a name is taken. */
const LOOK_SIZE = 200;

/** @param {string} name */
export const schedulePath = (name) => `/schedules/${encodeURIComponent(name)}`;

export function Schedules() {
  const { api, session } = useShared();
  const cursor = usePlace().query.get('cursor') ?? undefined;
  const { value, error, reload } = useLiveLoaded(
    (signal) => api.schedules.listPage({ cursor, pageSize: PAGE_SIZE, signal }),
    [api, cursor],
    { everyMs: EVERY_MS, concerns: (job) => job.schedule !== undefined },
  );
  const [isMaking, make] = useState(false);
  const count = value?.schedules.length ?? 0;
  return html`<div class="stack">
    <div class="page-head"><h1>Schedules</h1><div class="row">${may(session, 'operate') && html`<button type="button" class="primary" onClick=${() => make(true)}>Make a schedule</button>`}<${LiveMark} pause="Pause live" /></div></div>
    <${Problem} error=${error} retry=${reload} />
    <section class=${value === undefined ? 'card skeleton' : 'card'}>
      ${value !== undefined && count === 0 && html`<${Empty} title="No schedules yet" code=${FIRST}>Submit a job every night, every ten minutes, or on the last Friday of the month.<//>`}
      ${count > 0 && html`<${ScheduleTable} schedules=${value?.schedules ?? []} />`}
      <${Pages} next=${value?.next ?? null} text=${`${countText(count)} schedules on this page`} />
    </section>
    ${isMaking && html`<${MakeSchedule} onClose=${() => make(false)} />`}
  </div>`;
}

const FIRST = `curl -X PUT ${SERVER}/v1/schedules/nightly \\
  -H "authorization: Bearer $BIDE_KEY" \\
  -H 'content-type: application/json' \\
  -d '${JSON.stringify({ cron: '30 2 * * *', timeZone: 'Europe/Berlin', job: { type: 'echo', input: { hello: 'night' } } })}'`;

/** @param {{ schedules: readonly ScheduleBody[] }} props */
const ScheduleTable = ({ schedules }) => html`<div class="table-wrap"><table>
  <thead><tr><th>Name</th><th>State</th><th>When</th><th>Type</th><th class="right">Next</th><th>Last run</th><th>Last without a job</th></tr></thead>
  <tbody>${schedules.map(
    (schedule) => html`<tr key=${schedule.name}>
      <td title=${schedule.name}><${Link} to=${schedulePath(schedule.name)}>${schedule.name}<//></td>
      <td><${ScheduleState} schedule=${schedule} /></td>
      <td title=${`${schedule.cron} in ${schedule.timeZone}`}><code>${schedule.cron}</code> <span class="quiet small">${schedule.timeZone}</span></td>
      <td title=${schedule.job.type}><${Link} to=${`/types/${encodeURIComponent(schedule.job.type)}`}>${schedule.job.type}<//></td>
      <td class="right"><${Time} at=${schedule.next[0] ?? null} /></td>
      <td><${LastRun} run=${schedule.lastRun} /></td>
      <td><${LastSkip} skip=${schedule.lastSkip} /></td>
    </tr>`,
  )}</tbody>
</table></div>`;

/** @param {{ run: ScheduleBody['lastRun'] }} props */
export const LastRun = ({ run }) =>
  run === null
    ? html`<span class="quiet">–</span>`
    : html`<${Time} at=${run.tick} /> <${Link} to=${`/jobs/${run.jobId}`} class="mono small" title=${run.jobId}>${shortId(run.jobId)}<//>`;

/** @param {{ skip: ScheduleBody['lastSkip'] }} props */
export const LastSkip = ({ skip }) =>
  skip === null
    ? html`<span class="quiet">–</span>`
    : html`<span title=${skip.message}><${Time} at=${skip.tick} /> <span class="quiet">${skip.reason}</span></span>`;

/** @param {{ onClose: () => void }} props */
function MakeSchedule({ onClose }) {
  const { api } = useShared();
  const types = useLoaded((signal) => api.types({ signal }), [api]).value;
  /** @param {FormData} form */
  const make = async (form) => {
    const name = String(form.get('name')).trim();
    // The call would change one that is there; whoever makes one does not mean that.
    for await (const known of api.schedules.list({ pageSize: LOOK_SIZE }))
      if (known.name === name)
        throw new Error(`There is a schedule ${name} already. Choose another name, or change that one.`);
    await api.schedules.put(name, draftOf(form, undefined));
    say(`The schedule ${name} is made.`);
    go(schedulePath(name));
  };
  if (types === undefined) return null;
  return html`<${FormDialog} title="Make a schedule" action="Make schedule" onSubmit=${make} onClose=${onClose}>
    <${ScheduleFields} types=${types.map(({ name }) => name)} mayReadInput=${true} />
  <//>`;
}
