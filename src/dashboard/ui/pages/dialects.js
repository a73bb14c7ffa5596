/** The faces of other vendors: where each is, and how a client written for one is pointed at it. */
import { BASE, SERVER } from '../address.js';
import { countText } from '../format.js';
import { html } from '../html.js';
import { Code, CopyButton } from '../parts/copy.js';
import { Empty, Problem } from '../parts/notice.js';
import { Time } from '../parts/time.js';
import { useLoaded } from '../use-loaded.js';

const EVERY_MS = 10_000;

/**
 * @typedef {{ name: string, title: string, setup: string, clientPath: string, prefix: string, hostName: string | null, port: number | null,
 *   answers: readonly { status: number, count: number, lastAt: string }[] | null }} DialectPlace */

/** @param {AbortSignal} signal @returns {Promise<readonly DialectPlace[]>} */
async function loadDialects(signal) {
  const response = await fetch(`${BASE}/session/dialects`, { signal });
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(body.detail ?? body.title ?? `The server answered ${response.status}.`);
  return body.dialects;
}

/** As this browser reaches them: behind a proxy too. @param {DialectPlace} place */
function urlsOf({ prefix, hostName, port }) {
  const { protocol, hostname, port: ownPort } = location;
  const behind = ownPort === '' ? '' : `:${ownPort}`;
  return [
    `${SERVER}${prefix}`,
    ...(hostName === null ? [] : [`${protocol}//${hostName}${behind}`]),
    ...(port === null ? [] : [`${protocol}//${hostname}:${port}`]),
  ];
}

export function Dialects() {
  const { value, error, reload } = useLoaded(loadDialects, [], { everyMs: EVERY_MS });
  return html`<div class="stack">
    <div class="page-head"><h1>Dialects</h1></div>
    <p class="quiet">Clients written for these services work against this server unchanged: give them the base URL, and a key of this server as their own. A job that came in through one can be read through all.</p>
    <${Problem} error=${error} retry=${reload} />
    ${value?.length === 0 ? html`<section class="card"><${Empty} title="All are switched off">Take <code>enabled: false</code> out of <code>dialects</code> in the config, and start the server again.<//></section>` : null}
    <div class="halves">${value === undefined && error === null ? html`<section class="card skeleton"></section>` : null}${value?.map((place) => html`<${DialectCard} key=${place.name} place=${place} />`)}</div>
  </div>`;
}

/** @param {{ place: DialectPlace }} props */
function DialectCard({ place }) {
  const urls = urlsOf(place);
  const best = urls.at(-1) ?? '';
  return html`<article class="card">
    <header><h2>${place.title}</h2><span class="chip">${place.name}</span></header>
    <div class="body stack">
      <div class="field"><span>Base URL</span>${urls.map((url) => url + place.clientPath).map((url) => html`<div key=${url} class="row nowrap spread"><code class="truncate">${url}</code><${CopyButton} text=${url} /></div>`)}</div>
      <${Answers} answers=${place.answers} />
      <div class="field"><span>Look at a job, as its clients do</span><${Code} text=${place.setup.replaceAll('{url}', best)} /></div>
    </div>
  </article>`;
}

/** Null where the key may not see what all tenants do together. @param {{ answers: DialectPlace['answers'] }} props */
function Answers({ answers }) {
  if (answers === null) return null;
  return html`<div class="field"><span>Answers since this server's start</span>
    ${
      answers.length === 0
        ? html`<p class="quiet">None yet.</p>`
        : html`<ul class="chips">${answers.map(({ status, count, lastAt }) => html`<li key=${status} class="row"><span class=${`badge ${toneOf(status)}`}>${status}</span><span class="number">${countText(count)}</span><span class="quiet small">last <${Time} at=${lastAt} /></span></li>`)}</ul>`
    }
  </div>`;
}

/** @param {number} status */
const toneOf = (status) => (status < 400 ? 'good' : status < 500 ? 'warn' : 'bad');
