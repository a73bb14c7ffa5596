/** `bide resubmit`: a copy of a job, as it was or with changes. */
import { defineCommand } from '../command.ts';
import { CONNECTION_OPTIONS, connect } from '../connection.ts';
import { EXIT } from '../exit-code.ts';
import { SUBMIT_OPTIONS, submitFieldsOf } from '../job-options.ts';
import { jobIdOf } from '../job-refs.ts';
import type { OptionTable } from '../option.ts';

const OPTIONS = {
  ...SUBMIT_OPTIONS,
  input: { ...SUBMIT_OPTIONS.input, help: 'another input: JSON, a file with it, or stdin' },
  tag: { ...SUBMIT_OPTIONS.tag, help: 'these tags in place of those of the job; may be repeated' },
  ...CONNECTION_OPTIONS,
} as const satisfies OptionTable;

export const resubmit = defineCommand({
  name: 'resubmit',
  summary: 'submit a job once more, as it was or with changes, and print the id of the copy',
  description:
    'The copy names the job as `resubmitOf`, and has what the job was submitted with but for what is said here; what it came after and its unique key are not copied. `bide retry` runs the job itself again.',
  arguments: { usage: 'ID', min: 1, max: 1 },
  options: OPTIONS,
  examples: ['bide resubmit ID', `bide resubmit ID --input '{"page":2}' --priority -5`],
  async run({ values, env, args, terminal }) {
    const client = connect(values, env, { triesMax: 2 });
    const changes = await submitFieldsOf(values, terminal);
    const id = await jobIdOf(client, args[0] ?? '');
    const job = await client.resubmit(id, changes, { idempotencyKey: values['idempotency-key'] });
    terminal.line(values.json ? JSON.stringify(job) : job.id);
    return EXIT.succeeded;
  },
});
