/** Claims jobs of types that are not paused, by the rules of their types and tenants, and makes the claim known: to memory, and to everybody who listens for changes. */

import type { Weights } from '../../core/fairness/turns.ts';
import { opensAt } from '../../core/fairness/type-limit.ts';
import type { ClaimedJob, ClaimRequest, ClaimWant } from '../../store/contract.ts';
import type { Change } from '../changes.ts';
import type { EngineBase } from '../engine-base.ts';
import { doubtAfter } from '../failed-write.ts';
import type { Pauses } from '../operating/pauses.ts';

export interface ClaimContext extends Pick<EngineBase, 'store' | 'types' | 'snapshots' | 'changes'> {
  /** Of tenants that do not weigh 1. */
  readonly tenantWeights?: Weights | undefined;
  readonly pauses: Pick<Pauses, 'since'>;
}

export async function claimJobs(
  { store, types, tenantWeights, snapshots, changes, pauses }: ClaimContext,
  request: Omit<ClaimRequest, 'weights'>,
): Promise<readonly ClaimedJob[]> {
  const wants = request.wants.filter(({ type }) => pauses.since(type) === null).map((want) => ruledBy(types, want));
  if (wants.length === 0) return [];
  let claimed: readonly ClaimedJob[];
  try {
    claimed = await store.claim({
      ...request,
      wants,
      ...(tenantWeights === undefined ? {} : { weights: tenantWeights }),
    });
  } catch (error) {
    // On which jobs it may have landed, nobody knows: memory is certain of none of them any more.
    doubtAfter(error, changes, snapshots.clear);
    throw error;
  }
  for (const { job } of claimed) {
    const snapshot = snapshots.follow(job, null);
    changes.announce({ kind: 'changed', snapshot, job, before: 'waiting', cause: 'claimed' });
  }
  return claimed;
}

function ruledBy(types: EngineBase['types'], want: ClaimWant): ClaimWant {
  const { agingMs = null, limit = null } = types.get(want.type) ?? {};
  if (agingMs === null && limit === null) return want;
  return { ...want, ...(agingMs === null ? {} : { agingMs }), ...(limit === null ? {} : { cluster: limit }) };
}

/** When a type that a claim brought too few jobs of may start more, for the sake of its rate; null where nothing is known. */
export async function nextOpening(
  { store, types }: Pick<ClaimContext, 'store' | 'types'>,
  names: readonly string[],
  now: number,
): Promise<number | null> {
  const rated = names.filter((name) => types.get(name)?.limit?.rate != null);
  if (rated.length === 0) return null;
  const opens = (await store.startsOf(rated)).flatMap(
    ({ type, starts }) => opensAt(types.get(type)?.limit ?? {}, starts, now) ?? [],
  );
  return opens.length === 0 ? null : Math.min(...opens);
}

/** Whether this change made room for another job of a type that is limited as a whole. */
export function madeRoom(types: EngineBase['types'], { job, before }: Change): boolean {
  return before === 'running' && job.state !== 'running' && types.get(job.type)?.limit?.concurrency != null;
}
