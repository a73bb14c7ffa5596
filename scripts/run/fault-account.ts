/** What the scenarios of a fault file came to. Jobs are counted where a scenario counts them, in its notes: `submitted 150, lost 0, …`. */

const COUNTED = ['submitted', 'lost', 'doubled', 'stuck'] as const;

export interface FileAccount {
  readonly file: string;
  ms: number;
  scenarios: number;
  failed: number;
  isDone: boolean;
  isOk: boolean;
  /** Null where no scenario has counted it. */
  readonly counts: Record<(typeof COUNTED)[number], number | null>;
}

export function newAccount(file: string): FileAccount {
  const counts = { submitted: null, lost: null, doubled: null, stuck: null };
  return { file, ms: 0, scenarios: 0, failed: 0, isDone: false, isOk: false, counts };
}

export function noteIn({ counts }: FileAccount, note: string): void {
  for (const name of COUNTED) {
    const found = new RegExp(`\\b${name} (\\d+)`).exec(note)?.[1];
    if (found !== undefined) counts[name] = (counts[name] ?? 0) + Number(found);
  }
}

/** A line per file that was begun, the sums, and how many files were left out where some were. */
export function tableOf(accounts: readonly FileAccount[], files: number): string {
  const head = ['file', 'seconds', 'scenarios', 'failed', ...COUNTED];
  const sum = newAccount('all');
  for (const { ms, scenarios, failed, counts } of accounts) {
    sum.ms += ms;
    sum.scenarios += scenarios;
    sum.failed += failed;
    for (const name of COUNTED) if (counts[name] !== null) sum.counts[name] = (sum.counts[name] ?? 0) + counts[name];
  }
  const rows = [head, ...accounts.map(rowOf), rowOf({ ...sum, isDone: true, isOk: true })];
  const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) =>
    row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join('  '),
  );
  const left = files - accounts.filter(({ isDone }) => isDone).length;
  return left === 0
    ? lines.join('\n')
    : `${lines.join('\n')}\nThe run was cut off: ${left} of ${files} files did not come to their end.`;
}

function rowOf({ file, ms, scenarios, failed, counts, isDone, isOk }: FileAccount): string[] {
  const mark = isOk ? '' : isDone ? ' ✖' : ' …';
  const numbers = [scenarios, failed, ...COUNTED.map((name) => counts[name])];
  return [
    `${file}${mark}`,
    (ms / 1_000).toFixed(1),
    ...numbers.map((number) => (number === null ? '–' : String(number))),
  ];
}
