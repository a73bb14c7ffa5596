/**
 * Takes due jobs for a worker, and loses none whose claim was never answered.
 *
 * The one write that cannot be repeated when its answer is lost: nobody knows which jobs it took. They would wait for the
 * end of their lease and lose an attempt that never was; a job with one attempt would fail without ever having run. So, before
 * the next claim, jobs that have been running for this worker since that very moment and were handed out by no claim that
 * did answer are released. A release is fenced like any other: should the search hit a job that somebody does hold (two workers
 * with one name, in the same ms), its next completion is refused and the job runs again, never twice at once with effect.
 */
import { decide, expectedStates } from '../../core/decide.ts';
import type { Job } from '../../core/job.ts';
import type { ClaimedJob, ClaimRequest, GuardedPatch } from '../contract.ts';
import { aloneTenants } from './alone-tenants.ts';
import { applyPatches } from './apply-patches.ts';
import { ConnectionLost } from './connection/driver-errors.ts';
import { repeated } from './connection/repeat.ts';
import type { Session } from './connection/session.ts';
import { jobAt } from './rows.ts';
import { type Rounds, runClaim } from './run-claim.ts';
import type { SeenJobs } from './seen-jobs.ts';
import { storedText } from './wire-text.ts';

/** Claims whose answer was lost, and claims that did answer, remembered: an outage or a busy ms makes a handful. */
const REMEMBERED_MAX = 64;
/** Jobs of one lost claim that are looked for. */
const ORPHANS_MAX = 10_000;

interface Moment {
  readonly worker: string;
  readonly now: number;
}

export type ClaimJobs = (request: ClaimRequest) => Promise<readonly ClaimedJob[]>;

export function claimerOf(session: Session, seen: SeenJobs): ClaimJobs {
  const rounds: Rounds = { turns: new Map(), alone: aloneTenants() };
  const lost: Moment[] = [];
  const answered: (Moment & { readonly ids: readonly string[] })[] = [];

  async function claimOnce(request: ClaimRequest): Promise<readonly ClaimedJob[]> {
    while (lost.length > 0) {
      await releaseOrphans(lost[0] as Moment);
      lost.shift();
    }
    const { worker, now } = request;
    const jobs: ClaimedJob[] = [];
    try {
      await runClaim(session, request, rounds, jobs);
    } catch (error) {
      if (error instanceof ConnectionLost && error.wasSent) remember(lost, { worker, now });
      // What earlier statements of this claim took is this worker's: to throw would keep it from being run until its lease ends.
      if (jobs.length === 0) throw error;
    }
    for (const { job } of jobs) seen.remember(job);
    remember(answered, { worker, now, ids: jobs.map(({ job }) => job.id) });
    return jobs;
  }

  async function releaseOrphans({ worker, now }: Moment): Promise<void> {
    const rows = await session.run('jobClaimOrphans', [storedText(worker), now, ORPHANS_MAX]);
    const known = new Set(
      answered.filter((claim) => claim.worker === worker && claim.now === now).flatMap((claim) => claim.ids),
    );
    const orphans = rows.map((row) => jobAt(row)).filter((job) => !known.has(job.id));
    await applyPatches(
      session,
      seen,
      orphans.flatMap((job) => releaseOf(job, now)),
    );
  }

  return (request) => repeated(() => claimOnce(request));
}

function remember<T>(list: T[], item: T): void {
  list.push(item);
  if (list.length > REMEMBERED_MAX) list.shift();
}

function releaseOf(job: Job, now: number): readonly GuardedPatch[] {
  const decision = decide(job, { kind: 'release', fence: job.fence }, now);
  if (decision.kind === 'refused') return [];
  const expect = { states: expectedStates('release'), fence: job.fence, revision: job.revision };
  return [{ id: job.id, expect, patch: decision.patch }];
}
