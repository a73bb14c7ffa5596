/** How the server does, at a glance: what is wrong now, the figures of the last hour, their course, and every type. */
import { SERVER } from '../address.js';
import { countText } from '../format.js';
import { html } from '../html.js';
import { Problem } from '../parts/notice.js';
import { StatCharts, StretchChoice } from '../parts/stat-charts.js';
import { Link } from '../router.js';
import { may } from '../session.js';
import { useShared } from '../shared.js';
import { troublesOf } from '../troubles.js';
import { useLoaded } from '../use-loaded.js';
import { NoTypes, TypeCard } from './job-types.js';

const EVERY_MS = 5_000;

/** @param {import('../api.js').Client} api @param {boolean} mayOperate @param {AbortSignal} signal */
async function loadFacts(api, mayOperate, signal) {
  const [types, workers, counts, webhooks, unready] = await Promise.all([
    api.types({ signal }),
    api.workers({ signal }),
    api.counts({ signal }),
    mayOperate ? api.webhooks.list({ signal }) : [],
    unreadyReason(signal),
  ]);
  return { types, workers, counts, webhooks, unready };
}

/** Null where the server can take work. @param {AbortSignal} signal @returns {Promise<string | null>} */
async function unreadyReason(signal) {
  const response = await fetch(`${SERVER}/readyz`, { signal }).catch(() => null);
  // Whoever cannot be reached is told of by the calls beside this one.
  if (response === null || response.ok) return null;
  const body = await response.json().catch(() => ({}));
  return body.reason ?? `/readyz answers ${response.status}.`;
}

/** @typedef {Awaited<ReturnType<typeof loadFacts>>} Facts */

export function Overview() {
  const { api, session } = useShared();
  const load = (/** @type {AbortSignal} */ signal) => loadFacts(api, may(session, 'operate'), signal);
  const { value, error, reload } = useLoaded(load, [api], { everyMs: EVERY_MS });
  return html`<div class="stack">
    <div class="page-head"><h1>Overview</h1><${StretchChoice} /></div>
    <${Problem} error=${error} retry=${reload} />
    <${Troubles} facts=${value} />
    <${Figures} facts=${value} />
    <${StatCharts} />
    <div class="page-head"><h2>Types</h2></div>
    ${value?.types.length === 0 ? html`<${NoTypes} />` : null}
    <div class="cards">${value?.types.map((type) => html`<${TypeCard} key=${type.name} type=${type} onChanged=${reload} />`)}</div>
  </div>`;
}

/** @param {{ facts: Facts | undefined }} props */
function Troubles({ facts }) {
  const troubles = facts === undefined ? [] : troublesOf(facts);
  return html`<section class="card" aria-label="What is wrong now">
    ${troubles.length === 0 ? html`<p class=${`trouble ${facts === undefined ? 'quiet' : 'good'}`}>${facts === undefined ? 'Looking…' : 'All is well: nothing waits too long, no type is paused or failing.'}</p>` : null}
    <ul>${troubles.map(({ tone, text, to }) => html`<li key=${text} class=${`trouble ${tone}`}><span class="grow">${text}</span>${to === null ? null : html`<${Link} to=${to} aria-label=${`Look: ${text}`}>Look<//>`}</li>`)}</ul>
  </section>`;
}

/** @param {{ facts: Facts | undefined }} props */
function Figures({ facts }) {
  const hour = facts?.types.map((type) => type.last60Minutes) ?? [];
  const succeeded = hour.reduce((sum, figures) => sum + figures.succeeded, 0);
  const failed = hour.reduce((sum, figures) => sum + figures.failed, 0);
  const figures = /** @type {const} */ ([
    ['Waiting', facts?.counts.total.waiting, '/jobs?state=scheduled&state=queued&state=retrying'],
    ['Running', facts?.counts.total.running, '/jobs?state=running'],
    ['Succeeded, last hour', facts && succeeded, '/jobs?state=succeeded'],
    ['Failed, last hour', facts && failed, '/jobs?state=failed'],
    ['Workers alive', facts?.workers.length, '/workers'],
  ]);
  return html`<section class="card"><div class="body"><dl class="figures">
    ${figures.map(([label, count, to]) => html`<div key=${label} class="figure"><dt>${label}</dt><dd><${Link} to=${to}>${count === undefined ? '–' : countText(count)}<//></dd></div>`)}
  </dl></div></section>`;
}
