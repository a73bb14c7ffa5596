/** One type: how it goes, what it takes, what went wrong, and a form that submits a job of it. */
import { countText, spanText } from '../format.js';
import { html } from '../html.js';
import { Code } from '../parts/copy.js';
import { Problem } from '../parts/notice.js';
import { PauseButton } from '../parts/pause.js';
import { StatCharts, StretchChoice } from '../parts/stat-charts.js';
import { SubmitForm } from '../parts/submit-form.js';
import { Time } from '../parts/time.js';
import { Link } from '../router.js';
import { may } from '../session.js';
import { useShared } from '../shared.js';
import { useLoaded } from '../use-loaded.js';
import { boundsText } from '../wait-text.js';

/** @typedef {import('bide/client').TypeBody} TypeBody */

const EVERY_MS = 5_000;

/** @param {{ id: string }} props */
export function Type({ id }) {
  const { api, session } = useShared();
  const {
    value: type,
    error,
    reload,
  } = useLoaded((signal) => api.type(id, { signal }), [api, id], { everyMs: EVERY_MS });
  const jobs = `/jobs?type=${encodeURIComponent(id)}`;
  return html`<div class="stack">
    <div class="page-head">
      <div class="row"><h1>${id}</h1>${type?.paused ? html`<span class="badge warn">paused</span>` : null}</div>
      <div class="row"><${Link} to=${jobs} class="button">See its jobs<//>${type === undefined ? null : html`<${PauseButton} type=${type} onChanged=${reload} />`}</div>
    </div>
    <${Problem} error=${error} retry=${reload} />
    ${type === undefined ? html`<section class="card skeleton"></section>` : html`<${Facts} type=${type} jobs=${jobs} />`}
    ${
      type === undefined
        ? null
        : html`<div class="halves">
      ${may(session, 'submit') ? html`<section class="card"><header><h2>Submit a job</h2></header><div class="body"><${SubmitForm} type=${type} /></div></section>` : null}
      <div class="stack"><${Errors} type=${type} jobs=${jobs} /><${SchemaCard} schema=${type.inputSchema} /></div>
    </div>`
    }
    <div class="page-head"><h2>How it went</h2><${StretchChoice} /></div>
    <${StatCharts} type=${id} />
  </div>`;
}

/** @param {{ type: TypeBody, jobs: string }} props */
function Facts({ type, jobs }) {
  const { last60Minutes: hour, oldestWaitingMs } = type;
  const ended = hour.succeeded + hour.failed;
  const figures = /** @type {const} */ ([
    ['Running', `${countText(type.running)}`, `${jobs}&state=running`],
    ['Waiting', countText(type.waiting), `${jobs}&state=queued&state=retrying`],
    ['Oldest waits', oldestWaitingMs === null ? '–' : spanText(oldestWaitingMs), null],
    ['Succeeded, last hour', countText(hour.succeeded), `${jobs}&state=succeeded`],
    ['Failed, last hour', countText(hour.failed), `${jobs}&state=failed`],
    ['Failure rate', ended === 0 ? '–' : `${((100 * hour.failed) / ended).toFixed(1)} %`, null],
    ['Run time, median', hour.runMsP50 === null ? '–' : spanText(hour.runMsP50), null],
    ['Run time, p95', hour.runMsP95 === null ? '–' : spanText(hour.runMsP95), null],
  ]);
  return html`<section class="card">
    <div class="body stack">
      <p class="quiet">${type.description ?? 'No description in the config.'}</p>
      <dl class="figures four">${figures.map(([label, text, to]) => html`<div key=${label} class="figure"><dt>${label}</dt><dd>${to === null ? text : html`<${Link} to=${to}>${text}<//>`}</dd></div>`)}</dl>
    </div>
    <footer>
      <span>Kind ${type.kind}, ${countText(type.slots)} at once in one process</span>
      ${type.limit !== null && html`<span>In all processes${type.limit.perKey ? ', for each key' : ''}: ${boundsText(type.limit) || 'no bounds of its own'}</span>`}
      ${type.agingMs !== null && html`<span>A priority higher by one counts ${spanText(type.agingMs)}</span>`}
      ${type.paused ? html`<span>Paused <${Time} at=${type.pausedAt} /></span>` : null}
    </footer>
  </section>`;
}

/** @param {{ type: TypeBody, jobs: string }} props */
function Errors({ type, jobs }) {
  return html`<section class="card">
    <header><h2>Errors of the last hour</h2></header>
    ${
      type.errors.length === 0
        ? html`<p class="body quiet">None.</p>`
        : html`<div class="table-wrap"><table>
          <thead><tr><th>Code</th><th class="right">Jobs</th></tr></thead>
          <tbody>${type.errors.map(({ code, count }) => html`<tr key=${code}><td class="mono"><${Link} to=${`${jobs}&error=${encodeURIComponent(code)}`}>${code}<//></td><td class="right">${countText(count)}</td></tr>`)}</tbody>
        </table></div>`
    }
  </section>`;
}

/** @param {{ schema: TypeBody['inputSchema'] }} props */
function SchemaCard({ schema }) {
  return html`<section class="card">
    <header><h2>Input schema</h2></header>
    <div class="body">${schema === null ? html`<p class="quiet">Its config names no schema: any JSON is taken.</p>` : html`<${Code} text=${JSON.stringify(schema, null, 2)} />`}</div>
  </section>`;
}
