/** `bide status`: where jobs stand, now. */

import { defineCommand } from '../command.ts';
import { CONNECTION_OPTIONS, connect } from '../connection.ts';
import { EXIT } from '../exit-code.ts';
import { jobIdsOf } from '../job-refs.ts';
import { jobFacts } from '../terminal/job-text.ts';

export const status = defineCommand({
  name: 'status',
  summary: 'show where jobs stand',
  arguments: { usage: 'ID…', min: 1, max: Number.POSITIVE_INFINITY },
  options: CONNECTION_OPTIONS,
  examples: ['bide status 0199f3a2-…', 'bide status --json ID1 ID2 | jq -r .state'],
  async run({ values, env, args, terminal }) {
    // One call for all of them, which waits for none.
    const client = connect(values, env, { triesMax: 2 });
    const { jobs } = await client.waitMany(await jobIdsOf(client, args), { timeoutMs: 0 });
    for (const [at, job] of jobs.entries()) {
      if (values.json) terminal.line(JSON.stringify(job));
      else if (job.state === 'unknown') terminal.note(`bide: There is no job ${job.id}.`);
      else {
        if (at > 0) terminal.line('');
        for (const fact of jobFacts(job)) terminal.line(fact);
      }
    }
    return jobs.some((job) => job.state === 'unknown') ? EXIT.notFound : EXIT.succeeded;
  },
});
