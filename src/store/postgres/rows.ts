/** Rows of this store: texts without U+0000 (`wire-text.ts`), and columns of whole batches as array literals. */
import type { Job } from '../../core/job.ts';
import { type Cell, columnType, type JobColumn, jobReader, jsonCell, type TextCodec } from '../job-row.ts';
import { givenText, plainArray, storedText, storedTextArray } from './wire-text.ts';

export const STORED: TextCodec = { stored: storedText, given: givenText };

/** The job whose columns begin at `at` in the row. */
export const jobAt: (row: ArrayLike<unknown>, at?: number) => Job = jobReader(STORED);

/** One column of a batch as one parameter, for `unnestOf`. Keys have an element per row, also where two of a batch are the same. */
export function columnArray(column: JobColumn, cells: readonly Cell[]): string {
  if (column === 'id' || column === 'number') return plainArray(cells);
  return columnType(column) === 'text' ? textColumn(cells as readonly (string | null)[]) : plainColumn(cells);
}

/** Numbers and ids: once, where all are the same. */
export function plainColumn(cells: readonly Cell[]): string {
  return plainArray(isSame(cells) ? cells.slice(0, 1) : cells);
}

/** Stored texts: once, where all are the same. */
export function textColumn(cells: readonly (string | null)[]): string {
  return storedTextArray(isSame(cells) ? cells.slice(0, 1) : cells);
}

function isSame(cells: readonly Cell[]): boolean {
  const [first] = cells;
  return cells.length > 1 && cells.every((cell) => cell === first);
}

/** Texts of JSON are stored ones already: see `storedTextArray`. */
export function jsonText(value: object | null): string | null {
  return jsonCell(value, STORED);
}

export function jsonOf<T>(text: string | null): T | null {
  return text === null ? null : (JSON.parse(givenText(text)) as T);
}

export function textOf(text: string | null): string | null {
  return text === null ? null : givenText(text);
}
