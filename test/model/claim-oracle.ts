/**
 * Claims: whose turn it is among the tenants of a type, what a type as a whole has room for, and the order of each tenant's jobs.
 *
 * Of jobs under a limit the oracle takes over which of them had a ticket, and judges that; see `limit-oracle.ts`.
 */
import assert from 'node:assert/strict';
import { awaitsParents } from '../../src/core/after/after.ts';
import { decide } from '../../src/core/decide.ts';
import { FIRST_TURN, sharesOf, startOf, type Turn, turnAfter, weightOf } from '../../src/core/fairness/turns.ts';
import { roomOfType, type Starts, startedAt, startsKept } from '../../src/core/fairness/type-limit.ts';
import { type Job, patched } from '../../src/core/job.ts';
import { isFinal } from '../../src/core/state.ts';
import type { ClaimedJob, ClaimRequest, ClaimWant } from '../../src/store/contract.ts';
import type { Book } from './book.ts';
import type { EventOracle } from './event-oracle.ts';
import type { LimitOracle } from './limit-oracle.ts';

export interface ClaimOracle {
  /** @param answer of the driver. Jobs of one type and tenant come in their order; what comes between them is the driver's choice */
  claim(request: ClaimRequest, answer: readonly ClaimedJob[]): void;
  /** Either is right: a job that cannot be claimed yet for another reason may count, at the cost of a look too many. */
  nextRunAts(types: readonly string[], now: number): readonly (number | null)[];
}

export function createClaimOracle(book: Book, events: EventOracle, limits: LimitOracle): ClaimOracle {
  const turns = new Map<string, Turn>();
  const starts = new Map<string, Starts>();

  const isOfSequence = (other: Job, job: Job) =>
    other.number !== job.number && other.tenant === job.tenant && other.sequenceKey === job.sequenceKey;

  /** Whether an earlier job of its tenant and key is not final, or any of them runs. */
  function isBlocked(job: Job): boolean {
    if (job.sequenceKey === null) return false;
    return book
      .jobs()
      .some(
        (other) =>
          isOfSequence(other, job) &&
          (other.state === 'running' || (other.number < job.number && !isFinal(other.state))),
      );
  }

  const isFree = (job: Job) => job.state === 'waiting' && !awaitsParents(job) && !isBlocked(job);

  function roomOf({ type, max, cluster }: ClaimWant, now: number): number {
    if (cluster === undefined) return max;
    const running = book.jobs().filter((job) => job.type === type && job.state === 'running').length;
    return Math.min(max, roomOfType(cluster, { running, starts: starts.get(type) ?? [] }, now));
  }

  /** Jobs of each tenant that have no limit, or had a ticket. */
  function dueOf(
    request: ClaimRequest,
    { type }: ClaimWant,
    tickets: ReadonlySet<string>,
  ): Map<string, readonly Job[]> {
    const due = book
      .jobs()
      .filter((job) => job.type === type && isFree(job) && job.runAt <= request.now)
      .filter(({ id, tenant, terms }) => {
        const isAsked = request.tenant === null || tenant === request.tenant;
        return isAsked && (terms?.limit === undefined || tickets.has(id));
      });
    const byTenant = new Map<string, readonly Job[]>();
    for (const job of due.toSorted((a, b) => b.priority - a.priority || a.runAt - b.runAt || a.number - b.number))
      byTenant.set(job.tenant, [...(byTenant.get(job.tenant) ?? []), job]);
    return byTenant;
  }

  /** How many jobs of each tenant, and where the round stands then. */
  function sharesOfRound(request: ClaimRequest, { type }: ClaimWant, due: Map<string, readonly Job[]>, slots: number) {
    const turn = turns.get(type) ?? FIRST_TURN;
    const names = [...due.keys()].toSorted();
    const start = startOf(turn);
    const order = [...names.filter((name) => name >= start), ...names.filter((name) => name < start)];
    const contenders = order.map((tenant) => {
      return { tenant, weight: weightOf(request.weights, tenant), due: due.get(tenant)?.length ?? 0 };
    });
    const shares = new Map(sharesOf(contenders, turn, slots).map((share, index) => [order[index] ?? '', share]));
    for (const [tenant, share] of shares) if (share === 0) shares.delete(tenant);
    const taken = [...shares.values()].reduce((sum, share) => sum + share, 0);
    // Everybody is served who waited: the next round begins anew.
    if (taken < slots) turns.delete(type);
    else turns.set(type, turnAfter(turn, shares, request.weights));
    return shares;
  }

  function claimType(request: ClaimRequest, want: ClaimWant, tickets: ReadonlySet<string>): readonly Job[] {
    const slots = roomOf(want, request.now);
    if (slots <= 0) return [];
    const due = dueOf(request, want, tickets);
    const shares =
      request.tenant === null ? sharesOfRound(request, want, due, slots) : new Map([[request.tenant, slots]]);
    const taken = [...due].flatMap(([tenant, jobs]) => jobs.slice(0, shares.get(tenant) ?? 0));
    const { type, cluster } = want;
    if (cluster?.rate != null && taken.length > 0) {
      const before = starts.get(type) ?? [];
      const moment = [startedAt(before, request.now), taken.length] as const;
      starts.set(type, [...startsKept(cluster.rate, before, request.now), moment]);
    }
    return taken.map((job) => claimJob(job, request));
  }

  function claimJob(job: Job, { worker, leaseMs, now }: ClaimRequest): Job {
    const decision = decide(job, { kind: 'claim', worker, leaseMs }, now);
    assert.ok(decision.kind === 'accepted');
    const beside = book.jobs().find((other) => other.state === 'running' && isOfSequence(other, job));
    assert.ok(job.sequenceKey === null || beside === undefined, `${job.number} runs beside ${beside?.number}`);
    const claimed = patched(job, decision.patch);
    book.change(claimed);
    events.changed('running', now, claimed);
    return claimed;
  }

  return {
    claim(request, answer) {
      const limited = answer.filter(({ job }) => job.terms?.limit !== undefined);
      const tickets = new Set(limited.map(({ job }) => job.id));
      const claimed: Job[] = [];
      for (const want of request.wants) {
        const max = Math.min(want.max, request.max - claimed.length);
        claimed.push(...claimType(request, { ...want, max }, tickets));
      }
      const expected = claimed.map((job) => ({ job, input: book.entry(job.id)?.input ?? '' }));
      assert.deepEqual(ordered(answer), ordered(expected));
      limits.claimed(claimed, request.now);
    },
    nextRunAts(types, now) {
      const ahead = book.jobs().filter((job) => types.includes(job.type) && job.state === 'waiting' && job.runAt > now);
      const sure = ahead.filter((job) => isFree(job) && job.terms?.limit === undefined).map(({ runAt }) => runAt);
      const earliest = sure.length === 0 ? null : Math.min(...sure);
      const others = ahead.map(({ runAt }) => runAt).filter((runAt) => runAt <= (earliest ?? runAt));
      return [earliest, ...others];
    },
  };
}

/** By type and tenant, each as it was. */
function ordered(jobs: readonly ClaimedJob[]): readonly ClaimedJob[] {
  const placeOf = ({ job }: ClaimedJob) => `${job.type} ${job.tenant}`;
  return jobs.toSorted((a, b) => (placeOf(a) < placeOf(b) ? -1 : Number(placeOf(a) > placeOf(b))));
}
