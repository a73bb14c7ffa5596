/** Failures by type and error code: what goes wrong, how often, and what to do about all of one kind. */
import { useState } from 'preact/hooks';
import { countText } from '../format.js';
import { html } from '../html.js';
import { filterOf } from '../job-query.js';
import { Link } from '../router.js';
import { may } from '../session.js';
import { useShared } from '../shared.js';
import { useLoaded } from '../use-loaded.js';
import { ConfirmAll } from './bulk-bar.js';
import { Empty, Problem } from './notice.js';
import { Time } from './time.js';

/** @typedef {import('bide/client').JobFilter} JobFilter */
/** @typedef {import('bide/client').JobBody} JobBody */
/** @typedef {{ key: string, type: string, code: string, latest: JobBody, count: number, exact: boolean, filter: JobFilter }} Group */

const EVERY_MS = 15_000;
/** Kinds are found among the latest failures; each is counted over all. */
const LOOKED_AT = 200;
const GROUPS_MAX = 20;
const STATES = /** @type {const} */ (['failed', 'expired']);

/** @param {{ query: URLSearchParams, onRun: (run: import('../bulk-run.js').BulkRun) => void }} props */
export function FailureGroups({ query, onRun }) {
  const { api } = useShared();
  const load = (/** @type {AbortSignal} */ signal) => groupsOf(api, filterOf(query, Date.now()), signal);
  const { value, error, reload } = useLoaded(load, [api, query.toString()], { everyMs: EVERY_MS });
  /** @param {import('../bulk-run.js').BulkRun} run */
  const start = (run) => {
    onRun(run);
    void run.ended.then(reload);
  };
  if (value === undefined) {
    return error === null
      ? html`<p class="quiet" role="status">Counting…</p>`
      : html`<${Problem} error=${error} retry=${reload} />`;
  }
  return html`<${Problem} error=${error} retry=${reload} />
    <section class="card">
      ${
        value.length === 0
          ? html`<${Empty} title="No failures">No job with these filters has failed or expired.<//>`
          : html`<div class="table-wrap"><table>
              <thead><tr><th>Type</th><th>Error code</th><th class="right">Jobs</th><th>The latest says</th><th class="right">Last</th><th><span class="only-read">Actions</span></th></tr></thead>
              <tbody>${value.map((group) => html`<${GroupRow} key=${group.key} group=${group} query=${query} onRun=${start} />`)}</tbody>
            </table></div>
            <footer>The kinds among the latest ${LOOKED_AT} failures, each counted over all that are kept.</footer>`
      }
    </section>`;
}

/** @param {import('../api.js').Client} api @param {JobFilter} asked @param {AbortSignal} signal @returns {Promise<readonly Group[]>} */
async function groupsOf(api, { types, tags, createdFrom, createdBefore }, signal) {
  const filter = { types, tags, createdFrom, createdBefore, states: STATES };
  const { jobs } = await api.listPage({ ...filter, sort: 'newestFinished', pageSize: LOOKED_AT, signal });
  /** @type {Map<string, { type: string, code: string, latest: JobBody }>} */
  const kinds = new Map();
  for (const job of jobs) {
    const { type, error } = job;
    const key = `${type}\n${error?.code ?? ''}`;
    if (error !== null && kinds.size < GROUPS_MAX && !kinds.has(key))
      kinds.set(key, { type, code: error.code, latest: job });
  }
  const groups = await Promise.all(
    [...kinds].map(async ([key, kind]) => {
      const of = { ...filter, types: [kind.type], errorCode: kind.code };
      const { total } = await api.listPage({ ...of, pageSize: 1, total: true, signal });
      return { key, ...kind, count: total?.count ?? 0, exact: total?.exact ?? false, filter: of };
    }),
  );
  return groups.sort((a, b) => b.count - a.count);
}

/** @param {{ group: Group, query: URLSearchParams, onRun: (run: import('../bulk-run.js').BulkRun) => void }} props */
function GroupRow({ group: { type, code, latest, count, exact, filter }, query, onRun }) {
  const { session } = useShared();
  const [action, ask] = useState(/** @type {'retry' | 'remove' | null} */ (null));
  const within = new URLSearchParams(query);
  for (const name of ['view', 'cursor', 'text']) within.delete(name);
  within.set('type', type);
  within.set('error', code);
  within.delete('state');
  for (const state of STATES) within.append('state', state);
  return html`<tr>
    <td title=${type}>${type}</td>
    <td><${Link} to=${`/jobs?${within}`}><code>${code}</code><//></td>
    <td class="right">${exact ? '' : '≥ '}${countText(count)}</td>
    <td title=${latest.error?.message}>${latest.error?.message.slice(0, 200)}</td>
    <td class="right"><${Time} at=${latest.finishedAt} /></td>
    <td class="right">${
      may(session, 'operate') &&
      html`<span class="row end">
        <button type="button" class="small" onClick=${() => ask('retry')}>Retry all</button>
        <button type="button" class="small danger" onClick=${() => ask('remove')}>Remove all</button>
      </span>`
    }
    ${action !== null && html`<${ConfirmAll} action=${action} filter=${filter} onRun=${onRun} onClose=${() => ask(null)} />`}</td>
  </tr>`;
}
