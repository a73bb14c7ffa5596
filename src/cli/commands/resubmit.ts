/** `bide resubmit`: a copy of a job, as it was or with changes. */
import { defineCommand } from '../command.ts';
import { CONNECTION_OPTIONS, connect } from '../connection.ts';
import { EXIT } from '../exit-code.ts';
import { INPUT_OPTION, inputOf } from '../job-input.ts';
import { jobIdOf } from '../job-refs.ts';
import type { OptionTable } from '../option.ts';
import { tagsOf } from '../tags.ts';

const OPTIONS = {
  input: { ...INPUT_OPTION, help: 'another input: JSON, a file with it, or stdin' },
  tag: { kind: 'list', value: 'NAME=VALUE', help: 'these tags in place of those of the job; may be repeated' },
  priority: { kind: 'whole', min: -1_000, max: 1_000, value: 'N', help: 'another priority; higher runs first' },
  delay: { kind: 'duration', value: 'TIME', help: 'run no sooner than this from now' },
  'idempotency-key': { kind: 'text', value: 'KEY', help: 'the same key answers with the same job: safe to repeat' },
  ...CONNECTION_OPTIONS,
} as const satisfies OptionTable;

export const resubmit = defineCommand({
  name: 'resubmit',
  summary: 'submit a job once more, as it was or with changes, and print the id of the copy',
  description: 'The copy names the job as `resubmitOf`. `bide retry` runs the job itself again.',
  arguments: { usage: 'ID', min: 1, max: 1 },
  options: OPTIONS,
  examples: ['bide resubmit ID', `bide resubmit ID --input '{"page":2}' --priority -5`],
  async run({ values, env, args, terminal }) {
    const client = connect(values, env, { triesMax: 2 });
    const { input, tag, priority, delay } = values;
    const changes = {
      ...(input === undefined ? {} : { input: await inputOf(input, terminal) }),
      ...(tag.length === 0 ? {} : { tags: tagsOf(tag) }),
      ...(priority === undefined ? {} : { priority }),
      ...(delay === undefined ? {} : { delayMs: delay }),
    };
    const id = await jobIdOf(client, args[0] ?? '');
    const job = await client.resubmit(id, changes, { idempotencyKey: values['idempotency-key'] });
    terminal.line(values.json ? JSON.stringify(job) : job.id);
    return EXIT.succeeded;
  },
});
