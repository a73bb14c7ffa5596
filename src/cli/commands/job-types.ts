/** `bide types`: what the server can be asked to do. */
import { defineCommand } from '../command.ts';
import { CONNECTION_OPTIONS, connect } from '../connection.ts';
import { EXIT } from '../exit-code.ts';
import { printable } from '../terminal/printable.ts';
import { tableLines } from '../terminal/table.ts';

export const jobTypes = defineCommand({
  name: 'types',
  summary: 'list the job types that the server knows',
  options: CONNECTION_OPTIONS,
  examples: ['bide types', 'bide types --json | jq -r .name'],
  async run({ values, env, terminal }) {
    const types = await connect(values, env, { triesMax: 2 }).types();
    const lines = values.json ? types.map((type) => JSON.stringify(type)) : typeLines(types, terminal.columns);
    for (const line of lines) terminal.line(line);
    if (types.length === 0 && !values.json)
      terminal.note('No types: add some to the config, or start with --playground.');
    return EXIT.succeeded;
  },
});

/** Kind and slots stay in sight beside the longest name. */
const OTHERS_WIDTH = 18;

interface Type {
  readonly name: string;
  readonly kind: string;
  readonly slots: number;
}

function typeLines(types: readonly Type[], columns: number): readonly string[] {
  return tableLines<Type>(
    [
      { head: 'TYPE', widthMax: columns - OTHERS_WIDTH, text: ({ name }) => printable(name) },
      { head: 'KIND', widthMax: 8, text: ({ kind }) => kind },
      { head: 'SLOTS', widthMax: 6, text: ({ slots }) => String(slots) },
    ],
    types,
    columns,
  );
}
