/** `bide stats`: what happened to jobs, minute by minute. */
import type { StatsBody } from '../../client/index.ts';
import { defineCommand } from '../command.ts';
import { CONNECTION_OPTIONS, connect } from '../connection.ts';
import { EXIT } from '../exit-code.ts';
import type { OptionTable } from '../option.ts';
import { shortDuration } from '../terminal/duration.ts';
import { type Column, tableLines } from '../terminal/table.ts';

const MINUTE_MS = 60_000;

const OPTIONS = {
  within: { kind: 'duration', value: 'TIME', help: 'how far back, such as 6h or 7d (1h)' },
  step: { kind: 'choice', choices: ['1', '5', '15', '60'], value: 'MINUTES', help: 'minutes of one line' },
  type: { kind: 'text', value: 'TYPE', help: 'only of this type' },
  ...CONNECTION_OPTIONS,
} as const satisfies OptionTable;

export const stats = defineCommand({
  name: 'stats',
  summary: 'show what happened to jobs, by the minute',
  description:
    'The last line is of the minute under way. WAITING are the most at the end of a minute; P50 and P95 are run times.',
  options: OPTIONS,
  examples: ['bide stats', 'bide stats --within 7d --type report', 'bide stats --json | jq .points[-2].failed'],
  async run({ values, env, terminal }) {
    const minutes = values.within === undefined ? undefined : Math.max(1, Math.ceil(values.within / MINUTE_MS));
    const step = values.step === undefined ? undefined : Number(values.step);
    const found = await connect(values, env, { triesMax: 2 }).stats({ minutes, step, type: values.type });
    if (values.json) terminal.line(JSON.stringify(found));
    else for (const line of statLines(found, terminal.columns)) terminal.line(line);
    return EXIT.succeeded;
  },
});

type Point = StatsBody['points'][number];

/** What fits on a line of 80; `--json` has all of it. */
const NUMBERS = ['submitted', 'succeeded', 'failed', 'retried', 'waiting'] as const;

function statLines({ points }: StatsBody, columns: number): readonly string[] {
  const numbers = NUMBERS.map(
    (name): Column<Point> => ({ head: name.toUpperCase(), widthMax: 10, text: (point) => String(point[name]) }),
  );
  const quantile = (head: string, of: (point: Point) => number | null): Column<Point> => ({
    head,
    widthMax: 6,
    text: (point) => timeText(of(point)),
  });
  return tableLines<Point>(
    [
      { head: 'TIME', widthMax: 12, text: ({ at }) => `${at.slice(5, 10)} ${at.slice(11, 16)}Z` },
      ...numbers,
      quantile('P50', ({ runMsP50 }) => runMsP50),
      quantile('P95', ({ runMsP95 }) => runMsP95),
    ],
    points,
    columns,
  );
}

function timeText(ms: number | null): string {
  return ms === null ? '-' : shortDuration(ms);
}
