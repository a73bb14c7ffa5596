/** `bide types`: what the server can be asked to do. */
import { defineCommand } from '../command.ts';
import { CONNECTION_OPTIONS, connect } from '../connection.ts';
import { EXIT } from '../exit-code.ts';
import { printable } from '../terminal/printable.ts';

export const jobTypes = defineCommand({
  name: 'types',
  summary: 'list the job types that the server knows',
  options: CONNECTION_OPTIONS,
  examples: ['bide types', 'bide types --json | jq -r .name'],
  async run({ values, env, terminal }) {
    const types = await connect(values, env, { triesMax: 2 }).types();
    const width = Math.max(4, ...types.map(({ name }) => name.length));
    if (!values.json && types.length > 0) terminal.line(`${'TYPE'.padEnd(width)}  ${'KIND'.padEnd(8)}  SLOTS`);
    for (const type of types) {
      const { name, kind, slots } = type;
      terminal.line(
        values.json ? JSON.stringify(type) : `${printable(name).padEnd(width)}  ${kind.padEnd(8)}  ${slots}`,
      );
    }
    if (types.length === 0 && !values.json)
      terminal.note('No types: add some to the config, or start with --playground.');
    return EXIT.succeeded;
  },
});
