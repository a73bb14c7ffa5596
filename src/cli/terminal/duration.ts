/** Durations as people type and read them. */

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `250ms`, `10s`, `1.5h`, `2d` in milliseconds; a bare number is seconds, as in every wait of the API. Null for anything else. */
export function durationMsOf(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(text.trim());
  const unitMs = match === null ? undefined : UNIT_MS[match[2] ?? 's'];
  return match === null || unitMs === undefined ? null : Math.round(Number(match[1]) * unitMs);
}

/** Two units at most: `3.2 s`, `4 min 10 s`, `2 d 3 h`. */
export function durationText(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 60_000) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`;
  const seconds = Math.floor(ms / 1_000);
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 1_440) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return `${Math.floor(minutes / 1_440)} d ${Math.floor((minutes % 1_440) / 60)} h`;
}

const SHORT: readonly (readonly [unit: string, ms: number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
];

/** One unit and no space, for columns: `3s`, `12m`, `5h`, `40d`; below a second `120ms`. */
export function shortDuration(ms: number): string {
  const found = SHORT.find(([, unitMs]) => ms >= unitMs);
  return found === undefined ? `${Math.max(0, Math.round(ms))}ms` : `${Math.floor(ms / found[1])}${found[0]}`;
}

/** Exactly, as options take it: `1m`, `90s`, `1500ms`. */
export function typedDuration(ms: number): string {
  const found = SHORT.find(([, unitMs]) => ms % unitMs === 0);
  return ms === 0 || found === undefined ? `${ms}ms` : `${ms / found[1]}${found[0]}`;
}
