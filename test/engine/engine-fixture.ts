/** An engine on a real SQLite store in a folder of its own, under a clock turned by hand, with handlers that tests play. */
import type { Job, Json } from '../../src/core/job.ts';
import { DEFAULT_LIMITS, type LimitName } from '../../src/core/limits.ts';
import {
  type Attempt,
  type AttemptOutcome,
  createEngine,
  createFakeClock,
  createTelemetry,
  type EngineOptions,
  type FakeClock,
  type JobType,
  type RunningEngine,
  type SubmitRequest,
  type TelemetryEvent,
} from '../../src/engine/index.ts';
import type { Store } from '../../src/store/contract.ts';
import { type OwnStore, openStore } from './store-pool.ts';
import { type StoreSpy, spyOn } from './store-spy.ts';

export { openStore } from './store-pool.ts';

export type Run = (attempt: Attempt) => Promise<AttemptOutcome>;

export interface FixtureOptions extends Partial<Omit<EngineOptions, 'store' | 'types' | 'limits' | 'clock'>> {
  /** Job types by name: what runs them, or `remote`. */
  readonly types?: Readonly<Record<string, Run | 'remote' | Partial<JobType>>>;
  readonly limits?: Partial<Record<LimitName, number>>;
  readonly clock?: FakeClock;
  /** Stands on this store instead of one of its own, which its owner closes. */
  readonly spy?: StoreSpy;
}

export interface Fixture extends AsyncDisposable {
  readonly engine: RunningEngine;
  readonly clock: FakeClock;
  readonly spy: StoreSpy;
  readonly store: Store;
  readonly events: TelemetryEvent[];
  /** Submits and returns the id; fails the test on any other outcome than `created`. */
  submit(type: string, options?: Partial<SubmitRequest>): Promise<string>;
  /** The job, as soon as it is as wanted. */
  until(id: string, isWanted: (job: Job) => boolean): Promise<Job>;
  job(id: string): Promise<Job>;
  /** Moves the time on and lets everything that follows from it come to rest. */
  advance(ms: number): Promise<void>;
}

export const TENANT = 'acme';
export const NEVER = new AbortController().signal;
export const DONE: AttemptOutcome = { kind: 'succeeded', result: null };

export async function openEngine(options: FixtureOptions = {}): Promise<Fixture> {
  const own = options.spy === undefined ? await openStore() : null;
  const spy = options.spy ?? spyOn((own as OwnStore).store);
  const clock = options.clock ?? createFakeClock();
  const telemetry = createTelemetry();
  const events: TelemetryEvent[] = [];
  telemetry.subscribe((event) => void events.push(event));
  const engine = createEngine({
    ...{ workerName: 'worker-1', runsJobs: true, random: () => 0.5, telemetry },
    ...options,
    ...{ clock, store: spy.store },
    types: Object.entries(options.types ?? { task: async () => DONE }).map(typeOf),
    limits: { ...DEFAULT_LIMITS, ...options.limits },
  });
  await engine.start();
  await spy.idle();

  const job = async (id: string) => {
    const [lookup] = await engine.read(TENANT, [id]);
    if (lookup?.kind !== 'found') throw new Error(`Job ${id} is ${lookup?.kind}.`);
    return lookup.snapshot.job;
  };
  return {
    ...{ engine, clock, spy, events, job },
    store: spy.store,
    async submit(type, request) {
      const [outcome] = await engine.submit([{ tenant: TENANT, type, ...request }]);
      if (outcome?.kind !== 'created') throw new Error(`Submit: ${JSON.stringify(outcome)}`);
      return outcome.snapshot.job.id;
    },
    until: (id, isWanted) => until(engine, id, isWanted, job),
    async advance(ms) {
      await spy.idle();
      const until = clock.now() + ms;
      // From timer to timer: what one of them starts may set the next one.
      while (clock.now() < until) {
        clock.advance(Math.min(until - clock.now(), Math.max(1, clock.untilNextMs)));
        await spy.idle();
      }
    },
    async [Symbol.asyncDispose]() {
      spy.repair();
      let isStopped = false;
      const stopped = engine.stop({ force: AbortSignal.abort() }).finally(() => {
        isStopped = true;
      });
      // Handlers that the test left running are abandoned when their last second is over.
      for (let second = 0; second < 60 && !isStopped; second += 1) {
        clock.advance(1_000);
        await spy.idle();
      }
      await stopped;
      await own?.[Symbol.asyncDispose]();
    },
  };
}

async function until(
  engine: RunningEngine,
  id: string,
  isWanted: (job: Job) => boolean,
  read: (id: string) => Promise<Job>,
): Promise<Job> {
  const wanted = Promise.withResolvers<Job>();
  const stop = engine.subscribe((event) => {
    if (event.kind !== 'changed' || event.snapshot.job.id !== id) return;
    if (isWanted(event.snapshot.job)) wanted.resolve(event.snapshot.job);
  });
  const job = await read(id);
  if (isWanted(job)) wanted.resolve(job);
  return wanted.promise.finally(stop);
}

function typeOf([name, given]: [string, Run | 'remote' | Partial<JobType>]): JobType {
  const handler = typeof given === 'function' ? { kind: 'function' as const, run: given } : given;
  return {
    ...{ name, slots: 2, handler: 'remote' },
    defaults: { timeoutMs: null, retainMs: null, retry: {} },
    checkInput: (input: Json) => ({ kind: 'valid', input }),
    ...(typeof handler === 'object' && 'run' in handler ? { handler } : handler === 'remote' ? {} : handler),
  };
}

/** A handler whose runs the test sees begin and ends by hand. */
export interface Play {
  readonly run: Run;
  /** The next run that has begun and was not taken yet. */
  next(): Promise<PlayedRun>;
  /** Runs that have begun and not ended. */
  readonly running: number;
  readonly runningMax: number;
}

export interface PlayedRun {
  readonly attempt: Attempt;
  end(outcome: AttemptOutcome): void;
  throwUp(thrown: unknown): void;
}

export function createPlay(): Play {
  const begun: PlayedRun[] = [];
  const takers: ((run: PlayedRun) => void)[] = [];
  let running = 0;
  let runningMax = 0;

  return {
    run(attempt) {
      const ended = Promise.withResolvers<AttemptOutcome>();
      running += 1;
      runningMax = Math.max(runningMax, running);
      const run = { attempt, end: ended.resolve, throwUp: ended.reject };
      const taker = takers.shift();
      if (taker === undefined) begun.push(run);
      else taker(run);
      return ended.promise.finally(() => {
        running -= 1;
      });
    },
    next() {
      const run = begun.shift();
      return run === undefined ? new Promise((resolve) => takers.push(resolve)) : Promise.resolve(run);
    },
    get running() {
      return running;
    },
    get runningMax() {
      return runningMax;
    },
  };
}

/** Resolves with the reason when the attempt is told to stop. */
export function aborted(attempt: Attempt): Promise<unknown> {
  return new Promise((resolve) => {
    if (attempt.signal.aborted) resolve(attempt.signal.reason);
    attempt.signal.addEventListener('abort', () => resolve(attempt.signal.reason), { once: true });
  });
}

export function json(value: Json): AttemptOutcome {
  const bytes = Buffer.from(JSON.stringify(value));
  return { kind: 'succeeded', result: { contentType: 'application/json', bytes } };
}

export function failed(message: string, isRetryable = true): AttemptOutcome {
  return { kind: 'failed', failure: { code: 'HANDLER_FAILED', message, details: null }, isRetryable };
}
