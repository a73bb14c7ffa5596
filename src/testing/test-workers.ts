/** Workers of remote types that the test plays: they claim, renew and report over the native API, as `runWorker` does. */
import type { Client } from '../client/client.ts';
import { runAttempt } from '../client/run-attempt.ts';
import type { AttemptOptions, RunWorkerOptions } from '../client/worker-options.ts';
import type { EngineEvent } from '../engine/api.ts';
import type { Clock } from '../engine/clock.ts';

export interface TestWorkers {
  /** `handle` is what `runWorker` takes. The latest one of a type counts. */
  work(type: string, handle: RunWorkerOptions['handle']): void;
  isRemote(type: string): boolean;
  answers(type: string): boolean;
  /** Claims what is due, and starts it. @returns whether there was any */
  takeOn(): Promise<boolean>;
  /** Whether a claim may bring something. */
  hasDue(): boolean;
  note(event: EngineEvent): void;
}

export interface TestWorkersOptions {
  readonly client: () => Client;
  readonly clock: Clock;
  readonly remoteTypes: ReadonlySet<string>;
}

const LEASE_MS = 30_000;
const JOBS_PER_CLAIM = 20;
const WORKER = 'test-worker';

export function createTestWorkers({ client, clock, remoteTypes }: TestWorkersOptions): TestWorkers {
  const handlers = new Map<string, RunWorkerOptions['handle']>();
  /** When jobs of remote types that wait may run. */
  const waiting = new Map<string, { readonly type: string; readonly runAt: number }>();

  const isDue = ({ type, runAt }: { readonly type: string; readonly runAt: number }) =>
    runAt <= clock.now() && handlers.has(type);

  function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const cancel = clock.after(ms, resolve);
      signal?.addEventListener(
        'abort',
        () => {
          cancel();
          reject(signal.reason);
        },
        { once: true },
      );
    });
  }

  return {
    work(type, handle) {
      if (!remoteTypes.has(type)) throw new TypeError(notRemote(type, remoteTypes));
      handlers.set(type, handle);
    },
    isRemote: (type) => remoteTypes.has(type),
    answers: (type) => handlers.has(type),
    hasDue: () => [...waiting.values()].some(isDue),
    note(event) {
      if (event.kind === 'removed') return void waiting.delete(event.id);
      const { id, type, state, runAt } = event.snapshot.job;
      if (!remoteTypes.has(type)) return;
      if (state === 'waiting') waiting.set(id, { type, runAt });
      else waiting.delete(id);
    },
    async takeOn() {
      const types = [...new Set([...waiting.values()].filter(isDue).map(({ type }) => type))];
      if (types.length === 0) return false;
      const jobs = await client().work.claim({ types, worker: WORKER, max: JOBS_PER_CLAIM, leaseMs: LEASE_MS });
      for (const job of jobs) {
        const handle = handlers.get(job.type) as RunWorkerOptions['handle'];
        const options: AttemptOptions = {
          ...{ types, handle, leaseMs: LEASE_MS, pause, now: () => clock.now() },
          onTrouble: () => {},
        };
        void runAttempt(client(), job, options);
      }
      return jobs.length > 0;
    },
  };
}

function notRemote(type: string, remoteTypes: ReadonlySet<string>): string {
  const there = remoteTypes.size === 0 ? 'the config has none' : `the config has ${[...remoteTypes].join(', ')}`;
  return `work(): ${JSON.stringify(type)} is no remote type; ${there}.`;
}
