/** The job types of this server, as cards: is anything paused, stuck or failing? */

import { countText, spanText } from '../format.js';
import { html } from '../html.js';
import { Empty, Problem } from '../parts/notice.js';
import { PauseButton } from '../parts/pause.js';
import { Link } from '../router.js';
import { useShared } from '../shared.js';
import { useLoaded } from '../use-loaded.js';
import { boundsText } from '../wait-text.js';

const EVERY_MS = 5_000;
const NO_TYPES = `// bide.config.ts
import { defineConfig } from 'bide/config';

export default defineConfig({
  types: { greet: { kind: 'function', run: ({ name }) => \`Hello, \${name}\` } },
});`;

export function Types() {
  const { api } = useShared();
  const { value, error, reload } = useLoaded((signal) => api.types({ signal }), [api], { everyMs: EVERY_MS });
  return html`<div class="stack">
    <div class="page-head"><h1>Types</h1></div>
    <${Problem} error=${error} retry=${reload} />
    ${value?.length === 0 ? html`<${NoTypes} />` : null}
    <div class="cards">${value?.map((type) => html`<${TypeCard} key=${type.name} type=${type} onChanged=${reload} />`)}</div>
  </div>`;
}

export const NoTypes = () =>
  html`<section class="card"><${Empty} title="No job types yet" code=${NO_TYPES}>Write a config and start the server again.<//></section>`;

/** @param {{ type: import('bide/client').TypeBody, onChanged: () => void }} props */
export function TypeCard({ type, onChanged }) {
  const { name, kind, description, running, slots, waiting, oldestWaitingMs, last60Minutes: hour } = type;
  const ended = hour.succeeded + hour.failed;
  return html`<article class="card">
    <header>
      <h2 class="truncate grow"><${Link} to=${`/types/${encodeURIComponent(name)}`}>${name}<//></h2>
      ${type.paused ? html`<span class="badge warn">paused</span>` : null}
      <${PauseButton} type=${type} onChanged=${onChanged} />
    </header>
    <div class="body stack">
      <p class="quiet small">${description ?? kind}</p>
      <dl class="facts">
        <dt>Running</dt><dd class="number">${countText(running)} of ${countText(slots)} slots per process</dd>
        ${type.limit !== null && html`<dt>Limit</dt><dd>${boundsText(type.limit)}${type.limit.perKey ? ' for each key' : ' in all processes'}</dd>`}
        <dt>Waiting</dt><dd class="number">${countText(waiting)}${oldestWaitingMs === null ? '' : `, the oldest for ${spanText(oldestWaitingMs)}`}</dd>
        <dt>Last hour</dt><dd class="number">${countText(ended)} ended${ended === 0 ? '' : `, ${((100 * hour.failed) / ended).toFixed(hour.failed === 0 ? 0 : 1)} % failed`}</dd>
        <dt>Run time</dt><dd class="number">${hour.runMsP50 === null ? '–' : `${spanText(hour.runMsP50)} (p95 ${spanText(hour.runMsP95 ?? hour.runMsP50)})`}</dd>
      </dl>
    </div>
  </article>`;
}
