/**
 * A chart of values over time, drawn by uPlot: as wide as its place, in the colours of light and dark, with the values under the pointer in
 * its legend. A canvas says nothing to a screen reader, so a sentence says what the lines show.
 */
import { useEffect, useRef, useState } from 'preact/hooks';
import UPlot from 'uplot';
import { html } from '../html.js';

/** @typedef {{ label: string, colour: 'accent' | 'good' | 'bad' | 'warn' | 'quiet', values: readonly (number | null)[] }} Line */
/** @typedef {{ title: string, times: readonly number[], lines: readonly Line[], textOf: (value: number) => string }} ChartProps */

const HEIGHT = 180;
/** Values that stand alone are seen as dots. */
const FEW = 6;
const DAY_S = 86_400;
const DARK = matchMedia('(prefers-color-scheme: dark)');
const HOUR = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const DAY = new Intl.DateTimeFormat('en-GB', { weekday: 'short', day: 'numeric' });
const MOMENT = new Intl.DateTimeFormat('en-GB', { weekday: 'short', hour: '2-digit', minute: '2-digit' });

/** @param {ChartProps} props */
export function Chart(props) {
  const { title, times, lines, textOf } = props;
  const place = useRef(/** @type {HTMLDivElement | null} */ (null));
  const plot = useRef(/** @type {UPlot | null} */ (null));
  const [at, setAt] = useState(/** @type {number | null} */ (null));
  const isDark = useDark();
  useEffect(() => {
    if (place.current === null) return undefined;
    const made = new UPlot(optionsOf(props, place.current, setAt), dataOf(props), place.current);
    plot.current = made;
    const watcher = new ResizeObserver(([entry]) => {
      const width = Math.floor(entry?.contentRect.width ?? 0);
      if (width > 0 && width !== made.width) made.setSize({ width, height: HEIGHT });
    });
    watcher.observe(place.current);
    return () => {
      watcher.disconnect();
      made.destroy();
    };
  }, [isDark, lines.map(({ label }) => label).join()]);
  useEffect(() => plot.current?.setData(dataOf(props)), [times, lines]);
  return html`<figure class="chart-figure" aria-label=${title}>
    <figcaption>
      <strong>${title}</strong>
      <span class="legend">
        ${at === null ? null : html`<span class="quiet number">${momentText(times[at])}</span>`}
        ${lines.map(({ label, colour, values }) => html`<span key=${label} class=${`legend-item ${colour}`}>${label} <span class="number">${valueText(at === null ? values.findLast((value) => value !== null) : values[at], textOf)}</span></span>`)}
      </span>
    </figcaption>
    <div class="chart" ref=${place} aria-hidden="true"></div>
    <p class="only-read">${sentenceOf(props)}</p>
  </figure>`;
}

function useDark() {
  const [isDark, set] = useState(DARK.matches);
  useEffect(() => {
    const listener = () => set(DARK.matches);
    DARK.addEventListener('change', listener);
    return () => DARK.removeEventListener('change', listener);
  }, []);
  return isDark;
}

/** @param {number | null | undefined} value @param {(value: number) => string} textOf */
const valueText = (value, textOf) => (value === null || value === undefined ? '–' : textOf(value));

/** @param {number | undefined} at */
const momentText = (at) => (at === undefined ? '' : MOMENT.format(at * 1_000));

/** @param {ChartProps} props */
function sentenceOf({ lines, times, textOf }) {
  const from = momentText(times[0]);
  const parts = lines.map(({ label, values }) => {
    const known = values.filter((value) => value !== null);
    if (known.length === 0) return `${label}: nothing yet`;
    return `${label}: ${textOf(known.at(-1) ?? 0)} now, ${textOf(Math.max(...known))} at the most`;
  });
  return `Since ${from}. ${parts.join('. ')}.`;
}

/** @param {ChartProps} props @returns {UPlot.AlignedData} */
function dataOf({ times, lines }) {
  return [[...times], ...lines.map(({ values }) => [...values])];
}

/** @param {ChartProps} props @param {HTMLElement} place @param {(at: number | null) => void} onPoint @returns {UPlot.Options} */
function optionsOf({ lines, textOf }, place, onPoint) {
  const style = getComputedStyle(place);
  /** @param {string} name */
  const colour = (name) => style.getPropertyValue(`--${name}`).trim();
  const font = `11px ${style.fontFamily}`;
  const line = { stroke: colour('quiet'), font, ticks: { show: false }, gap: 6 };
  return {
    width: Math.max(120, place.clientWidth),
    height: HEIGHT,
    padding: [8, 12, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
    scales: { x: { time: true }, y: { range: (_plot, _low, high) => [0, topOf(high)] } },
    axes: [
      {
        ...line,
        size: 28,
        grid: { show: false },
        space: 64,
        values: (_plot, splits) => splits.map((split) => axisText(split, splits)),
      },
      {
        ...line,
        grid: { stroke: colour('line'), width: 1 },
        size: 58,
        space: 40,
        values: (_plot, splits) => splits.map((split) => (Number.isInteger(split) || split > 5 ? textOf(split) : '')),
      },
    ],
    series: [
      {},
      ...lines.map((one, index) => ({
        label: one.label,
        stroke: colour(one.colour),
        width: 1.75,
        // A line through one point is none.
        points: { show: one.values.filter((value) => value !== null).length < FEW, size: 5 },
        spanGaps: true,
        ...(index === 0 ? { fill: `color-mix(in srgb, ${colour(one.colour)} 12%, transparent)` } : {}),
      })),
    ],
    hooks: { setCursor: [(plot) => onPoint(plot.cursor.idx ?? null)] },
  };
}

/** With room above, and never flat on the ground. @param {number | null} high */
function topOf(high) {
  return Math.max(4, (high ?? 0) * 1.15);
}

/** Days where the chart is of days. @param {number} at in seconds @param {readonly number[]} all */
function axisText(at, all) {
  const span = (all.at(-1) ?? at) - (all[0] ?? at);
  if (span <= 1.5 * DAY_S) return HOUR.format(at * 1_000);
  const isMidnight = new Date(at * 1_000).getHours() === 0;
  return isMidnight ? DAY.format(at * 1_000) : '';
}
