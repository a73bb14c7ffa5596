/** `@every 10m`: ticks a fixed time apart, counted from a moment that is kept, so that no restart moves them. */

const UNITS_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const EVERY = /^@every\s{1,9}((?:\d{1,9}[smhd]){1,4})$/;
const PART = /(\d{1,9})([smhd])/g;
const YEAR_MS = 366 * 86_400_000;

/** Null for what is no such text. Less than a second or more than a year is 0: no interval that can be. */
export function everyMsOf(cron: string): number | null {
  const parts = EVERY.exec(cron)?.[1];
  if (parts === undefined) return null;
  let ms = 0;
  for (const [, count, unit = ''] of parts.matchAll(PART)) ms += Number(count) * (UNITS_MS[unit] ?? 0);
  return ms > YEAR_MS ? 0 : ms;
}

/** The first moment behind `after` that is a whole number of intervals from `anchor`, which is the first of all. */
export function nextInterval(anchor: number, everyMs: number, after: number): number {
  if (after < anchor) return anchor;
  return anchor + (Math.floor((after - anchor) / everyMs) + 1) * everyMs;
}
