/**
 * Takes due jobs for a worker, in one statement that skips what others are taking.
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
import { applyPatches } from './apply-patches.ts';
import { ConnectionLost } from './connection/driver-errors.ts';
import type { Rows } from './connection/lane.ts';
import { repeated } from './connection/repeat.ts';
import type { Session } from './connection/session.ts';
import { jobAt } from './rows.ts';
import type { SeenJobs } from './seen-jobs.ts';
import { CLAIMED_INPUT_AT } from './statements/statements.ts';
import { givenText, plainArray, storedText, textArray } from './wire-text.ts';

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
  const lost: Moment[] = [];
  const answered: (Moment & { readonly ids: readonly string[] })[] = [];

  async function claimOnce(request: ClaimRequest): Promise<readonly ClaimedJob[]> {
    while (lost.length > 0) {
      await releaseOrphans(lost[0] as Moment);
      lost.shift();
    }
    try {
      const jobs = inClaimOrder(await runClaim(session, request), request);
      for (const { job } of jobs) seen.remember(job);
      remember(answered, { worker: request.worker, now: request.now, ids: jobs.map(({ job }) => job.id) });
      return jobs;
    } catch (error) {
      if (error instanceof ConnectionLost && error.wasSent) {
        remember(lost, { worker: request.worker, now: request.now });
      }
      throw error;
    }
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

function runClaim(session: Session, request: ClaimRequest): Promise<Rows> {
  const { max, now, worker, leaseMs, tenant } = request;
  const slots = new Map<string, number>();
  for (const want of request.wants) slots.set(want.type, (slots.get(want.type) ?? 0) + Math.max(0, want.max));
  const values = [
    textArray([...slots.keys()]),
    plainArray([...slots.values()]),
    Math.max(0, max),
    now,
    storedText(worker),
    now + leaseMs,
  ];
  return tenant === null
    ? session.run('jobClaim', values)
    : session.run('jobClaimOfTenant', [...values, storedText(tenant)]);
}

/** RETURNING gives the rows in the order of writing; the contract's is by type as wanted, priority, runAt, number. */
function inClaimOrder(rows: Rows, { wants }: ClaimRequest): readonly ClaimedJob[] {
  const placeOf = new Map(wants.map(({ type }, index) => [type, index]));
  const place = (job: Job) => placeOf.get(job.type) ?? 0;
  const jobs = rows.map((row) => ({ job: jobAt(row), input: givenText(row[CLAIMED_INPUT_AT] as string) }));
  return jobs.sort(
    ({ job: a }, { job: b }) =>
      place(a) - place(b) || b.priority - a.priority || a.runAt - b.runAt || a.number - b.number,
  );
}
