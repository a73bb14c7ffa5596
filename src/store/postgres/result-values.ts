/**
 * Results of a batch on their way: the bytes of all of them one after another in one parameter, and where each one is in it. As an
 * array they would travel as hex, twice the size.
 */
import type { ResultContent } from '../contract.ts';
import { plainColumn, textColumn } from './rows.ts';
import { plainArray, storedText } from './wire-text.ts';

/** Content types, starts (from 1), lengths, and the bytes. */
export function resultValues(results: readonly (ResultContent | null)[]): readonly unknown[] {
  let end = 1;
  const starts = results.map((result) => {
    const start = end;
    end += result?.bytes.byteLength ?? 0;
    return start;
  });
  return [
    textColumn(results.map((result) => result && storedText(result.contentType))),
    plainArray(starts),
    plainColumn(results.map((result) => result?.bytes.byteLength ?? null)),
    Buffer.concat(results.flatMap((result) => (result === null ? [] : [result.bytes]))),
  ];
}
