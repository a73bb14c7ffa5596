/** `bide counts`: how many jobs there are, per type and state. */
import type { CountsBody } from '../../client/index.ts';
import { STORED_STATES } from '../../core/state.ts';
import { defineCommand } from '../command.ts';
import { CONNECTION_OPTIONS, connect } from '../connection.ts';
import { EXIT } from '../exit-code.ts';
import type { OptionTable } from '../option.ts';
import { printable } from '../terminal/printable.ts';
import { type Column, tableLines } from '../terminal/table.ts';

const OPTIONS = {
  type: { kind: 'list', value: 'TYPE', help: 'only of this type; may be repeated' },
  ...CONNECTION_OPTIONS,
} as const satisfies OptionTable;

export const counts = defineCommand({
  name: 'counts',
  summary: 'count jobs per type and state',
  description: 'Waiting are those that `bide list` shows as scheduled, queued or retrying.',
  options: OPTIONS,
  examples: ['bide counts', 'bide counts --json | jq .total.failed'],
  async run({ values, env, terminal }) {
    const found = await connect(values, env, { triesMax: 2 }).counts({ types: values.type });
    if (values.json) terminal.line(JSON.stringify(found));
    else for (const line of countLines(found, terminal.columns)) terminal.line(line);
    if (found.types.length === 0 && !values.json) terminal.note('No jobs.');
    return EXIT.succeeded;
  },
});

type Line = CountsBody['types'][number];

const NUMBER_WIDTH = 10;

function countLines({ types, total }: CountsBody, columns: number): readonly string[] {
  if (types.length === 0) return [];
  const named: Column<Line> = {
    head: 'TYPE',
    widthMax: Math.max(8, columns - STORED_STATES.length * (NUMBER_WIDTH + 2)),
    text: ({ type }) => printable(type),
  };
  const numbers = STORED_STATES.map(
    (state): Column<Line> => ({
      head: state.toUpperCase(),
      widthMax: NUMBER_WIDTH,
      text: (line) => String(line[state]),
    }),
  );
  const lines = types.length === 1 ? types : [...types, { type: 'in all', ...total }];
  return tableLines([named, ...numbers], lines, columns);
}
