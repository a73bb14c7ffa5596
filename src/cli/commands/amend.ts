/** `bide amend`: changes jobs that wait. */
import { defineCommand } from '../command.ts';
import { CONNECTION_OPTIONS, connect } from '../connection.ts';
import { isDebugging } from '../debugging.ts';
import { eachJob } from '../each-job.ts';
import type { OptionTable } from '../option.ts';
import { tagsOf } from '../tags.ts';
import { usageError } from '../usage-error.ts';

const OPTIONS = {
  priority: { kind: 'whole', min: -1_000, max: 1_000, value: 'N', help: 'higher runs first' },
  tag: { kind: 'list', value: 'NAME=VALUE', help: 'these tags in place of those of the job; may be repeated' },
  delay: { kind: 'duration', value: 'TIME', help: 'run no sooner than this from now; 0s is now' },
  deadline: { kind: 'duration', value: 'TIME', help: 'must be finished within this from now' },
  'no-deadline': { kind: 'flag', help: 'as long as it takes' },
  ...CONNECTION_OPTIONS,
} as const satisfies OptionTable;

export const amend = defineCommand({
  name: 'amend',
  summary: 'change priority, tags, time or deadline of jobs that wait',
  arguments: { usage: 'ID…', min: 1, max: Number.POSITIVE_INFINITY },
  options: OPTIONS,
  examples: ['bide amend ID --priority -5', 'bide amend ID --delay 0s', 'bide amend ID --tag team=x --no-deadline'],
  run({ values, env, args, terminal }) {
    const { priority, tag, delay, deadline } = values;
    const inMs = (ms: number) => new Date(Date.now() + ms);
    const changes = {
      ...(priority === undefined ? {} : { priority }),
      ...(tag.length === 0 ? {} : { tags: tagsOf(tag) }),
      ...(delay === undefined ? {} : { runAt: inMs(delay) }),
      ...(deadline === undefined ? {} : { deadlineAt: inMs(deadline) }),
      ...(values['no-deadline'] ? { deadlineAt: null } : {}),
    };
    if (Object.keys(changes).length === 0) throw usageError('Say what to change: see `bide help amend`.');
    const client = connect(values, env, { triesMax: 2 });
    return eachJob({ client, refs: args }, (id) => client.amend(id, changes), {
      isJson: values.json,
      isDebug: isDebugging(env),
      terminal,
    });
  },
});
