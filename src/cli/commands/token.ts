/** `bide token`: a token with which a page may read one job. */
import { defineCommand } from '../command.ts';
import { CONNECTION_OPTIONS, connect } from '../connection.ts';
import { EXIT } from '../exit-code.ts';
import { jobIdOf } from '../job-refs.ts';

export const token = defineCommand({
  name: 'token',
  summary: 'make a token with which a page may read one job',
  description:
    'Whoever has it may read the job, its result, log and output, wait for it and follow it until it is over, and nothing else. It ends with the key that made it, ' +
    'too. docs/features/browser.md shows a page.',
  arguments: { usage: 'ID', min: 1, max: 1 },
  options: {
    ttl: { kind: 'duration', value: 'TIME', help: 'how long it may be used: 1m to 24h; 10m unless told' },
    ...CONNECTION_OPTIONS,
  },
  examples: ['bide token ID', 'bide token ID --ttl 1h --json'],
  async run({ values, env, args, terminal }) {
    const client = connect(values, env, { triesMax: 2 });
    const made = await client.token(await jobIdOf(client, args[0] ?? ''), { ttlMs: values.ttl });
    terminal.line(values.json ? JSON.stringify(made) : made.token);
    if (!values.json) terminal.note(`It may be used before ${made.expiresAt}.`);
    return EXIT.succeeded;
  },
});
