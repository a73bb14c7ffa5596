/** Who works: processes of the server and remote workers that are alive, the same on every node. */

import { SERVER } from '../address.js';
import { html } from '../html.js';
import { Empty, Problem } from '../parts/notice.js';
import { Time } from '../parts/time.js';
import { useShared } from '../shared.js';
import { useLoaded } from '../use-loaded.js';

const EVERY_MS = 5_000;

export function Workers() {
  const { api } = useShared();
  const { value, error, reload } = useLoaded((signal) => api.workers({ signal }), [api], { everyMs: EVERY_MS });
  return html`<div class="stack">
    <div class="page-head"><h1>Workers</h1></div>
    <${Problem} error=${error} retry=${reload} />
    <section class="card">
      ${value?.length === 0 ? html`<${Empty} title="Nobody works" code="npx bide work --url ${SERVER} --types greet -- node greet.js">Start a server without --no-work, or a remote worker.<//>` : null}
      ${value === undefined || value.length === 0 ? null : html`<${WorkerTable} workers=${value} />`}
    </section>
  </div>`;
}

/** @param {{ workers: readonly import('bide/client').WorkerBody[] }} props */
const WorkerTable = ({ workers }) => html`<div class="table-wrap"><table>
  <thead><tr><th>Worker</th><th>Kind</th><th>Version</th><th>Types</th><th class="right">Running</th><th>Last seen</th></tr></thead>
  <tbody>${workers.map(
    (worker) => html`<tr key=${worker.name}>
      <td class="mono" title=${worker.name}>${worker.name}</td>
      <td>${worker.kind}</td>
      <td>${worker.version ?? '–'}</td>
      <td class="wrap"><span class="chips">${worker.types.map(({ name, slots }) => html`<span key=${name} class="chip">${name}${` × ${slots}`}</span>`)}</span></td>
      <td class="right">${worker.running} of ${worker.slots}</td>
      <td><${Time} at=${worker.seenAt} /></td>
    </tr>`,
  )}</tbody>
</table></div>`;
