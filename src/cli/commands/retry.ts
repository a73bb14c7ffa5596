/** `bide retry`: runs jobs again that failed, were cancelled or expired. */
import { defineCommand } from '../command.ts';
import { CONNECTION_OPTIONS, connect } from '../connection.ts';
import { isDebugging } from '../debugging.ts';
import { eachJob } from '../each-job.ts';

export const retry = defineCommand({
  name: 'retry',
  summary: 'run failed, cancelled or expired jobs again',
  arguments: { usage: 'ID…', min: 1, max: Number.POSITIVE_INFINITY },
  options: CONNECTION_OPTIONS,
  examples: ['bide retry ID', 'bide list --state failed --type report --json | jq -r .id | xargs bide retry'],
  run({ values, env, args, terminal }) {
    const client = connect(values, env);
    return eachJob({ client, refs: args }, (id) => client.retry(id), {
      isJson: values.json,
      isDebug: isDebugging(env),
      terminal,
    });
  },
});
