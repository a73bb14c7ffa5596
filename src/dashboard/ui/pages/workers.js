/** Who works: processes of the server and remote workers that are alive, the same on every node. */

import { countText } from '../format.js';
import { html } from '../html.js';
import { Empty, Problem } from '../parts/notice.js';
import { Time } from '../parts/time.js';
import { Link } from '../router.js';
import { useShared } from '../shared.js';
import { useLoaded } from '../use-loaded.js';

const EVERY_MS = 5_000;

export function Workers() {
  const { api } = useShared();
  const { value, error, reload } = useLoaded((signal) => api.workers({ signal }), [api], { everyMs: EVERY_MS });
  return html`<div class="stack">
    <div class="page-head"><h1>Workers</h1></div>
    <${Problem} error=${error} retry=${reload} />
    <section class=${value === undefined ? 'card skeleton' : 'card'}>
      ${value?.length === 0 ? html`<${Empty} title="Nobody works" code="npx bide serve --config bide.config.ts">Start a server without --no-work, bide work on the same PostgreSQL, or a program that claims over HTTP.<//>` : null}
      ${value === undefined || value.length === 0 ? null : html`<${WorkerTable} workers=${value} />`}
    </section>
  </div>`;
}

/** @param {{ workers: readonly import('bide/client').WorkerBody[] }} props */
function WorkerTable({ workers }) {
  const running = workers.reduce((sum, worker) => sum + worker.running, 0);
  const slots = workers.reduce((sum, worker) => sum + worker.slots, 0);
  return html`<div class="table-wrap"><table>
    <thead><tr><th>Worker</th><th>Kind</th><th>Version</th><th>Types and slots</th><th>Running</th><th>Started</th><th>Last seen</th></tr></thead>
    <tbody>${workers.map((worker) => html`<${WorkerRow} key=${worker.name} worker=${worker} />`)}</tbody>
  </table></div>
  <footer><span class="number">${countText(workers.length)} alive, ${countText(running)} jobs in ${countText(slots)} slots</span></footer>`;
}

/** @param {{ worker: import('bide/client').WorkerBody }} props */
const WorkerRow = ({
  worker: { name, kind, host, pid, version, types, running, slots, startedAt, seenAt },
}) => html`<tr>
  <td class="mono" title=${host === null ? name : `${name}: host ${host}, process ${pid}`}>${name}</td>
  <td>${kind === 'server' ? 'process of the server' : 'remote worker'}</td>
  <td>${version ?? '–'}</td>
  <td class="wrap"><span class="chips">${types.map((type) => html`<${Link} key=${type.name} class="chip" to=${`/types/${encodeURIComponent(type.name)}`}>${`${type.name} × ${type.slots}`}<//>`)}</span></td>
  <td><span class="number">${running} of ${slots}</span><progress class="bar" max=${Math.max(1, slots)} value=${running} aria-label=${`Slots of ${name} in use`}></progress></td>
  <td><${Time} at=${startedAt} /></td>
  <td><${Time} at=${seenAt} /></td>
</tr>`;
