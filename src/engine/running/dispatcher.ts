/**
 * Gets work for the free slots of this process, in one claim for all types, and starts it.
 *
 * - A slot is taken while a handler runs, and free the moment it ends: the next claim travels together with the completion
 *   of the job before, in one transaction of the store. What has ended and is not stored yet is bounded by the slots too.
 * - It sleeps unless there is a reason to look (`work-calendar.ts`); it never asks twice for what it was told is not there.
 * - What a claim brings after `stop` began is released at once, with its attempt given back.
 */
import type { JobSpec } from '../../core/job.ts';
import type { ClaimedJob } from '../../store/contract.ts';
import type { JobType } from '../api.ts';
import { createLoop, type Loop } from '../loop.ts';
import { createPollTimer, type PollTimer } from '../poll-timer.ts';
import { wasForetold } from '../submitting/coming.ts';
import { type AttemptKeeper, type AttemptOptions, createAttempt, type LiveAttempt } from './attempt.ts';
import { type ClaimContext, claimJobs, madeRoom, nextOpening } from './claim-jobs.ts';
import { giveBack } from './give-back.ts';
import type { LiveAttempts } from './live-attempts.ts';
import { slotsOf, TypeSlots } from './type-slots.ts';
import { createWorkCalendar, type WorkCalendar } from './work-calendar.ts';

export interface Dispatcher extends Loop {
  /** Jobs of these types may be due; null for all types. */
  hint(types: readonly string[] | null): void;
  /** As `hint`, of jobs that are on their way into the store: the next claim travels behind their insert. */
  expect(specs: readonly JobSpec[]): void;
  /** Handlers running, per type. */
  running(): ReadonlyMap<string, number>;
  /** Takes these types in place of those before; what runs goes on as it began. */
  retype(types: readonly JobType[]): void;
}

export interface DispatcherOptions extends AttemptOptions, ClaimContext {
  /** In their order. */
  readonly ownTypes: readonly JobType[];
  readonly workerName: string;
  readonly live: LiveAttempts;
}

interface Want {
  readonly slots: TypeSlots;
  readonly max: number;
  readonly arrivals: number;
}

export function createDispatcher(options: DispatcherOptions): Dispatcher {
  return new SlotFiller(options);
}

