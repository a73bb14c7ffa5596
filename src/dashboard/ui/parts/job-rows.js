/** Jobs that belong to something else on the page: each with a link, its state and how it went. */
import { shortId } from '../format.js';
import { html } from '../html.js';
import { Link } from '../router.js';
import { StateBadge } from './badge.js';
import { Outcome, RunTime } from './job-table.js';
import { Time } from './time.js';

/** @typedef {import('bide/client').JobBody} JobBody */

/** `extra`: one more column, such as the tick of a schedule. @param {{ jobs: readonly JobBody[], extra?: { title: string, of: (job: JobBody) => unknown } | null }} props */
export const JobRows = ({ jobs, extra = null }) => html`<div class="table-wrap"><table>
  <thead><tr><th>State</th><th>Job</th><th>Type</th>${extra && html`<th class="right">${extra.title}</th>`}<th class="right">Submitted</th><th class="right">Run time</th><th>Progress or error</th></tr></thead>
  <tbody>${jobs.map(
    (job) => html`<tr key=${job.id} data-job=${job.id}>
      <td><${StateBadge} state=${job.state} /></td>
      <td><${Link} to=${`/jobs/${job.id}`} class="mono" title=${job.id}>${shortId(job.id)}<//></td>
      <td title=${job.type}>${job.type}</td>
      ${extra && html`<td class="right">${extra.of(job)}</td>`}
      <td class="right"><${Time} at=${job.createdAt} /></td>
      <td class="right"><${RunTime} job=${job} /></td>
      <td><${Outcome} job=${job} /></td>
    </tr>`,
  )}</tbody>
</table></div>`;
