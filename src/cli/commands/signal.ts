/** `bide signal`: tells a job what it waits for. */
import { defineCommand } from '../command.ts';
import { CONNECTION_OPTIONS, connect } from '../connection.ts';
import { isDebugging } from '../debugging.ts';
import { eachJob } from '../each-job.ts';
import { INPUT_OPTION, inputOf } from '../job-input.ts';

export const signal = defineCommand({
  name: 'signal',
  summary: 'send a job a signal, such as an approval',
  description:
    'A job that waits for this name goes on; one that does not yet has it when it comes to it. The last value of a name counts. docs/features/signals.md says how jobs wait.',
  arguments: { usage: 'ID NAME', min: 2, max: 2 },
  options: {
    value: { ...INPUT_OPTION, short: 'v', help: 'what it says: JSON, a file with it, or stdin; else null' },
    ...CONNECTION_OPTIONS,
  },
  examples: ['bide signal ID approved', `bide signal ID approved --value '{"by":"ada"}'`],
  async run({ values, env, args, terminal }) {
    const [ref = '', name = ''] = args;
    const client = connect(values, env, { triesMax: 2 });
    const value = values.value === undefined ? null : await inputOf(values.value, terminal);
    return eachJob({ client, refs: [ref] }, (id) => client.signal(id, name, value), {
      isJson: values.json,
      isDebug: isDebugging(env),
      terminal,
    });
  },
});
