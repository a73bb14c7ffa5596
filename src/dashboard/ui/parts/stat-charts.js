/** How jobs went over the last hour, day or week, as four charts; the stretch of time is in the address. */
import { countText, spanText } from '../format.js';
import { html } from '../html.js';
import { setQuery, usePlace } from '../router.js';
import { useShared } from '../shared.js';
import { useLoaded } from '../use-loaded.js';
import { Chart } from './chart.js';
import { Problem } from './notice.js';

/** @typedef {import('bide/client').StatsBody} StatsBody */

const STRETCHES = /** @type {const} */ ([
  ['hour', 'Last hour', 60],
  ['day', 'Last day', 1_440],
  ['week', 'Last week', 10_080],
]);
/** Of longer steps the one that is under way counts, or a new server would show nothing. */
const WHOLE_STEP_MINUTES_MAX = 5;
const EVERY_MS = 10_000;

export function useStretch() {
  const asked = usePlace().query.get('range');
  return STRETCHES.find(([name]) => name === asked) ?? STRETCHES[0];
}

export function StretchChoice() {
  const [now] = useStretch();
  return html`<div class="segments" role="group" aria-label="Stretch of time">
    ${STRETCHES.map(([name, label]) => html`<button key=${name} type="button" aria-pressed=${String(name === now)} onClick=${() => setQuery({ range: name === 'hour' ? null : name })}>${label}</button>`)}
  </div>`;
}

/** @param {{ type?: string }} props */
export function StatCharts({ type }) {
  const { api } = useShared();
  const [, , minutes] = useStretch();
  const load = (/** @type {AbortSignal} */ signal) =>
    api.stats({ minutes, signal, ...(type === undefined ? {} : { type }) });
  const { value, error, reload } = useLoaded(load, [api, minutes, type], { everyMs: EVERY_MS });
  return html`<div class="stack">
    <${Problem} error=${error} retry=${reload} />
    <div class="charts">${value === undefined ? [1, 2, 3, 4].map((key) => html`<section key=${key} class="card chart-card"></section>`) : html`<${Four} stats=${value} />`}</div>
  </div>`;
}

/** @param {{ stats: StatsBody }} props */
function Four({ stats }) {
  const { points, stepMinutes } = stats;
  const times = points.map(({ at }) => Date.parse(at) / 1_000);
  const per = stepMinutes === 1 ? 'per minute' : stepMinutes === 60 ? 'per hour' : `per ${stepMinutes} min`;
  // What is counted so far of a minute looks as if everything had stopped.
  const whole = points.length - (stepMinutes <= WHOLE_STEP_MINUTES_MAX ? 1 : 0);
  /** @param {(point: StatsBody['points'][number]) => number | null} pick */
  const values = (pick) => points.map(pick);
  /** @param {(point: StatsBody['points'][number]) => number} pick */
  const counted = (pick) => points.map((point, at) => (at < whole ? pick(point) : null));
  const charts = [
    {
      title: `Throughput, ${per}`,
      textOf: countText,
      lines: [
        { label: 'succeeded', colour: 'good', values: counted(({ succeeded }) => succeeded) },
        { label: 'submitted', colour: 'accent', values: counted(({ submitted }) => submitted) },
      ],
    },
    {
      title: `Failures, ${per}`,
      textOf: countText,
      lines: [
        { label: 'failed', colour: 'bad', values: counted(({ failed, expired }) => failed + expired) },
        { label: 'retried', colour: 'warn', values: counted(({ retried }) => retried) },
      ],
    },
    {
      title: 'Waiting',
      textOf: countText,
      lines: [{ label: 'waiting', colour: 'accent', values: values(({ waiting }) => waiting) }],
    },
    {
      title: 'Run time',
      textOf: spanText,
      lines: [
        { label: 'p95', colour: 'warn', values: values(({ runMsP95 }) => runMsP95) },
        { label: 'median', colour: 'accent', values: values(({ runMsP50 }) => runMsP50) },
      ],
    },
  ];
  return charts.map(
    ({ title, ...rest }) =>
      html`<section key=${title} class="card chart-card"><${Chart} title=${title} times=${times} ...${rest} /></section>`,
  );
}
