/**
 * Every regular expression of the sources takes linear time, whatever text it is run against.
 *
 * Most of them meet text of callers, and all callers share one thread: `/[;\s]+$/` took 53 s for 100,000 spaces. The analysis is that of
 * `recheck`, which finds the worst text of a pattern by its automaton; it also counts that an unanchored pattern begins anew at each
 * character. A pattern that is run only on text which is bounded before it may stand in `BOUNDED`, with the bound.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseModules } from './tidy/parse.ts';
import { readTree } from './tidy/tree.ts';

// The others are a Java program and native binaries; this one is JavaScript and is as exact.
process.env.RECHECK_BACKEND = 'pure';
const { check } = await import('recheck');

/** Path and source of a pattern -> what bounds its text. */
const BOUNDED: Readonly<Record<string, string>> = {};

/** Put together at run time from words of the sources: path -> what they are. */
const COMPOSED: Readonly<Record<string, string>> = {};

const PATTERNS = parseModules(readTree('src/**/*.ts', 'src/*.ts'))
  // The suite of the dialects reads its own texts.
  .filter(({ path }) => !path.endsWith('.test.ts') && !path.startsWith('src/dialects/contract-suite/'))
  .flatMap(({ path, patterns }) => patterns.map((pattern) => ({ path, ...pattern })));

async function worstOf(source: string, flags: string): Promise<string> {
  const found = await check(source, flags, { timeout: 120_000 });
  if (found.status === 'safe') return 'linear';
  return found.status === 'vulnerable' ? found.complexity.summary : `unknown, ${found.error.kind}`;
}

describe('the regular expressions of the sources', () => {
  test('are seen: literals and patterns of schemas', () => {
    assert.ok(PATTERNS.length >= 60, `${PATTERNS.length} patterns`);
    assert.ok(PATTERNS.some(({ path, flags }) => path.endsWith('/wire.ts') && flags === 'u'));
  });

  test('are judged rightly', async () => {
    assert.equal(await worstOf('[;\\s]+$', ''), '2nd degree polynomial');
    assert.equal(await worstOf('^(a+)+$', ''), 'exponential');
    assert.equal(await worstOf('^[;\\s]+$', ''), 'linear');
  });

  test('take linear time', async () => {
    const worst = new Map<string, Promise<string>>();
    for (const { source, flags } of PATTERNS) {
      if (source !== null) worst.set(`${flags}/${source}`, worstOf(source, flags));
    }
    const complaints: string[] = [];
    for (const { path, source, flags, line } of PATTERNS) {
      if (source === null ? path in COMPOSED : `${path} ${source}` in BOUNDED) continue;
      const found = source === null ? 'is put together at run time' : await worst.get(`${flags}/${source}`);
      if (found !== 'linear') complaints.push(`${path}:${line} /${source}/${flags}: ${found}`);
    }
    assert.equal(complaints.length, 0, `\n${complaints.join('\n')}\n`);
  });

  test('have no exception that is not needed any more', () => {
    const known = new Set(PATTERNS.map(({ path, source }) => (source === null ? path : `${path} ${source}`)));
    for (const entry of [...Object.keys(BOUNDED), ...Object.keys(COMPOSED)]) assert.ok(known.has(entry), entry);
  });
});
