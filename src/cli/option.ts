/**
 * Options of the command line as data: help, parsing and the types of the values all follow from one definition.
 *
 * `node:util` splits the line; what it leaves open is decided here: unknown options name the nearest known one, every value is
 * checked and converted before a command runs, and each complaint says which option, what it got and what it takes.
 */
import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { nearest } from '../core/nearest.ts';
import { durationMsOf } from './terminal/duration.ts';
import { usageError } from './usage-error.ts';

export type OptionDefinition = {
  readonly help: string;
  readonly short?: string;
  /** What stands for the value in the help: `JSON|@file|-`. Flags have none. */
  readonly value?: string;
} & (
  | { readonly kind: 'flag' }
  | { readonly kind: 'text' }
  /** May be given several times. */
  | { readonly kind: 'list' }
  | { readonly kind: 'whole'; readonly min: number; readonly max: number }
  | { readonly kind: 'duration' }
  | { readonly kind: 'choice'; readonly choices: readonly string[] }
);

export type OptionTable = Readonly<Record<string, OptionDefinition>>;

type ValueOf<D extends OptionDefinition> = D['kind'] extends 'flag'
  ? boolean
  : D['kind'] extends 'list'
    ? readonly string[]
    : D['kind'] extends 'whole' | 'duration'
      ? number | undefined
      : string | undefined;

export type OptionValues<T extends OptionTable> = { readonly [K in keyof T]: ValueOf<T[K]> };

export interface ParsedLine<T extends OptionTable> {
  readonly values: OptionValues<T>;
  readonly positionals: readonly string[];
}

type Token = NonNullable<ReturnType<typeof parseArgs>['tokens']>[number];
type OptionToken = Extract<Token, { kind: 'option' }>;

/** Throws USAGE for what the table does not know or take. */
export function parseLine<T extends OptionTable>(args: readonly string[], table: T): ParsedLine<T> {
  const { tokens, positionals } = parseArgs({
    args: [...args],
    options: splitOptions(table),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const values: Record<string, unknown> = {};
  for (const [name, definition] of Object.entries(table)) values[name] = emptyOf(definition);
  for (const token of tokens) {
    if (token.kind === 'option') take(token, definitionOf(token, table), values);
  }
  return { values: values as OptionValues<T>, positionals };
}

function splitOptions(table: OptionTable): ParseArgsOptionsConfig {
  return Object.fromEntries(
    Object.entries(table).map(([name, { kind, short }]) => [
      name,
      { type: kind === 'flag' ? ('boolean' as const) : ('string' as const), ...(short === undefined ? {} : { short }) },
    ]),
  );
}

function emptyOf(definition: OptionDefinition): unknown {
  if (definition.kind === 'flag') return false;
  return definition.kind === 'list' ? [] : undefined;
}

function definitionOf(token: OptionToken, table: OptionTable): OptionDefinition {
  if (Object.hasOwn(table, token.name)) return table[token.name] as OptionDefinition;
  const meant = nearest(token.name, Object.keys(table));
  const hint = meant === null ? '--help shows those that there are.' : `Did you mean --${meant}?`;
  throw usageError(`Unknown option ${token.rawName}. ${hint}`);
}

function take(token: OptionToken, definition: OptionDefinition, values: Record<string, unknown>): void {
  const { name, rawName, value, inlineValue } = token;
  if (definition.kind === 'flag') {
    if (value !== undefined) throw usageError(`Option ${rawName} takes no value, it got ${JSON.stringify(value)}.`);
    values[name] = true;
    return;
  }
  // `--input --wait` is a forgotten value; `--input -` and `--priority -5` are values, `--input=--x` says so itself.
  const isForgotten = value === undefined || (inlineValue !== true && value.startsWith('--'));
  if (isForgotten) throw usageError(`Option ${rawName} needs a value: ${rawName} ${definition.value ?? 'VALUE'}.`);
  if (definition.kind === 'list') values[name] = [...(values[name] as readonly string[]), value];
  else values[name] = converted(rawName, value, definition);
}

function converted(rawName: string, value: string, definition: OptionDefinition): string | number {
  switch (definition.kind) {
    case 'whole':
      return wholeOf(rawName, value, definition);
    case 'duration': {
      const ms = durationMsOf(value);
      if (ms === null) throw usageError(`Option ${rawName} takes a duration such as 10s, 5m or 250ms, not ${value}.`);
      return ms;
    }
    case 'choice': {
      if (definition.choices.includes(value)) return value;
      const meant = nearest(value, definition.choices);
      const hint = meant === null ? '' : ` Did you mean ${meant}?`;
      throw usageError(`Option ${rawName} takes one of ${definition.choices.join(', ')}, not ${value}.${hint}`);
    }
    default:
      return value;
  }
}

function wholeOf(rawName: string, value: string, range: { readonly min: number; readonly max: number }): number {
  const number = /^-?\d+$/.test(value) ? Number(value) : Number.NaN;
  if (number >= range.min && number <= range.max) return number;
  throw usageError(`Option ${rawName} takes a whole number from ${range.min} to ${range.max}, not ${value}.`);
}
