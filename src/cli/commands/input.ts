/** `bide input`: what a job was submitted with, byte for byte. */
import { defineCommand } from '../command.ts';
import { CONNECTION_OPTIONS, connect } from '../connection.ts';
import { EXIT } from '../exit-code.ts';
import { jobIdOf } from '../job-refs.ts';
import { printResult } from '../terminal/result-output.ts';

export const input = defineCommand({
  name: 'input',
  summary: 'fetch what a job was submitted with',
  description: 'The JSON goes to stdout as it is stored. With --json: one document with the id and the input.',
  arguments: { usage: 'ID', min: 1, max: 1 },
  options: CONNECTION_OPTIONS,
  examples: ['bide input ID | jq .query', 'bide input ID | bide submit report --input -'],
  async run({ values, env, args, terminal }) {
    const client = connect(values, env, { triesMax: 2 });
    const id = await jobIdOf(client, args[0] ?? '');
    if (values.json) terminal.line(JSON.stringify({ id, input: await client.input(id) }));
    else await printResult(await client.openInput(id), terminal);
    return EXIT.succeeded;
  },
});
