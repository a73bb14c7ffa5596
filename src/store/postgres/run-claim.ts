/**
 * One claim: which statements it takes, and whose turn it is meanwhile.
 *
 * Each statement skips what others are taking. The usual one asks nothing but whether the tenant
 * that waited alone the last time still does.
 */
import { BideError } from '../../core/errors.ts';
import { agedAt } from '../../core/fairness/aging.ts';
import { FIRST_TURN, startOf, type Turn, turnAfter } from '../../core/fairness/turns.ts';
import { roomOfType, type Starts, startedAt, startsKept } from '../../core/fairness/type-limit.ts';
import type { Job } from '../../core/job.ts';
import { COUNTED_MAX } from '../claim-walk.ts';
import type { ClaimedJob, ClaimRequest } from '../contract.ts';
import type { AloneTenants } from './alone-tenants.ts';
import type { Rows } from './connection/lane.ts';
import type { Session, Step } from './connection/session.ts';
import { jobAt } from './rows.ts';
import { CLAIM_MORE_AT, CLAIMED_INPUT_AT } from './statements/statements.ts';
import { givenText, plainArray, storedText, textArray } from './wire-text.ts';

type Turns = Map<string, Turn>;

/** What a process knows of the tenants that wait: each goes round them by itself, and all together come to the same shares. */
export interface Rounds {
  /** Whose turn it is of each type. */
  readonly turns: Turns;
  readonly alone: AloneTenants;
}

/** @param jobs takes what is claimed, statement after statement: what is in it when this throws has been claimed */
export async function runClaim(
  session: Session,
  request: ClaimRequest,
  rounds: Rounds,
  jobs: ClaimedJob[],
): Promise<void> {
  const wants = request.wants.filter(({ max }) => max > 0);
  for (const some of lotsOf(wants)) {
    const lot = { ...request, wants: some, max: request.max - jobs.length };
    if (lot.max <= 0) return;
    const [first] = some;
    if (first?.cluster !== undefined) jobs.push(...(await runLimited(session, lot, rounds.turns)));
    else if (first?.agingMs !== undefined || request.tenant !== null)
      jobs.push(...(await runOne(session, lot, rounds.turns)));
    else await runPlain(session, lot, rounds, jobs);
  }
}

/** Type after type as far as tenants are alone, and from the first one that has several on in turns. */
async function runPlain(session: Session, request: ClaimRequest, rounds: Rounds, jobs: ClaimedJob[]): Promise<void> {
  const { alone, turns } = rounds;
  const before = jobs.length;
  const guessed = request.wants.findIndex(({ type }) => alone.of(type) === null);
  const first = { ...request, wants: guessed < 0 ? request.wants : request.wants.slice(0, guessed) };
  const turnsAt = first.wants.length === 0 ? 0 : await runAlone(session, first, rounds, jobs);
  const max = request.max - (jobs.length - before);
  const wants = request.wants.slice(turnsAt);
  if (max <= 0 || wants.length === 0) return;
  const more = await runOne(session, { ...request, wants, max }, turns);
  for (const { type } of wants) alone.served(type, tenantsOf(more, type));
  jobs.push(...more);
}

/** @returns how many of the types it has dealt with */
async function runAlone(
  session: Session,
  request: ClaimRequest,
  { alone, turns }: Rounds,
  jobs: ClaimedJob[],
): Promise<number> {
  const { wants } = request;
  const tenants = textArray(wants.map(({ type }) => alone.of(type) ?? ''));
  const rows = await session.run('jobClaimAlone', [...valuesOf(request), tenants]);
  const othersAt = rows[0]?.[CLAIM_MORE_AT] as number | null | undefined;
  const count = othersAt == null ? wants.length : othersAt - 1;
  const dealt = { ...request, wants: wants.slice(0, count) };
  const claimed = claimedBy(
    rows.filter((row) => row[0] !== null),
    dealt,
    turns,
  );
  for (const { type } of dealt.wants) alone.served(type, tenantsOf(claimed, type));
  const failed = wants[count];
  if (failed !== undefined) alone.failed(failed.type);
  jobs.push(...claimed);
  return count;
}

function tenantsOf(jobs: readonly ClaimedJob[], type: string): ReadonlySet<string> {
  return new Set(jobs.flatMap(({ job }) => (job.type === type ? [job.tenant] : [])));
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
  const { now } = request;
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const [use] = await readUses(session, [type]);
    if (use === undefined) return [];
    const max = Math.min(want.max, request.max, roomOfType(cluster, use, now));
    if (max <= 0) return [];
    const lot = { ...request, wants: [{ ...want, max }], max };
    const earlier = JSON.stringify(startsKept(cluster.rate, use.starts, now)).slice(0, -1);
    const settle = [storedText(type), earlier, startedAt(use.starts, now)];
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
  const cut = rows[0]?.[CLAIM_MORE_AT];
  if (request.tenant === null) moveTurns(turns, request, jobs, typeof cut === 'string' ? cut : null);
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
