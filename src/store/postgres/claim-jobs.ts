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
import { BideError } from '../../core/errors.ts';
import { agedAt } from '../../core/fairness/aging.ts';
import { FIRST_TURN, startOf, type Turn, turnAfter } from '../../core/fairness/turns.ts';
import { roomOfType, type Starts, startedAt, startsKept } from '../../core/fairness/type-limit.ts';
import type { Job } from '../../core/job.ts';
import { COUNTED_MAX } from '../claim-walk.ts';
import type { ClaimedJob, ClaimRequest, GuardedPatch } from '../contract.ts';
import { applyPatches } from './apply-patches.ts';
import { ConnectionLost } from './connection/driver-errors.ts';
import type { Rows } from './connection/lane.ts';
import { repeated } from './connection/repeat.ts';
import type { Session, Step } from './connection/session.ts';
import { jobAt } from './rows.ts';
import type { SeenJobs } from './seen-jobs.ts';
import { CLAIM_CUT_AT, CLAIMED_INPUT_AT } from './statements/statements.ts';
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
  const turns: Turns = new Map();
  const lost: Moment[] = [];
  const answered: (Moment & { readonly ids: readonly string[] })[] = [];

  async function claimOnce(request: ClaimRequest): Promise<readonly ClaimedJob[]> {
    while (lost.length > 0) {
      await releaseOrphans(lost[0] as Moment);
      lost.shift();
    }
    try {
      const jobs = await runClaim(session, request, turns);
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

/** Whose turn it is of each type: each process goes round the tenants by itself, and all together come to the same shares. */
type Turns = Map<string, Turn>;

async function runClaim(session: Session, request: ClaimRequest, turns: Turns): Promise<readonly ClaimedJob[]> {
  const wants = request.wants.filter(({ max }) => max > 0);
  const jobs: ClaimedJob[] = [];
  for (const some of lotsOf(wants)) {
    const max = request.max - jobs.length;
    if (max <= 0) break;
    const lot = { ...request, wants: some, max };
    const isLimited = some.some(({ cluster }) => cluster !== undefined);
    for (const job of await (isLimited ? runLimited : runOne)(session, lot, turns)) jobs.push(job);
  }
  return jobs;
}

/** What one statement can do: all without more, all with `agingMs`, and one by one those whose type is limited as a whole. */
function lotsOf(wants: ClaimRequest['wants']): readonly ClaimRequest['wants'][] {
  const limited = wants.filter(({ cluster }) => cluster !== undefined);
  const others = wants.filter(({ cluster }) => cluster === undefined);
  const plain = others.filter(({ agingMs }) => agingMs === undefined);
  const aged = others.filter(({ agingMs }) => agingMs !== undefined);
  return [plain, aged, ...limited.map((want) => [want])].filter((lot) => lot.length > 0);
}

/** All wants alike. */
async function runOne(session: Session, request: ClaimRequest, turns: Turns): Promise<readonly ClaimedJob[]> {
  const { name, values } = stepOf(request, turns);
  return claimedBy(await session.run(name, values), request, turns);
}

/**
 * One type, within its limit as a whole. What runs and what was started is read; then, in one transaction, the row of the type is taken at the
 * revision that was read, and as many are claimed as there was room for. Whoever came between makes that fail, and it is done anew: only claims
 * make more run, so what was read still holds, and nobody waits with a lock for an answer.
 */
async function runLimited(session: Session, request: ClaimRequest, turns: Turns): Promise<readonly ClaimedJob[]> {
  const [want] = request.wants;
  if (want === undefined) return [];
  const { cluster = {}, type } = want;
  const { now, worker } = request;
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const [use] = await readUses(session, [type]);
    if (use === undefined) return [];
    const max = Math.min(want.max, request.max, roomOfType(cluster, use, now));
    if (max <= 0) return [];
    const lot = { ...request, wants: [{ ...want, max }], max };
    const earlier = JSON.stringify(startsKept(cluster.rate, use.starts, now)).slice(0, -1);
    const settle = [storedText(type), earlier, startedAt(use.starts, now), storedText(worker), now];
    try {
      const [, rows = []] = await session.runAll([
        { name: 'typeLimitTake', values: [storedText(type), use.revision] },
        stepOf(lot, turns),
        ...(cluster.rate == null ? [] : [{ name: 'typeLimitSettle', values: settle } as const]),
      ]);
      return claimedBy(rows, lot, turns);
    } catch (error) {
      if (!isTaken(error)) throw error;
    }
  }
  throw new BideError('OVERLOADED', `The limit of type ${type} is contended.`);
}

/** Each try that fails is a claim of somebody else that went through. */
const TRIES_MAX = 100;
const DIVISION_BY_ZERO = '22012';

function isTaken(error: unknown): boolean {
  return (error as { readonly code?: unknown } | null)?.code === DIVISION_BY_ZERO;
}

export async function readUses(session: Session, types: readonly string[]) {
  const rows = await session.run('typeLimitRead', [textArray(types)]);
  return rows.map((row) => ({
    type: givenText(row[0] as string),
    revision: row[1] as number,
    starts: JSON.parse(row[2] as string) as Starts,
    running: row[3] as number,
  }));
}

function stepOf(request: ClaimRequest, turns: Turns): Step {
  const { wants, tenant } = request;
  const isAged = wants.some(({ agingMs }) => agingMs !== undefined);
  if (tenant === null) return { name: isAged ? 'jobClaimAged' : 'jobClaim', values: roundOf(request, turns) };
  const values = [...valuesOf(request), storedText(tenant), agingsOf(wants)];
  return { name: isAged ? 'jobClaimAgedOfTenant' : 'jobClaimOfTenant', values };
}

function claimedBy(rows: Rows, request: ClaimRequest, turns: Turns): readonly ClaimedJob[] {
  const jobs = inClaimOrder(rows, request);
  if (request.tenant === null) moveTurns(turns, request, jobs, (rows[0]?.[CLAIM_CUT_AT] ?? null) as string | null);
  return jobs;
}

function valuesOf({ wants, max, now, worker, leaseMs }: ClaimRequest): readonly unknown[] {
  const types = textArray(wants.map(({ type }) => type));
  const slots = plainArray(wants.map((want) => want.max));
  return [types, slots, Math.max(0, max), now, storedText(worker), now + leaseMs];
}

function agingsOf(wants: ClaimRequest['wants']): string {
  return plainArray(wants.map(({ agingMs }) => agingMs ?? null));
}

function roundOf(request: ClaimRequest, turns: Turns): readonly unknown[] {
  const { wants, weights = {} } = request;
  const at = wants.map(({ type }) => turns.get(type) ?? FIRST_TURN);
  const starts = textArray(at.map(startOf));
  const credits = plainArray(at.map(({ credit }) => credit));
  const weighted = [textArray(Object.keys(weights)), plainArray(Object.values(weights))];
  return [...valuesOf(request), agingsOf(wants), starts, credits, ...weighted, COUNTED_MAX];
}

/** @param cut by type, as JSON: how far the walk came where it ended early */
function moveTurns(turns: Turns, request: ClaimRequest, jobs: readonly ClaimedJob[], cut: string | null): void {
  const cutAt = (cut === null ? {} : JSON.parse(cut)) as Readonly<Record<string, string>>;
  const taken = new Map<string, Map<string, number>>();
  for (const { job } of jobs) {
    const ofType = taken.get(job.type) ?? new Map<string, number>();
    taken.set(job.type, ofType.set(job.tenant, (ofType.get(job.tenant) ?? 0) + 1));
  }
  for (const { type, max } of request.wants) {
    const ofType = taken.get(type) ?? new Map<string, number>();
    const count = [...ofType.values()].reduce((sum, jobsOfTenant) => sum + jobsOfTenant, 0);
    const cutOfType = cutAt[storedText(type)];
    if (cutOfType !== undefined) turns.set(type, { tenant: givenText(cutOfType), credit: 0 });
    // Everybody is served who waited, or the claim was full before it came to this type.
    else if (count < max && jobs.length < request.max) turns.delete(type);
    else turns.set(type, turnAfter(turns.get(type) ?? FIRST_TURN, ofType, request.weights));
  }
}

/** RETURNING gives the rows in the order of writing; the contract's is by type as wanted, then that of each tenant. */
function inClaimOrder(rows: Rows, { wants }: ClaimRequest): readonly ClaimedJob[] {
  const places = new Map(wants.map(({ type, agingMs }, index) => [type, { index, agingMs }]));
  const jobs = rows.map((row) => ({ job: jobAt(row), input: givenText(row[CLAIMED_INPUT_AT] as string) }));
  const placeOf = (job: Job) => places.get(job.type)?.index ?? 0;
  const aged = (job: Job) => agedAt(job, places.get(job.type)?.agingMs ?? 0);
  const isAged = (job: Job) => places.get(job.type)?.agingMs !== undefined;
  return jobs.sort(
    ({ job: a }, { job: b }) =>
      placeOf(a) - placeOf(b) ||
      (isAged(a) ? aged(a) - aged(b) : 0) ||
      b.priority - a.priority ||
      a.runAt - b.runAt ||
      a.number - b.number,
  );
}
