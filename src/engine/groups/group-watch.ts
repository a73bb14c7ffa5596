/**
 * Everybody in this process who waits for groups.
 *
 * What this process writes wakes them from memory. What others write is told by hints, which carry the ids of groups among those of jobs, and found by
 * the safety poll where one was lost: one read for all that are watched.
 */
import type { Group } from '../../core/groups/group.ts';
import type { CallerSignal } from '../caller-signal.ts';
import type { EngineBase } from '../engine-base.ts';
import { createLoop, type Loop } from '../loop.ts';
import { createPollTimer } from '../poll-timer.ts';

export interface GroupWatch {
  /** The group once it is enough, or the newest that is known when the wait is over; null where it is not there any more. */
  wait(request: WatchRequest): Promise<Group | null>;
  /** This process has written them. */
  told(groups: readonly Group[]): void;
  removed(ref: { readonly tenant: string; readonly id: string }): void;
  /** These may have changed; null: any may have. */
  hint(ids: readonly string[] | null): void;
  close(): void;
  readonly loop: Loop;
}

export interface WatchRequest {
  readonly tenant: string;
  readonly id: string;
  readonly isEnough: (group: Group) => boolean;
  readonly timeoutMs: number;
  readonly signal: CallerSignal;
}

/** Groups of a poll that are read in one go. */
const READ_MAX = 200;

class Waiting {
  readonly request: WatchRequest;
  newest: Group | null = null;
  readonly #resolve: (group: Group | null) => void;

  constructor(request: WatchRequest, resolve: (group: Group | null) => void) {
    this.request = request;
    this.#resolve = resolve;
  }

  end(): void {
    this.#resolve(this.newest);
  }

  /** Whether it is over by that. */
  see(group: Group | null): boolean {
    if (group !== null && group.revision < (this.newest?.revision ?? 0)) return false;
    this.newest = group;
    if (group !== null && !this.request.isEnough(group)) return false;
    this.end();
    return true;
  }
}

type WatchOptions = Pick<EngineBase, 'store' | 'clock' | 'limits' | 'random' | 'telemetry'>;

export function createGroupWatch(options: WatchOptions): GroupWatch {
  const { store, clock } = options;
  const waiting = new Map<string, Set<Waiting>>();
  const polls = createPollTimer(options);
  let hinted = new Set<string>();
  let isPollDue = false;
  let isClosed = false;
  const loop = createLoop({ ...options, name: 'group reads', run: turn });

  async function turn(): Promise<number | null> {
    const isAll = polls.isDue() || isPollDue;
    const ids = isAll ? [...waiting.keys()] : [...hinted];
    hinted = new Set();
    isPollDue = false;
    for (let at = 0; at < ids.length; at += READ_MAX) await reread(ids.slice(at, at + READ_MAX));
    return polls.sleepMs(null);
  }

  /** Each as its waiters know it: they are all of one tenant, but for those that have asked for what is none of theirs. */
  async function reread(ids: readonly string[]): Promise<void> {
    const refs = ids.flatMap((id) => {
      const tenants = new Set([...(waiting.get(id) ?? [])].map(({ request }) => request.tenant));
      return [...tenants].map((tenant) => ({ tenant, id }));
    });
    const groups = refs.length === 0 ? [] : await store.groupRead(refs);
    for (const [at, { tenant, id }] of refs.entries()) see(tenant, id, there(groups[at] ?? null));
  }

  function there(group: Group | null): Group | null {
    return group === null || (group.removeAt !== null && group.removeAt <= clock.now()) ? null : group;
  }

  function see(tenant: string, id: string, group: Group | null): void {
    for (const one of waiting.get(id) ?? []) if (one.request.tenant === tenant && one.see(group)) leave(one);
  }

  function leave(one: Waiting): void {
    const all = waiting.get(one.request.id);
    all?.delete(one);
    if (all?.size === 0) waiting.delete(one.request.id);
  }

  /** In the registry before the group is read: what changes in between finds it there. */
  async function wait(request: WatchRequest): Promise<Group | null> {
    const { id, timeoutMs, signal } = request;
    const { promise, resolve } = Promise.withResolvers<Group | null>();
    const one = new Waiting(request, resolve);
    waiting.set(id, (waiting.get(id) ?? new Set()).add(one));
    const end = () => one.end();
    const cancel = timeoutMs === Number.POSITIVE_INFINITY ? () => {} : clock.after(timeoutMs, end);
    try {
      const [group = null] = await store.groupRead([request]);
      if (one.see(there(group)) || signal.aborted || isClosed || timeoutMs <= 0) return one.newest;
      signal.addEventListener('abort', end, { once: true });
      return await promise;
    } finally {
      cancel();
      signal.removeEventListener('abort', end);
      leave(one);
    }
  }

  return {
    wait,
    loop,
    told(groups) {
      if (groups.length === 0) return;
      for (const group of groups) see(group.tenant, group.id, group);
      store.hint([{ kind: 'jobs', ids: groups.map(({ id }) => id) }]);
    },
    removed({ tenant, id }) {
      see(tenant, id, null);
      store.hint([{ kind: 'jobs', ids: [id] }]);
    },
    hint(ids) {
      if (ids === null) isPollDue = true;
      else for (const id of ids) if (waiting.has(id)) hinted.add(id);
      if (waiting.size > 0 && (ids === null || hinted.size > 0)) loop.wake();
    },
    close() {
      isClosed = true;
      for (const all of [...waiting.values()]) for (const one of all) one.end();
    },
  };
}
