/** Rows under a head, in columns as wide as what is in them, within the width of the terminal. */
import { fitted } from './printable.ts';

const GAP = '  ';

export interface Column<Row> {
  readonly head: string;
  /** Longer texts are cut. The last column takes what is left of the line. */
  readonly widthMax: number;
  readonly text: (row: Row) => string;
}

/** Head first; nothing where there are no rows. `--json` has all of it. */
export function tableLines<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  lineWidth: number,
): readonly string[] {
  if (rows.length === 0) return [];
  const lines = [columns.map(({ head }) => head), ...rows.map((row) => columns.map(({ text }) => text(row)))];
  const widths = columns.map(({ widthMax }, at) => Math.min(widthMax, widest(lines.map((cells) => cells[at] ?? ''))));
  return lines.map((cells) => {
    const padded = cells.map((cell, at) => padTo(fitted(cell, widths[at] ?? 0), widths[at] ?? 0));
    return fitted(padded.join(GAP).trimEnd(), lineWidth);
  });
}

function widest(texts: readonly string[]): number {
  return Math.max(...texts.map((text) => Array.from(text).length));
}

function padTo(text: string, width: number): string {
  return text + ' '.repeat(width - Array.from(text).length);
}
