/**
 * Bide for tests: the real engine on a real SQLite store in a folder of its own, with the real checks, under a clock that the test turns.
 *
 * - Nothing runs by itself. `runNow` runs what is due, `clock.advance` what becomes due; both resolve when all has come to rest.
 * - Retries come exactly when their backoff says: nothing is spread by chance.
 * - Functions run in the process of the test; programs, HTTP calls and queries are real. Remote types are answered by `work`.
 * - Closed, or at the end of its `await using`, nothing of it is left: no thread, no folder.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Bide, openLibrary } from '../app/library.ts';
import { type Client, createClient } from '../client/client.ts';
import { idOf, type JobRef } from '../client/job-ref.ts';
import type { JobOf, JobShapes, JobsOf } from '../client/job-types.ts';
import { requireKnown } from '../client/known-options.ts';
import type { ResultOfRef, TypedClient } from '../client/typed-client.ts';
import type { JobBody } from '../client/wire.ts';
import type { RunWorkerOptions } from '../client/worker-options.ts';
import type { TypedConfig } from '../config/define-config.ts';
import type { Json } from '../core/job.ts';
import type { Clock } from '../engine/clock.ts';
import { systemClock } from '../engine/index.ts';
import { openSqlite } from '../store/sqlite/index.ts';
import { expectationOf, type JobExpectation } from './expect-job.ts';
import { type HeldStore, holdWork } from './held-store.ts';
import { localFetch } from './local-fetch.ts';
import { createRunner, type Runner } from './runner.ts';
import { createTurnedClock, SWEEP_INTERVAL_MS, type TurnedClock } from './test-clock.ts';
import { createTestWorkers, type TestWorkers } from './test-workers.ts';

export interface TestBideOptions {
  /** What the clock shows at first; the present time unless told. */
  readonly startAt?: Date | string | number;
  /** Jobs run as soon as they are due, without `runNow`: for code that submits a job and waits for it. The clock stands still all the same. */
  readonly autoRun?: boolean;
  /** Owner of the jobs; `default` unless told. */
  readonly tenant?: string;
  /** How long `clock.advance` waits, in real time, for a handler that runs; 250 unless told. */
  readonly patienceMs?: number;
  /** How long `runNow` waits, in real time; 10 seconds unless told. */
  readonly runMsMax?: number;
}

export interface TestClock {
  /** Epoch ms. */
  now(): number;
  /** Time passes: what becomes due meanwhile is done, each thing at its time. */
  advance(ms: number): Promise<void>;
  advanceTo(time: Date | string | number): Promise<void>;
}

export interface TestBide<Jobs extends JobShapes> extends Omit<Bide<Jobs>, 'routes' | 'unsafe'>, AsyncDisposable {
  readonly clock: TestClock;
  /** The client of the HTTP API, with every scope and without a network: for code that takes one. */
  readonly client: TypedClient<Jobs>;
  /** Runs all that is due until nothing is. @returns how many attempts that were */
  runNow(): Promise<number>;
  /** Answers a remote type as a worker does; `handle` is what `runWorker` takes. */
  work(type: keyof Jobs & string, handle: RunWorkerOptions['handle']): void;
  expectJob<const Ref extends JobRef>(job: Ref): JobExpectation<ResultOfRef<Jobs, Ref>>;
  /** The jobs that there are, the oldest first: what the code under test has submitted. */
  jobs<Name extends keyof Jobs & string>(type?: Name): Promise<readonly JobOf<Jobs, Name>[]>;
  /** What the job was submitted with, as its schema left it. */
  input(job: JobRef): Promise<Json>;
}

const OPTIONS = ['startAt', 'autoRun', 'tenant', 'patienceMs', 'runMsMax'] as const;
const DEFAULT_TENANT = 'default';
const PATIENCE_MS = 250;
const RUN_MS_MAX = 10_000;
/** No host: nothing leaves the process. */
const LOCAL_URL = 'http://bide.test';

export async function createTestBide<Inputs extends Record<string, unknown>, Types>(
  config: TypedConfig<Inputs, Types>,
  options: TestBideOptions = {},
): Promise<TestBide<JobsOf<{ types: Types }>>> {
  requireKnown('createTestBide', options, OPTIONS);
  const { tenant = DEFAULT_TENANT } = options;
  const sweepIntervalMs = config.limits?.sweepIntervalMs ?? SWEEP_INTERVAL_MS;
  const turned = createTurnedClock(timeOf(options.startAt ?? Date.now()), sweepIntervalMs);
  await using opened = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'bide-test-'));
  opened.defer(() => rm(folder, { recursive: true, force: true }));
  const held = Promise.withResolvers<HeldStore>();
  const tested = { ...config, limits: { ...config.limits, sweepIntervalMs } };
  const library = await openLibrary<JobsOf<{ types: Types }>>(
    tested,
    { tenant },
    {
      handlerClock: handlerClock(turned.clock),
      clockOf: async () => turned.clock,
      random: () => 0,
      async openStore() {
        // Nothing here cuts the power, so no write waits for the disk.
        const store = await openSqlite({ folder, synchronous: 'normal' });
        await store.migrate();
        held.resolve(holdWork(store, turned.clock));
        return (await held.promise).store;
      },
    },
  );
  const parts = partsOf({ library, options, turned, held: await held.promise, tenant });
  opened.defer(() => parts.close());
  const rest = opened.move();
  return faceOf(library, { ...parts, turned, tenant, close: () => rest.disposeAsync() });
}

