/** Times, spans, sizes and numbers for people. Exact values stand beside: in titles, and in `datetime`. */

const SPANS = /** @type {const} */ ([
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1_000, 's'],
]);

/** `850 ms`, `4.2 s`, `3 min 20 s`, `2 h 5 min`. @param {number} ms */
export function spanText(ms) {
  if (!Number.isFinite(ms)) return '–';
  const value = Math.max(0, ms);
  if (value < 1_000) return `${Math.round(value)} ms`;
  if (value < 60_000) return `${(value / 1_000).toFixed(value < 10_000 ? 1 : 0)} s`;
  const at = SPANS.findIndex(([size]) => value >= size);
  const [size, unit] = SPANS[at] ?? SPANS[3];
  const [below, belowUnit] = SPANS[at + 1] ?? SPANS[3];
  const whole = Math.floor(value / size);
  const rest = Math.floor((value - whole * size) / below);
  return rest === 0 ? `${whole} ${unit}` : `${whole} ${unit} ${rest} ${belowUnit}`;
}

/** `just now`, `12 s ago`, `in 5 min`. @param {number} at @param {number} now */
export function agoText(at, now) {
  const ms = now - at;
  if (Math.abs(ms) < 1_500) return 'just now';
  const size = SPANS.find(([one]) => Math.abs(ms) >= one) ?? SPANS[3];
  const text = `${Math.floor(Math.abs(ms) / size[0])} ${size[1]}`;
  return ms > 0 ? `${text} ago` : `in ${text}`;
}

const EXACT = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'long' });
/** In the zone of this machine. @param {string | number | Date} at */
export const exactText = (at) => EXACT.format(new Date(at));

const CLOCK = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
  hour12: false,
});
/** @param {string | number | Date} at */
export const clockText = (at) => CLOCK.format(new Date(at));

const COUNT = new Intl.NumberFormat('en-GB');
/** @param {number} count */
export const countText = (count) => COUNT.format(count);

/** @param {number} bytes */
export function bytesText(bytes) {
  if (bytes < 1_024) return `${bytes} B`;
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = '';
  for (const next of units) {
    if (value < 1_024) break;
    value /= 1_024;
    unit = next;
  }
  return `${value.toFixed(value < 10 ? 1 : 0)} ${unit}`;
}

/** The first part of a job's id tells little, since it is a time: ends differ. @param {string} id */
export const shortId = (id) => (id.length > 13 ? `…${id.slice(-12)}` : id);
