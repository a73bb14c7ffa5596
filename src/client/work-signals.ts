/** How a handler of a remote worker waits for a signal: as functions on the server do, and parked by a release. */
import type { Json } from '../core/job.ts';
import type { WorkBody } from './wire.ts';
import type { Outcome } from './work-outcome.ts';
import type { WorkContext } from './worker-options.ts';
import type { ParkReason } from './working.ts';

export interface WorkSignals {
  readonly waitForSignal: WorkContext['waitForSignal'];
  /** What became of the attempt: once it waits, it is parked, however the handler ended. */
  settled(outcome: Outcome): Outcome;
}

class Parked extends Error {
  override readonly name = 'Parked';
}

/** Final unless it is caught: another attempt would not wait again. */
class SignalTimeout extends Error {
  override readonly name = 'WorkError';
  readonly code = 'SIGNAL_TIMEOUT';
  readonly isRetryable = false;
  readonly details = undefined;
}

export function createWorkSignals({ signals = {}, signalsMissed = [] }: WorkBody): WorkSignals {
  let park: ParkReason | null = null;

  function wait(name: string, timeoutMs: number | undefined): Json {
    if (signalsMissed.includes(name)) throw new SignalTimeout(`The signal ${name} did not come in time.`);
    if (Object.hasOwn(signals, name)) return signals[name] ?? null;
    park ??= { signal: name, ...(timeoutMs === undefined ? {} : { timeoutMs }) };
    throw new Parked(`The job waits for the signal ${park.signal}.`);
  }

  return {
    waitForSignal<Value>(name: string, { timeoutMs }: { readonly timeoutMs?: number } = {}) {
      const waited = (async () => wait(name, timeoutMs) as Value)();
      waited.catch(() => {});
      return waited;
    },
    settled: (outcome) => (park === null ? outcome : { kind: 'parked', reason: park }),
  };
}
