/**
 * Everybody in this process who waits for jobs, in one registry.
 *
 * 1. A waiter is linked to its ids first, then the jobs are read, then it waits: what changes in between finds it linked, so
 *    no wake-up is lost. A database that is away is asked again until the wait is over (`outage-pauses.ts`).
 * 2. Changes of this process wake waiters from memory. A waiter never asks the store; 2,000 holds on 2,000 jobs cost it nothing.
 * 3. Where several processes share the store, hinted ids that somebody waits for are read in one batch, and a safety poll
 *    reads all waited ids (`rereads.ts`), since hints may be lost.
 * 4. A wait ends exactly once: satisfied, timed out, aborted, or shut down. `#end` is the one place where it does.
 *
 * 5. One change may wake thousands, as may one moment in which their time is over, and each of them is answered at once: so in one turn
 *    of the event loop only as many end as make `TURN_ANSWERS` answers about one job; the others do in the turns after it, in order.
 *    3,000 streams on one job took the thread for 130 ms, 800 waits for 1,000 jobs for two seconds.
 *
 * Each id has one entry with the newest that is known of it; a wait is answered from these, not from reads of its own.
 *
 * A wait is one object, for ten thousand of them wait at once: it hears of its caller's going itself, its end in time is a place in a line
 * (`wait-times.ts`), and only waits for several jobs, and jobs with several waits, have sets and maps.
 */
import { BideError } from '../../core/errors.ts';
import type { Limits } from '../../core/limits.ts';
import type { Lookup, Snapshot, WaitRequest } from '../api.ts';
import type { Clock } from '../clock.ts';
import type { EngineBase } from '../engine-base.ts';
import { createOutagePauses, isOutage, type OutagePauses } from './outage-pauses.ts';
import type { Found, Reader } from './reader.ts';
import { Tally } from './tally.ts';
import { createWaitTimes, type Timed, type WaitTimes } from './wait-times.ts';
import { Watched } from './watched.ts';

export interface WaitFor extends Omit<WaitRequest, 'until'> {
  /** `news`: whatever `isEnough` says. It must be cheap: it runs at every change of every waited job. */
  readonly until: WaitRequest['until'] | { readonly kind: 'news'; readonly isEnough: (snapshot: Snapshot) => boolean };
}

export interface Waited {
  readonly isSatisfied: boolean;
  readonly lookups: readonly Lookup[];
}

export interface Waiters {
  wait(request: WaitFor): Promise<Waited>;
  /** Ends every wait with what is known; later waits answer at once. */
  close(): void;
  isWatched(id: string): boolean;
  /** Reads these ids, those that somebody waits for, and wakes who waits. */
  reread(ids: readonly string[]): Promise<void>;
  /** All waited ids. */
  watched(): readonly string[];
  /** Waits under way. */
  readonly count: number;
}

/** Answers about one job that may be made in one turn of the event loop: a few ms of work. */
const TURN_ANSWERS = 100;
/** What ending a wait costs at least, in such answers: most of it is the HTTP answer. */
const END_COST = 4;
/** Waiters of one job whose change passes those that stand in line. */
const QUICK_WAITERS_MAX = 8;

/** It listens to its caller's signal itself: see `handleEvent`. */
class Waiter implements Timed {
  readonly request: WaitFor;
  readonly tally: Tally;
  /** What is left of it once the jobs are read. */
  timeoutMs: number;
  overAt = 0;
  before: Timed | null = null;
  after: Timed | null = null;
  isOver = false;
  /** Nothing ends while the first read is under way: its answer needs every entry filled. */
  isRead = false;
  readonly resolve: (waited: Waited) => void;
  readonly #giveUp: (waiter: Waiter) => void;

  constructor(request: WaitFor, giveUp: (waiter: Waiter) => void, resolve: (waited: Waited) => void) {
    this.request = request;
    this.tally = new Tally(request.ids);
    this.timeoutMs = request.timeoutMs;
    this.resolve = resolve;
    this.#giveUp = giveUp;
  }

