/** `bide cancel`: ends jobs that are not done yet. */
import { defineCommand } from '../command.ts';
import { CONNECTION_OPTIONS, connect } from '../connection.ts';
import { isDebugging } from '../debugging.ts';
import { eachJob } from '../each-job.ts';

export const cancel = defineCommand({
  name: 'cancel',
  summary: 'cancel jobs',
  description:
    'A waiting job is cancelled at once. A running one is told to stop, and is cancelled when it has, or when its grace time ' +
    'is over; `bide wait` waits for that.',
  arguments: { usage: 'ID…', min: 1, max: Number.POSITIVE_INFINITY },
  options: CONNECTION_OPTIONS,
  examples: ['bide cancel ID', 'bide list --state queued --json | jq -r .id | xargs bide cancel'],
  run({ values, env, args, terminal }) {
    const client = connect(values, env, { triesMax: 2 });
    return eachJob({ client, refs: args }, (id) => client.cancel(id), {
      isJson: values.json,
      isDebug: isDebugging(env),
      terminal,
    });
  },
});
