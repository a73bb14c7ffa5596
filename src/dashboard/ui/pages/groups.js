/** Groups of the tenant: jobs that are looked at as one, and how far they are. */
import { SERVER } from '../address.js';
import { countText, shortId } from '../format.js';
import { html } from '../html.js';
import { Bar } from '../parts/bar.js';
import { GroupState } from '../parts/group-state.js';
import { More } from '../parts/more.js';
import { Empty, Problem } from '../parts/notice.js';
import { Time } from '../parts/time.js';
import { Link } from '../router.js';
import { useShared } from '../shared.js';
import { usePages } from '../use-pages.js';

/** @typedef {import('bide/client').GroupBody} GroupBody */

const ROWS = 50;

const JOBS = { jobs: [1, 2].map((n) => ({ type: 'echo', input: { n } })), onFailure: { type: 'echo' } };
const FIRST = `curl ${SERVER}/v1/groups \\
  -H "authorization: Bearer $BIDE_KEY" \\
  -H 'content-type: application/json' \\
  -d '${JSON.stringify(JOBS)}'`;

export function Groups() {
  const { api } = useShared();
  const pages = usePages((signal) => api.groups.list({ pageSize: ROWS, signal }), [api], ROWS);
  const { rows, error, reload } = pages;
  return html`<div class="stack">
    <div class="page-head"><h1>Groups</h1><button type="button" onClick=${reload}>Look again</button></div>
    <${Problem} error=${error} retry=${reload} />
    <section class=${rows === undefined ? 'card skeleton' : 'card'}>
      ${rows?.length === 0 && html`<${Empty} title="No groups yet" code=${FIRST}>Submit jobs as one: their progress together, and a job that follows when all of them have ended.<//>`}
      ${rows !== undefined && rows.length > 0 && html`<${GroupTable} groups=${rows} />`}
      <${More} pages=${pages} name="groups" />
    </section>
  </div>`;
}

/** @param {{ groups: readonly GroupBody[] }} props */
const GroupTable = ({ groups }) => html`<div class="table-wrap"><table>
  <thead><tr><th>Group</th><th>State</th><th class="right">Jobs</th><th class="right">Failed</th><th>Ended</th><th class="right">Made</th><th class="right">Finished</th></tr></thead>
  <tbody>${groups.map(
    (group) => html`<tr key=${group.id}>
      <td><${Link} to=${`/groups/${group.id}`} class="mono" title=${group.id}>${shortId(group.id)}<//></td>
      <td><${GroupState} group=${group} /></td>
      <td class="right">${countText(group.total)}</td>
      <td class="right">${countText(group.counts.failed + group.counts.expired)}</td>
      <td><span class="progress"><${Bar} percent=${group.percent} /></span></td>
      <td class="right"><${Time} at=${group.createdAt} /></td>
      <td class="right"><${Time} at=${group.finishedAt} /></td>
    </tr>`,
  )}</tbody>
</table></div>`;