  handleEvent(): void {
    this.#giveUp(this);
  }
}

type Entry = Watched<Waiter>;

export interface WaitersOptions extends Pick<EngineBase, 'changes' | 'clock' | 'limits'> {
  readonly reader: Reader;
}

export function createWaiters(options: WaitersOptions): Waiters {
  return new WaiterRegistry(options);
}

class WaiterRegistry implements Waiters {
  readonly #reader: Reader;
  readonly #limits: Limits;
  readonly #clock: Clock;
  readonly #outages: OutagePauses;
  readonly #entries = new Map<string, Entry>();
  readonly #waiters = new Set<Waiter>();
  readonly #times: WaitTimes<Waiter>;
  /** Entries with waiters that are untold. */
  readonly #telling = new Map<string, Entry>();
  /** Whose time is over, or who went away. */
  readonly #late = new Set<Waiter>();
  /** Ids waited for, by tenant. */
  readonly #idsOf = new Map<string, number>();
  /** What may still end in this turn. */
  #left = TURN_ANSWERS;
  /** Whether a turn is to come in which more may end. */
  #isTelling = false;
  #isClosed = false;

  constructor({ reader, changes, clock, limits }: WaitersOptions) {
    this.#reader = reader;
    this.#limits = limits;
    this.#clock = clock;
    this.#outages = createOutagePauses(clock);
    this.#times = createWaitTimes<Waiter>(clock, this.#giveUp);
    changes.listen((change) => {
      if (change.kind === 'removed') this.#update(change.id, { ...change, kind: 'gone' });
      else if (change.kind === 'changed') this.#update(change.job.id, { kind: 'found', snapshot: change.snapshot });
    });
  }

  get count(): number {
    return this.#waiters.size;
  }

  wait(request: WaitFor): Promise<Waited> {
    return new Promise((resolve, reject) => {
      if (request.timeoutMs > 0) this.#takeRoom(request);
      const waiter = new Waiter(request, this.#giveUp, resolve);
      this.#link(waiter);
      const unknown = this.#peek(waiter.tally.ids);
      if (unknown.length === 0) this.#begin(waiter);
      else void this.#readFirst(waiter, unknown, reject);
    });
  }

  /** Given back when the wait ends. A single one always finds room. */
  #takeRoom({ tenant, ids }: WaitFor): void {
    const { waitIdsPerTenantMax: value } = this.#limits;
    const own = this.#idsOf.get(tenant) ?? 0;
    if (own > 0 && own + ids.length > value) {
      const detail = `The tenant's held requests wait for ${own} jobs; together they may for ${value} (waitIdsPerTenantMax).`;
      throw new BideError('TOO_MANY_HOLDS', detail, { limit: 'waitIdsPerTenantMax', value });
    }
    this.#idsOf.set(tenant, own + ids.length);
  }

  #giveRoomBack({ tenant, ids, timeoutMs }: WaitFor): void {
    if (timeoutMs <= 0) return;
    const own = (this.#idsOf.get(tenant) ?? 0) - ids.length;
    if (own > 0) this.#idsOf.set(tenant, own);
    else this.#idsOf.delete(tenant);
  }

