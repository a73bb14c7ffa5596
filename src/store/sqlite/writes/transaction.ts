/**
 * What the operations of one transaction share: the connection, the next job number, who follows changes, and how counts and places change.
 *
 * Counts, places and the last number are written once, by `settle`, just before the commit. After a rollback the whole object is
 * thrown away, so nothing of a failed transaction is remembered.
 */
import type { StoredState } from '../../../core/state.ts';
import type { EventKind } from '../../contract.ts';
import type { Connection } from '../connection.ts';
import { createFollowers, type Followers } from '../followers.ts';
import { createTurns, type Turns } from './claim-round.ts';

/** Positions of events: of the newest, of the fan-out's mark, and of the newest that was pruned. */
export type Place = 'event' | 'fan-out' | 'pruned';

export interface Transaction {
  readonly connection: Connection;
  /** Outlives the transaction: a turn that was rolled back does no harm. */
  readonly turns: Turns;
  takeNumber(): number;
  /** No number up to this one is given out from here on. False where that was so before. */
  raiseNumber(number: number): boolean;
  /** `jobs` more (or, below 0, fewer) jobs of this tenant and type in this state. */
  count(tenant: string, type: string, state: StoredState, jobs: number): void;
  /** The tenant has so many more (or fewer) jobs, and bytes of inputs, results and logs. */
  use(tenant: string, more: Readonly<Usage>): void;
  isFollowed(tenant: string, kind: EventKind): boolean;
  /** The followers of this tenant were written. */
  followersChanged(tenant: string): void;
  /** The limit of this key may have room, or too little: it is settled at the end of the operation. @param at when; null when nobody said */
  touchLimit(tenant: string, key: string, at: number | null): void;
  /** The keys touched since the last call. */
  takeTouched(): readonly TouchedLimit[];
  place(name: Place): number;
  movePlace(name: Place, to: number): void;
  settle(): void;
}

export interface TouchedLimit {
  readonly tenant: string;
  readonly key: string;
  readonly at: number | null;
}

interface Usage {
  jobs: number;
  bytes: number;
}

/** Jobs by tenant, type and state. Maps in maps: to join the three to one key cost more than counting. */
type Counts = Map<string, Map<string, Map<StoredState, number>>>;

const NONE_TOUCHED: readonly TouchedLimit[] = [];

export function transactionOn(
  connection: Connection,
  followers: Followers = createFollowers(),
  turns: Turns = createTurns(),
): Transaction {
  const counts: Counts = new Map();
  const usages = new Map<string, Usage>();
  const places = new Map<Place, number>();
  let touched = new Map<string, TouchedLimit>();
  let lastNumber: number | null = null;

  function last(): number {
    lastNumber ??= Number(connection.get('jobNumberRead')?.[0]);
    return lastNumber;
  }

  function takeNumber(): number {
    lastNumber = last() + 1;
    return lastNumber;
  }

  function raiseNumber(number: number): boolean {
    if (number <= last()) return false;
    lastNumber = number;
    return true;
  }

  function count(tenant: string, type: string, state: StoredState, jobs: number): void {
    const states = innerOf(innerOf(counts, tenant), type);
    states.set(state, (states.get(state) ?? 0) + jobs);
  }

  function use(tenant: string, { jobs, bytes }: Readonly<Usage>): void {
    const usage = usages.get(tenant);
    if (usage === undefined) usages.set(tenant, { jobs, bytes });
    else {
      usage.jobs += jobs;
      usage.bytes += bytes;
    }
  }

  function place(name: Place): number {
    return places.get(name) ?? (connection.get('placeRead', name)?.[0] as number);
  }

  function touchLimit(tenant: string, key: string, at: number | null): void {
    const name = JSON.stringify([tenant, key]);
    const earlier = touched.get(name)?.at ?? at;
    touched.set(name, { tenant, key, at: at === null || earlier === null ? earlier : Math.max(at, earlier) });
  }

  function takeTouched(): readonly TouchedLimit[] {
    if (touched.size === 0) return NONE_TOUCHED;
    const all = [...touched.values()];
    touched = new Map();
    return all;
  }

  function settle(): void {
    if (lastNumber !== null) connection.run('jobNumberWrite', lastNumber);
    for (const [name, last] of places) connection.run('placeWrite', name, last);
    for (const [tenant, { jobs, bytes }] of usages) {
      if (jobs !== 0 || bytes !== 0) connection.run('usageAdd', tenant, jobs, bytes);
      if (jobs < 0) connection.run('usageDeleteEmpty', tenant);
    }
    for (const [tenant, types] of counts) {
      for (const [type, states] of types) for (const [state, jobs] of states) settleCount(tenant, type, state, jobs);
    }
  }

  function settleCount(tenant: string, type: string, state: StoredState, jobs: number): void {
    if (jobs !== 0) connection.run('countAdd', tenant, type, state, jobs);
    if (jobs < 0) connection.run('countDeleteEmpty', tenant, type, state);
  }

  return {
    connection,
    turns,
    takeNumber,
    raiseNumber,
    count,
    use,
    isFollowed: (tenant, kind) => followers.want(connection, tenant, kind),
    followersChanged: (tenant) => followers.changed(connection, tenant),
    touchLimit,
    takeTouched,
    place,
    movePlace: (name, to) => {
      places.set(name, to);
    },
    settle,
  };
}

function innerOf<Key, InnerKey, Value>(outer: Map<Key, Map<InnerKey, Value>>, key: Key): Map<InnerKey, Value> {
  let inner = outer.get(key);
  if (inner === undefined) {
    inner = new Map();
    outer.set(key, inner);
  }
  return inner;
}
