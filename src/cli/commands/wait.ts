/** `bide wait`: until jobs are done, with their progress on the way. */
import { defineCommand, type Invocation } from '../command.ts';
import { CONNECTION_OPTIONS, connect } from '../connection.ts';
import type { ExitCode } from '../exit-code.ts';
import { jobIdsOf } from '../job-refs.ts';
import type { OptionTable } from '../option.ts';
import { durationText } from '../terminal/duration.ts';
import { jobLine } from '../terminal/job-text.ts';
import { NO_DISPLAY, progressDisplay } from '../terminal/progress-display.ts';
import { exitCodeOfWait, type JobsWaited, PATIENT_TRIES, waitForJobs } from '../wait-for-jobs.ts';

const OPTIONS = {
  any: { kind: 'flag', help: 'until one of them is done, in place of all' },
  timeout: { kind: 'duration', value: 'TIME', help: 'longest wait, such as 60s or 5m; without it until done' },
  ...CONNECTION_OPTIONS,
} as const satisfies OptionTable;

export const wait = defineCommand({
  name: 'wait',
  summary: 'wait until jobs are done, showing their progress',
  description:
    'Shows bars on a terminal and a line per step elsewhere, on stderr; how each job ended goes to stdout. ^C ends the wait, ' +
    'not the jobs. A server that is restarted meanwhile is waited for.',
  arguments: { usage: 'ID…', min: 1, max: Number.POSITIVE_INFINITY },
  options: OPTIONS,
  examples: ['bide wait ID1 ID2 ID3', 'bide wait --any --timeout 60s ID1 ID2', 'bide wait --json ID | jq .result'],
  run: waitAndTell,
});

async function waitAndTell(invocation: Invocation<typeof OPTIONS>): Promise<ExitCode> {
  const { values, env, args, terminal, onSignal } = invocation;
  const client = connect(values, env, { triesMax: 2 });
  const ids = [...new Set(await jobIdsOf(client, args))];
  const mode = values.any ? 'any' : 'all';
  const timeoutMs = values.timeout ?? Number.POSITIVE_INFINITY;
  const waited = await waitForJobs({
    client,
    patient: connect(values, env, { triesMax: PATIENT_TRIES }),
    ids,
    mode,
    timeoutMs,
    display: values.json ? NO_DISPLAY : progressDisplay(terminal, ids.length),
    onSignal,
  });
  for (const job of waited.jobs) terminal.line(values.json ? JSON.stringify(job) : jobLine(job));
  const why = unfinishedNote(waited, timeoutMs);
  if (why !== null) terminal.note(why);
  return exitCodeOfWait(waited, mode);
}

/** Why the wait ended without the jobs, and that they go on; null where it did not. */
export function unfinishedNote({ ending, jobs }: JobsWaited, timeoutMs: number): string | null {
  if (ending === 'satisfied') return null;
  const goesOn = jobs.length === 1 ? 'The job goes on' : 'The jobs go on';
  const open = jobs.flatMap((job) => (job.state === 'unknown' || job.finishedAt !== null ? [] : [job.id]));
  const again = open.length <= 3 ? `; \`bide wait ${open.join(' ')}\` waits again` : '';
  const why = ending === 'timeout' ? `Not done within ${durationText(timeoutMs)}` : 'Interrupted';
  return `bide: ${why}. ${goesOn}${again}.`;
}