  close(): void {
    this.#isClosed = true;
    this.#outages.close();
    while (this.#telling.size + this.#late.size > 0) this.#tell(Number.POSITIVE_INFINITY);
    for (const waiter of [...this.#waiters]) if (waiter.isRead) this.#end(waiter, false);
  }

  isWatched(id: string): boolean {
    return this.#entries.has(id);
  }

  async reread(ids: readonly string[]): Promise<void> {
    const watched = ids.filter((id) => this.#entries.has(id));
    if (watched.length > 0) await this.#readInto(watched);
  }

  watched(): readonly string[] {
    return [...this.#entries.keys()];
  }

  #update(id: string, found: Found): void {
    const entry = this.#entries.get(id);
    // What is known already wakes nobody: with 2,000 waiters on one job, each new one would judge all the others.
    if (entry === undefined || !isNews(found, entry.found)) return;
    const isFirst = entry.found === null;
    entry.found = found;
    // Whoever waits for it is still under way to their first look at all of their jobs, and sees it then.
    if (isFirst) return;
    // Most changes wake one or nobody: these never stand in line behind those that wake thousands.
    if (isQuick(entry)) {
      for (const waiter of entry.waiters()) this.#told(waiter, id, entry);
      return;
    }
    entry.untold ??= new Set();
    for (const waiter of entry.waiters()) entry.untold.add(waiter);
    this.#telling.set(id, entry);
    if (!this.#isTelling) this.#tell();
  }

  /** Their time is over, or they went away. */
  readonly #giveUp = (waiter: Waiter): void => {
    this.#late.add(waiter);
    if (!this.#isTelling) this.#tell();
  };

  /** Ends what may end in this turn, and has the rest follow. */
  #tell(left = this.#left): void {
    this.#left = left;
    for (const [id, entry] of [...this.#telling]) {
      if (this.#left <= 0) break;
      this.#left = this.#tellOf(id, entry, this.#left);
    }
    for (const waiter of this.#late) {
      if (this.#left <= 0) break;
      this.#left -= costOf(waiter);
      this.#catchUp(waiter);
      this.#end(waiter, false);
    }
    if (this.#isTelling || this.#left === Number.POSITIVE_INFINITY) return;
    this.#isTelling = true;
    setImmediate(() => {
      this.#isTelling = false;
      this.#left = TURN_ANSWERS;
      if (this.#telling.size + this.#late.size > 0) this.#tell();
    });
  }

  /** Wakes waiters of one job, as many as may be; those that are left over have their turn after those of other jobs. */
  #tellOf(id: string, entry: Entry, budget: number): number {
    const untold = entry.untold ?? new Set();
    let left = budget;
    for (const waiter of untold) {
      if (left <= 0) break;
      untold.delete(waiter);
      left -= this.#told(waiter, id, entry);
    }
    this.#telling.delete(id);
    if (untold.size > 0) this.#telling.set(id, entry);
    else entry.untold = null;
    return left;
  }

  /** Answers what that cost, in answers about one job. */
  #told(waiter: Waiter, id: string, { found }: Entry): number {
    if (waiter.isOver || found === null) return 0;
    judge(waiter, id, found);
    return waiter.isRead && this.#endIfDone(waiter) ? costOf(waiter) : 0.1;
  }

  /** What changed of its jobs and was not told yet counts, when it ends by time. */
  #catchUp(waiter: Waiter): void {
    if (this.#telling.size === 0) return;
    for (const id of waiter.tally.ids) {
      const entry = this.#telling.get(id);
      if (entry?.untold?.delete(waiter)) this.#told(waiter, id, entry);
    }
  }

  async #readInto(ids: readonly string[]): Promise<void> {
    const found = await this.#reader.fresh(ids);
    ids.forEach((id, index) => {
      this.#update(id, found[index] ?? { kind: 'missing' });
    });
  }

  #link(waiter: Waiter): void {
    this.#waiters.add(waiter);
    for (const id of waiter.tally.ids) {
      let entry = this.#entries.get(id);
      if (entry === undefined) {
        entry = new Watched();
        this.#entries.set(id, entry);
      }
      entry.add(waiter);
    }
  }

  /** Those ids that memory does not know for certain. */
  #peek(ids: readonly string[]): readonly string[] {
    return ids.filter((id) => {
      const snapshot = this.#reader.peek(id);
      if (snapshot !== undefined) this.#update(id, { kind: 'found', snapshot });
      return snapshot === undefined;
    });
  }

  async #readFirst(waiter: Waiter, unknown: readonly string[], reject: (error: unknown) => void): Promise<void> {
    const { signal, timeoutMs } = waiter.request;
    const overAt = this.#clock.steady() + timeoutMs;
    for (;;) {
      try {
        await this.#readInto(unknown);
        break;
      } catch (error) {
        const leftMs = overAt - this.#clock.steady();
        if (isOutage(error) && (await this.#outages.pause(signal, leftMs))) continue;
        reject(error);
        this.#end(waiter, false);
        return;
      }
    }
    waiter.timeoutMs = overAt - this.#clock.steady();
    this.#begin(waiter);
  }

  #begin(waiter: Waiter): void {
    for (const id of waiter.tally.ids) judge(waiter, id, this.#entries.get(id)?.found ?? { kind: 'missing' });
    waiter.isRead = true;
    if (this.#endIfDone(waiter)) return;
    const { signal, timeoutMs } = waiter.request;
    if (this.#isClosed || signal.aborted || timeoutMs <= 0) {
      this.#end(waiter, false);
      return;
    }
    signal.addEventListener('abort', waiter, ONCE);
    if (Number.isFinite(timeoutMs)) this.#times.add(waiter);
  }

  #endIfDone(waiter: Waiter): boolean {
    const { request, tally } = waiter;
    if (request.for === 'any' && tally.enough > 0) this.#end(waiter, true);
    // Nothing is left to wait for. That is enough only for `all`, and only where all of them exist.
    else if (tally.pending === 0) this.#end(waiter, request.for === 'all' && tally.enough === tally.ids.length);
    return waiter.isOver;
  }

  #end(waiter: Waiter, isSatisfied: boolean): void {
    if (waiter.isOver) return;
    waiter.isOver = true;
    this.#late.delete(waiter);
    this.#giveRoomBack(waiter.request);
    this.#times.remove(waiter);
    waiter.request.signal.removeEventListener('abort', waiter);
    const { ids, tenant } = waiter.request;
    waiter.resolve({ isSatisfied, lookups: ids.map((id) => lookupOf(this.#entries.get(id)?.found, tenant)) });
    this.#unlink(waiter);
  }

  #unlink(waiter: Waiter): void {
    this.#waiters.delete(waiter);
    for (const id of waiter.tally.ids) {
      const entry = this.#entries.get(id);
      entry?.delete(waiter);
      if (entry?.size === 0) this.#entries.delete(id);
    }
  }
}

const ONCE = Object.freeze({ once: true });

function costOf({ request }: Waiter): number {
  return Math.max(END_COST, request.ids.length);
}

/** Whether the waiters may be told at once. Not where some stand in line already: one who is told twice would be ended twice. */
function isQuick(entry: Entry): boolean {
  if (entry.untold !== null || entry.size > QUICK_WAITERS_MAX) return false;
  let cost = 0;
  for (const waiter of entry.waiters()) cost += costOf(waiter);
  return cost <= TURN_ANSWERS;
}

function judge({ request, tally }: Waiter, id: string, found: Found): void {
  if (found.kind !== 'found' || found.snapshot.job.tenant !== request.tenant) tally.note(id, 'never');
  else tally.note(id, isEnough(request.until, found.snapshot) ? 'enough' : 'pending');
}

function isEnough(until: WaitFor['until'], snapshot: Snapshot): boolean {
  if (until.kind === 'done') return snapshot.job.finishedAt !== null;
  return until.kind === 'change' ? snapshot.job.revision > until.since : until.isEnough(snapshot);
}

function isNews(found: Found, known: Found | null): boolean {
  if (known === null || found.kind !== known.kind) return known === null || found.kind !== 'missing';
  return found.kind === 'found' && known.kind === 'found' && found.snapshot.job.revision > known.snapshot.job.revision;
}

/** A job of another tenant is missing, and so is its tombstone. */
export function lookupOf(found: Found | undefined | null, tenant: string): Lookup {
  return found?.kind === 'found' && found.snapshot.job.tenant === tenant ? found : absenceOf(found, tenant);
}

/** What this tenant learns of a job that is not there, or not theirs. */
export function absenceOf(found: Found | undefined | null, tenant: string): Exclude<Lookup, { kind: 'found' }> {
  if (found?.kind === 'gone' && found.tenant === tenant) return { kind: 'gone', goneAt: found.goneAt };
  return { kind: 'missing' };
}
