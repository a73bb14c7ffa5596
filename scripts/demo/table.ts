/** A table of what the demo did. */

export interface TableRow {
  readonly what: string;
  readonly state: string;
  readonly answer: string;
  readonly checked: string;
  /** Says the same with curl. */
  readonly curl: string;
}

export function tableOf(rows: readonly TableRow[]): string {
  const widths = (['what', 'state', 'answer'] as const).map((key) => Math.max(...rows.map((row) => row[key].length)));
  const lines = rows.flatMap((row) => {
    const cells = [row.what, row.state, row.answer].map((cell, index) => cell.padEnd(widths[index] ?? 0));
    return [`${cells.join('  ')}  ${row.checked}`, `    ${row.curl}`];
  });
  return lines.join('\n');
}
