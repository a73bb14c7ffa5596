/** What time alone has changed: found here, decided on by whoever asked. Counts are added up along the way. */
import type { Job } from '../../core/job.ts';
import type { OldestDue, Store, SweepFindings } from '../contract.ts';
import { repeated } from './connection/repeat.ts';
import type { Session } from './connection/session.ts';
import { jobAt } from './rows.ts';
import { givenText, storedText, textArray } from './wire-text.ts';

/** Changes of counts that one sweep adds up: a busy second makes some thousands. */
const COUNTS_FOLDED_MAX = 20_000;

export async function sweepJobs(session: Session, now: number, limit: number): Promise<SweepFindings> {
  const find = async (name: 'jobLost' | 'jobOverrun' | 'jobOverdue' | 'jobPrunable'): Promise<readonly Job[]> => {
    const rows = await repeated(() => session.run(name, [now, limit], 'long'));
    return rows.map((row) => jobAt(row));
  };
  const [, lost, overrun, overdue, prunable] = await Promise.all([
    repeated(() => session.run('countFold', [COUNTS_FOLDED_MAX], 'long')),
    find('jobLost'),
    find('jobOverrun'),
    find('jobOverdue'),
    find('jobPrunable'),
  ]);
  return { lost, overrun, overdue, prunable };
}

/** The earliest `runAt` ahead; null where none of the types has one. */
export async function nextRunAt(session: Session, types: readonly string[], now: number): Promise<number | null> {
  if (types.length === 0) return null;
  const [row] = await repeated(() => session.run('jobNextRunAt', [textArray(types), now]));
  return (row?.[0] as number | null | undefined) ?? null;
}

/** Types with a job that is due, each with the earliest `runAt`. */
export async function oldestDue(
  session: Session,
  { tenant, types, now }: Parameters<Store['oldestDue']>[0],
): Promise<readonly OldestDue[]> {
  if (types.length === 0) return [];
  const rows = await repeated(() =>
    tenant === null
      ? session.run('jobOldestOfAll', [textArray(types), now])
      : session.run('jobOldest', [storedText(tenant), textArray(types), now]),
  );
  return rows.map(([type, runAt]) => ({ type: givenText(type as string), runAt: runAt as number }));
}
