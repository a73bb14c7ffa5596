/** `test/tidy/linear-patterns.json`: the patterns of the sources that were judged to take linear time. */
import {
  type LinearPatterns,
  patternsOfSources,
  readLinear,
  recheckVersion,
  textOf,
  worstOf,
} from '../../test/tidy/patterns.ts';

export { LINEAR_PATH } from '../../test/tidy/patterns.ts';

/** One that is not linear is left out; `test/tidy-patterns.test.ts` says where it stands and what is wrong with it. */
export async function patternsPage(): Promise<string> {
  const recheck = recheckVersion();
  const written = readLinear();
  const known = new Set(written.recheck === recheck ? written.patterns : []);
  const linear = new Set<string>();
  for (const { source, flags } of patternsOfSources()) {
    const text = textOf({ source, flags });
    if (text === null || source === null || linear.has(text)) continue;
    if (known.has(text) || (await worstOf(source, flags)) === 'linear') linear.add(text);
  }
  const patterns = [...linear].sort();
  return `${JSON.stringify({ recheck, patterns } satisfies LinearPatterns, null, 2)}\n`;
}
