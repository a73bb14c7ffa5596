/**
 * Every regular expression of the sources, and the analysis that says how long each can take.
 *
 * The analysis of all takes 14 s of CPU, and its answer depends on nothing but the text of a pattern. So the linear ones are written
 * down in `linear-patterns.json`, with the version of the analysis; only what is not in there is analysed.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type Pattern, parseModules } from './parse.ts';
import { ROOT, readTree } from './tree.ts';

export const LINEAR_PATH = 'test/tidy/linear-patterns.json';
/** For one pattern; most take milliseconds. */
const ANALYSIS_MS_MAX = 120_000;

export interface PlacedPattern extends Pattern {
  readonly path: string;
}

export interface LinearPatterns {
  /** The version of the analysis that has judged them. */
  readonly recheck: string;
  /** As they are written in a source, `/^a+$/u`, in order. */
  readonly patterns: readonly string[];
}

export function patternsOfSources(): readonly PlacedPattern[] {
  return (
    parseModules(readTree('src/**/*.ts', 'src/*.ts'))
      // The suite of the dialects reads its own texts.
      .filter(({ path }) => !path.endsWith('.test.ts') && !path.startsWith('src/dialects/contract-suite/'))
      .flatMap(({ path, patterns }) => patterns.map((pattern) => ({ path, ...pattern })))
  );
}

/** Null for a pattern that is put together at run time. */
export function textOf({ source, flags }: Omit<Pattern, 'line'>): string | null {
  return source === null ? null : `/${source}/${flags}`;
}

/**
 * `linear`, or what the worst text of the pattern makes of it. A pattern with a look-behind is not proven but tried against texts made by
 * chance, and one in some tries may accuse it wrongly.
 */
export async function worstOf(source: string, flags: string): Promise<string> {
  // The other backends are a Java program and native binaries; this one is JavaScript and is as exact.
  process.env.RECHECK_BACKEND = 'pure';
  const { check } = await import('recheck');
  const found = await check(source, flags, { timeout: ANALYSIS_MS_MAX });
  if (found.status === 'safe') return 'linear';
  return found.status === 'vulnerable' ? found.complexity.summary : `unknown, ${found.error.kind}`;
}

export function recheckVersion(): string {
  const require = createRequire(import.meta.url);
  return (require('recheck/package.json') as { readonly version: string }).version;
}

export function readLinear(): LinearPatterns {
  const path = join(ROOT, LINEAR_PATH);
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as LinearPatterns) : { recheck: '', patterns: [] };
}
