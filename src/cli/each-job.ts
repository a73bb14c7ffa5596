/** One call per id, for commands that do the same to each: a refusal for one is said and does not spoil the others. */
import { type Client, ClientError, type JobBody } from '../client/index.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { sayFailure, type Telling } from './failure.ts';
import { jobIdsOf } from './job-refs.ts';
import { jobLine } from './terminal/job-text.ts';

/** Ends at the first failure that is not about that job alone (no server, no key): it would be the same for all. */
const LONE_STATUSES: ReadonlySet<number | null> = new Set([404, 409, 410]);

export async function eachJob(
  { client, refs }: { readonly client: Client; readonly refs: readonly string[] },
  act: (id: string) => Promise<JobBody>,
  telling: Telling,
): Promise<ExitCode> {
  const { isJson, terminal } = telling;
  let worst: ExitCode = EXIT.succeeded;
  for (const id of new Set(await jobIdsOf(client, refs))) {
    try {
      const job = await act(id);
      terminal.line(isJson ? JSON.stringify(job) : jobLine(job));
    } catch (error) {
      if (!(error instanceof ClientError) || !LONE_STATUSES.has(error.status)) throw error;
      if (!isJson) terminal.note(`${id}:`);
      const code = sayFailure(error, telling);
      if (worst !== EXIT.notFound) worst = code;
    }
  }
  return worst;
}