class SlotFiller implements Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #types: Map<string, TypeSlots>;
  /** Of types that were taken away: what still runs of one counts when it comes back. */
  readonly #gone = new Map<string, TypeSlots>();
  readonly #calendar: WorkCalendar;
  readonly #polls: PollTimer;
  readonly #loop: Loop;
  readonly #releases: Promise<void>[] = [];
  readonly #keepers = new Map<TypeSlots, AttemptKeeper>();
  #isStopping = false;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#types = new Map(options.ownTypes.flatMap(slotsOf).map((slots) => [slots.type, slots]));
    this.#calendar = createWorkCalendar([...this.#types.keys()]);
    this.#polls = createPollTimer(options);
    this.#loop = createLoop({ ...options, name: 'dispatcher', run: () => this.#turn() });
    options.changes.listen((change) => {
      if (change.kind !== 'changed' || wasForetold(options.store.facts, change)) return;
      if (this.#calendar.note(change, options.clock.now())) this.#loop.wake();
      if (madeRoom(options.types, change) && this.#types.has(change.job.type)) this.hint([change.job.type]);
    });
  }

  start(): void {
    this.#loop.start();
  }

  wake(): void {
    this.#loop.wake();
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#loop.stop();
    await Promise.all(this.#releases);
  }

  hint(types: readonly string[] | null): void {
    this.#calendar.mayHaveWork(types);
    this.#loop.wake();
  }

  expect(specs: readonly JobSpec[]): void {
    const types = [...new Set(specs.map(({ type }) => type))].filter((type) => this.#types.has(type));
    if (types.length > 0) this.hint(types);
  }

  running(): ReadonlyMap<string, number> {
    return new Map([...this.#types.values()].map(({ type, running }) => [type, running]));
  }

  retype(types: readonly JobType[]): void {
    const next = new Map(types.map((type) => [type.name, type]));
    for (const [name, slots] of this.#types) {
      if ((next.get(name)?.handler ?? 'remote') !== 'remote') continue;
      this.#types.delete(name);
      this.#gone.set(name, slots);
    }
    for (const { name, handler, slots } of types) {
      if (handler === 'remote') continue;
      const known = this.#types.get(name) ?? this.#gone.get(name) ?? new TypeSlots(name, handler, slots);
      this.#gone.delete(name);
      this.#types.set(name, known);
      known.become({ handler, slots });
    }
    this.#calendar.retype([...this.#types.keys()]);
    this.#loop.wake();
  }

  async #turn(): Promise<number | null> {
    const now = this.#options.clock.now();
    this.#calendar.turn(now);
    if (this.#polls.isDue()) this.#calendar.mayHaveWork(null);
    const wants = this.#wants();
    if (wants.length > 0) await this.#claim(wants, now);
    return this.#wants().length > 0 ? 0 : this.#sleepMs(now);
  }

  #wants(): Want[] {
    const wants: Want[] = [];
    const now = this.#options.clock.now();
    for (const slots of this.#types.values()) {
      const max = slots.freeAt(now);
      if (max === 0 || this.#calendar.isEmpty(slots.type)) continue;
      wants.push({ slots, max, arrivals: this.#calendar.arrivalsOf(slots.type) });
    }
    return wants;
  }

  async #claim(wants: readonly Want[], now: number): Promise<void> {
    const { workerName, limits } = this.#options;
    const claimed = await claimJobs(this.#options, {
      wants: wants.map(({ slots, max }) => ({ type: slots.type, max })),
      max: wants.reduce((sum, { max }) => sum + max, 0),
      tenant: null,
      worker: workerName,
      leaseMs: limits.leaseMs,
      now,
    });
    const got = new Map<string, number>();
    const taken = claimed.flatMap((one) => {
      got.set(one.job.type, (got.get(one.job.type) ?? 0) + 1);
      return this.#take(one) ?? [];
    });
    const short = wants.filter(({ slots, max }) => (got.get(slots.type) ?? 0) < max);
    for (const { slots, arrivals } of short) this.#calendar.empty(slots.type, arrivals);
    // Once all of them are known here: the first handler may do anything to the job of the last.
    for (const attempt of taken) attempt.begin();
    const names = short.map(({ slots }) => slots.type);
    const opensAt = await nextOpening(this.#options, names, now);
    if (opensAt !== null) this.#calendar.expect(opensAt);
  }

  /** Null for what is given back at once. */
  #take(claimed: ClaimedJob): LiveAttempt | null {
    const { job } = claimed;
    const slots = this.#types.get(job.type);
    if (slots === undefined || this.#isStopping) {
      this.#releases.push(giveBack(this.#options, claimed));
      return null;
    }
    const attempt = createAttempt(this.#options, claimed, slots.handler, this.#keeperOf(slots));
    this.#options.live.add(attempt);
    slots.running += 1;
    // A cancel may have been written between the claim and its answer.
    const now = this.#options.snapshots.get(job.id)?.job;
    if (now !== undefined && now.fence === job.fence && now.cancelRequestedAt !== null) attempt.abort('cancel');
    return attempt;
  }

  /** One for all attempts of a type. */
  #keeperOf(slots: TypeSlots): AttemptKeeper {
    const known = this.#keepers.get(slots);
    if (known !== undefined) return known;
    const keeper: AttemptKeeper = {
      ended: (attempt) => {
        slots.running -= 1;
        slots.settling += 1;
        this.#learn(attempt, slots);
        this.#loop.wake();
      },
      settled: (attempt) => {
        this.#options.live.remove(attempt);
        slots.settling -= 1;
        this.#loop.wake();
      },
    };
    this.#keepers.set(slots, keeper);
    return keeper;
  }

  /** Whether this machine can still start attempts of the type. */
  #learn({ notStarted }: LiveAttempt, slots: TypeSlots): void {
    if (notStarted === null) {
      slots.started();
      return;
    }
    const { clock, random, telemetry } = this.#options;
    const restMs = slots.couldNotStart(clock.now(), random());
    if (restMs !== null) telemetry.emit({ kind: 'typeRests', type: slots.type, reason: notStarted, restMs });
  }

  /** @param turnedAt when this turn began: what became due since then has not been looked for, and must not be passed over. */
  async #sleepMs(turnedAt: number): Promise<number | null> {
    const types = [...this.#types.keys()];
    if (this.#calendar.isAskDue && types.length > 0)
      this.#calendar.answer(await this.#options.store.nextRunAt({ types, now: turnedAt }));
    const rests = [...this.#types.values()].flatMap((slots) => slots.restUntil(turnedAt) ?? []);
    return this.#polls.sleepMs(earliest([...rests, this.#calendar.nextAt]));
  }
}

function earliest(times: readonly (number | null)[]): number | null {
  const known = times.filter((time) => time !== null);
  return known.length === 0 ? null : Math.min(...known);
}