interface PartsOptions<Jobs extends JobShapes> {
  readonly library: Bide<Jobs>;
  readonly options: TestBideOptions;
  readonly turned: TurnedClock;
  readonly held: HeldStore;
  readonly tenant: string;
}

function partsOf<Jobs extends JobShapes>(given: PartsOptions<Jobs>) {
  const { library, options, turned, held, tenant } = given;
  const { engine } = library;
  const local = localFetch(library.routes, { tenant, letRun: () => held.release() });
  const client = createClient({ url: LOCAL_URL, fetch: local.fetch });
  const remoteTypes = new Set(engine.types().flatMap(({ name, kind }) => (kind === 'remote' ? [name] : [])));
  const workers = createTestWorkers({ client: () => client, clock: turned.clock, remoteTypes });
  const { patienceMs = PATIENCE_MS, runMsMax = RUN_MS_MAX } = options;
  const runner = createRunner({ engine, held, turned, workers, patienceMs, runMsMax });
  if (options.autoRun === true) held.release();
  return {
    ...{ client, workers, runner, held },
    async close() {
      held.stop();
      await stopTurning(library, turned, held);
      await local.close();
      await library.close();
    },
  };
}

interface FaceParts {
  readonly client: Client;
  readonly workers: TestWorkers;
  readonly runner: Runner;
  readonly held: HeldStore;
  readonly turned: TurnedClock;
  readonly tenant: string;
  readonly close: () => Promise<void>;
}

function faceOf<Jobs extends JobShapes>(library: Bide<Jobs>, parts: FaceParts): TestBide<Jobs> {
  const { client, workers, runner, held, turned, tenant, close } = parts;
  const { routes: _, unsafe: __, ...calls } = library;
  const now = () => turned.clock.now();
  return {
    ...calls,
    // The types of the config are known to the compiler alone, here and below.
    client: client as unknown as TypedClient<Jobs>,
    // Whoever waits wants the job to run.
    async wait(id, options) {
      const hold = held.release();
      return library.wait(id, options).finally(hold);
    },
    async run(type, ...rest) {
      const hold = held.release();
      return library.run(type, ...rest).finally(hold);
    },
    clock: {
      now,
      advance: (ms) => runner.advance(ahead(ms)),
      advanceTo: (time) => runner.advance(ahead(timeOf(time) - now())),
    },
    runNow: runner.runNow,
    work: workers.work,
    expectJob: (job) => {
      const id = idOf(job);
      return expectationOf({
        get: () => library.get(id),
        result: () => resultOf(library, id),
        lines: async () => (await library.logs(id)).lines.map(({ line }) => line),
        now,
      });
    },
    async jobs(type) {
      const jobs: JobBody[] = [];
      const options = { sort: 'oldest', ...(type === undefined ? {} : { types: [type] }) } as const;
      for await (const job of client.list(options)) jobs.push(job);
      return jobs as unknown as readonly JobOf<Jobs, NonNullable<typeof type>>[];
    },
    async input(job) {
      const id = idOf(job);
      // Tells whether there is such a job.
      await library.get(id);
      return JSON.parse((await library.engine.readInput(tenant, id)) ?? 'null') as Json;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** A result that is no JSON is its bytes; none is null. */
async function resultOf(library: Pick<Bide<JobShapes>, 'result'>, id: string): Promise<unknown> {
  const result = await library.result(id);
  if (result === null) return null;
  const isJson = /^application\/json\b/.test(result.contentType);
  return isJson ? JSON.parse(Buffer.from(result.bytes).toString()) : result.bytes;
}

/** Programs, requests and queries take real time, and are ended by it. */
function handlerClock(clock: Clock): Clock {
  return { now: () => clock.now(), steady: () => clock.steady(), after: systemClock.after };
}

/** Handlers that the test left running are abandoned when their last seconds are over: no more of them than these. */
const LAST_SECONDS = 60;

async function stopTurning({ engine }: Pick<Bide<JobShapes>, 'engine'>, { clock }: TurnedClock, held: HeldStore) {
  let isStopped = false;
  const stopped = engine.stop({ force: AbortSignal.abort() }).finally(() => {
    isStopped = true;
  });
  for (let second = 0; second < LAST_SECONDS && !isStopped; second += 1) {
    await held.idle();
    if (!isStopped) clock.advance(1_000);
  }
  await stopped;
}

function timeOf(time: Date | string | number): number {
  const ms = new Date(time).getTime();
  if (Number.isNaN(ms))
    throw new TypeError(`${JSON.stringify(time)} is no time: give a Date, an ISO 8601 text or epoch ms.`);
  return ms;
}

function ahead(ms: number): number {
  if (Number.isFinite(ms) && ms >= 0) return ms;
  throw new RangeError(`The clock of a test goes ahead only: it was to go ${ms} ms.`);
}
