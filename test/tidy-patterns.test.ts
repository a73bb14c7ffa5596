/**
 * Every regular expression of the sources takes linear time, whatever text it is run against.
 *
 * Most of them meet text of callers, and all callers share one thread: `/[;\s]+$/` took 53 s for 100,000 spaces. The analysis is that of
 * `recheck`, which finds the worst text of a pattern by its automaton; it also counts that an unanchored pattern begins anew at each
 * character. A pattern that is run only on text which is bounded before it may stand in `BOUNDED`, with the bound.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LINEAR_PATH, patternsOfSources, readLinear, recheckVersion, textOf, worstOf } from './tidy/patterns.ts';

/** Path and source of a pattern -> what bounds its text. */
const BOUNDED: Readonly<Record<string, string>> = {};

/** Put together at run time from words of the sources: path -> what they are. */
const COMPOSED: Readonly<Record<string, string>> = {};

const PATTERNS = patternsOfSources();
const LINEAR = readLinear();
const HOW = `Run \`npm run gen\` and commit ${LINEAR_PATH}.`;

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
    const linear = new Set(LINEAR.patterns);
    const complaints: string[] = [];
    for (const { path, source, flags, line } of PATTERNS) {
      if (source === null ? path in COMPOSED : `${path} ${source}` in BOUNDED) continue;
      const text = textOf({ source, flags });
      if (text !== null && linear.has(text)) continue;
      const found = source === null ? 'is put together at run time' : await worstOf(source, flags);
      complaints.push(
        `${path}:${line} ${text ?? ''}: ${found === 'linear' ? `linear, but not written down. ${HOW}` : found}`,
      );
    }
    assert.equal(complaints.length, 0, `\n${complaints.join('\n')}\n`);
  });

  test('are written down as linear by the analysis that is installed, and none that is not there any more', () => {
    assert.equal(LINEAR.recheck, recheckVersion(), HOW);
    const texts = new Set(PATTERNS.map(textOf));
    assert.deepEqual(
      LINEAR.patterns.filter((text) => !texts.has(text)),
      [],
      HOW,
    );
  });

  test('have no exception that is not needed any more', () => {
    const known = new Set(PATTERNS.map(({ path, source }) => (source === null ? path : `${path} ${source}`)));
    for (const entry of [...Object.keys(BOUNDED), ...Object.keys(COMPOSED)]) assert.ok(known.has(entry), entry);
  });
});
