/** Goes round the tenants that wait for a type, from where the round stands, and finds those with due jobs. */
import {
  type Contender,
  FIRST_TURN,
  startOf,
  type Turn,
  type Weights,
  weightOf,
} from '../../../core/fairness/turns.ts';
import { countedMax, STEPS_MORE } from '../../claim-walk.ts';
import type { ClaimRequest } from '../../contract.ts';
import type { Connection } from '../connection.ts';

export interface Head {
  readonly tenant: string;
  /** The highest priority of its waiting jobs, due or not. */
  readonly priority: number;
}

/** Whose turn it is of each type, in the memory of the writer: a new process begins anew. */
export interface Turns {
  of(type: string): Turn;
  /** Null: nobody waits. */
  set(type: string, turn: Turn | null): void;
}

export function createTurns(): Turns {
  const turns = new Map<string, Turn>();
  return {
    of: (type) => turns.get(type) ?? FIRST_TURN,
    set(type, turn) {
      if (turn === null) turns.delete(type);
      else turns.set(type, turn);
    },
  };
}

interface Round {
  readonly turn: Turn;
  readonly want: ClaimRequest['wants'][number];
  readonly weights: Weights | undefined;
  readonly now: number;
}

interface Walk {
  /** In the order of the round. A single one may have no due job. */
  readonly heads: readonly (Head & Contender)[];
  /** The last tenant that was looked at, where the walk ended before it had filled the slots or had seen all. */
  readonly cutAt: string | null;
}

export function walkRound(connection: Connection, { turn, want, weights, now }: Round): Walk {
  const { type, max } = want;
  const seen: (Head & { readonly runAt: number })[] = [];
  const stepsMax = max + STEPS_MORE;
  let found = 0;
  let cutAt: string | null = null;
  for (const head of tenantsFrom(connection, type, startOf(turn))) {
    seen.push(head);
    if (head.runAt <= now) found += 1;
    if (found === max) break;
    if (seen.length < stepsMax) continue;
    cutAt = head.tenant;
    break;
  }
  const dueMax = countedMax(max, seen.length);
  const heads = seen.map(({ tenant, priority }) => {
    const due = seen.length === 1 ? max : dueOf(connection, { type, tenant, priority, now }, dueMax);
    return { tenant, priority, weight: weightOf(weights, tenant), due };
  });
  return { heads: seen.length === 1 ? heads : heads.filter(({ due }) => due > 0), cutAt };
}

/** Those from this name on, then the others from the first one on. One probe each. */
function* tenantsFrom(connection: Connection, type: string, start: string) {
  let isWrapped = start === '';
  for (let from = start; ; ) {
    const row = connection.get('jobNextTenant', type, from);
    const [tenant, priority, runAt] = (row ?? ['', 0, 0]) as readonly [string, number, number];
    if (row !== undefined && (!isWrapped || start === '' || tenant < start)) yield { tenant, priority, runAt };
    else if (isWrapped) return;
    else isWrapped = true;
    from = row === undefined ? '' : `${tenant}\u0001`;
  }
}

interface Place extends Head {
  readonly type: string;
  readonly now: number;
}

function dueOf(connection: Connection, { type, tenant, priority, now }: Place, max: number): number {
  let due = 0;
  for (let level: number | null = priority; level !== null && due < max; ) {
    due += connection.get('jobDueCount', type, level, now, max - due, tenant)?.[0] as number;
    if (due < max) level = nextPriority(connection, type, level, tenant);
  }
  return due;
}

export function nextPriority(connection: Connection, type: string, below: number, tenant: string): number | null {
  return (connection.get('jobNextPriority', type, below, tenant)?.[0] as number | undefined) ?? null;
}
