/** `docs/reference/limits.md`: every limit with its default and its range, in numbers that people read. */
import { LIMIT_DEFINITIONS, type LimitDefinition } from '../../src/core/limits.ts';
import { code, page, table } from './markdown.ts';

export function limitsPage(): string {
  const rows = Object.entries<LimitDefinition>(LIMIT_DEFINITIONS).map(([name, { value, min, max, meaning }]) => [
    code(name),
    amount(name, value),
    `${amount(name, min)} – ${amount(name, max)}`,
    meaning,
  ]);
  return page('Limits', '`src/core/limits.ts`', [INTRODUCTION, table(['limit', 'default', 'range', 'meaning'], rows)]);
}

const INTRODUCTION = `Every maximum, deadline and default of Bide. Each can be set in the config (\`limits: { bodyBytesMax: 2_097_152 }\`); a value outside of
its range is refused at the start, and every error that comes from a limit says its value. Limits that end in \`Ms\` are set in
milliseconds, those with \`Bytes\` in bytes.`;

const DURATIONS: readonly (readonly [string, number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
];
const SIZES: readonly (readonly [string, number])[] = [
  ['GiB', 1_024 ** 3],
  ['MiB', 1_024 ** 2],
  ['KiB', 1_024],
];

function amount(name: string, value: number): string {
  if (/Ms(Max|Min)?$/.test(name)) return inUnit(value, DURATIONS, 'ms');
  if (/Bytes(Max|Min)?$/.test(name)) return inUnit(value, SIZES, 'B');
  return value.toLocaleString('en-US');
}

/** In the largest unit that divides it, so that nothing is rounded. */
function inUnit(value: number, units: readonly (readonly [string, number])[], smallest: string): string {
  const [unit, size] = units.find(([, candidate]) => value !== 0 && value % candidate === 0) ?? [smallest, 1];
  return `${(value / size).toLocaleString('en-US')} ${unit}`;
}
