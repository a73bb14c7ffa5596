/**
 * How a function waits for a signal: it gets what has come, and else ends its attempt by throwing. The job is then parked, whatever the function does
 * with what was thrown, and begins again from the start when the signal comes or its time is over.
 */
import type { Json } from '../../core/job.ts';
import type { Limits } from '../../core/limits.ts';
import { isSignalName, type KnownSignals } from '../../core/signals.ts';
import type { Park } from '../../engine/api.ts';
import { PermanentError } from './permanent-error.ts';

export type SignalLimits = Pick<Limits, 'signalNameLengthMax' | 'signalTimeoutMs' | 'delayMsMax'>;

export interface SignalOptions {
  /** How long it waits: a week unless told (`signalTimeoutMs`). */
  readonly timeoutMs?: number;
}

export type WaitForSignal = <Value = Json>(name: string, options?: SignalOptions) => Promise<Value>;

/** Thrown to end an attempt that waits. Let it through. */
export class Parked extends Error {
  override readonly name = 'Parked';
}

export interface JobSignals {
  readonly waitForSignal: WaitForSignal;
  /** What the function waits for; null where it waits for nothing. */
  readonly park: Park | null;
}

export function jobSignals(known: KnownSignals | null, limits: SignalLimits): JobSignals {
  let park: Park | null = null;
  return {
    get park() {
      return park;
    },
    waitForSignal<Value>(name: string, { timeoutMs = limits.signalTimeoutMs }: SignalOptions = {}) {
      const waited = (async () => wait(name, timeoutMs) as Value)();
      // Without an `await` in the handler it would bring the thread down.
      waited.catch(() => {});
      return waited;
    },
  };

  function wait(name: string, timeoutMs: number): Json {
    requireSense(name, timeoutMs, limits);
    if (known?.overdue.includes(name)) throw overdue(name);
    if (known !== null && Object.hasOwn(known.values, name)) return known.values[name] ?? null;
    park ??= { signal: name, timeoutMs };
    throw new Parked(`The job waits for the signal ${park.signal}.`);
  }
}

/** Final unless it is caught: another attempt would not wait again. */
function overdue(name: string): PermanentError {
  return new PermanentError(`The signal ${name} did not come in time.`, { code: 'SIGNAL_TIMEOUT' });
}

function requireSense(name: string, timeoutMs: number, { signalNameLengthMax, delayMsMax }: SignalLimits): void {
  if (!isSignalName(name, signalNameLengthMax)) {
    const rule = `1 to ${signalNameLengthMax} letters, digits, dots, dashes and underscores, beginning with a letter or digit`;
    throw new PermanentError(`waitForSignal takes a name of ${rule}.`);
  }
  if (Number.isSafeInteger(timeoutMs) && timeoutMs >= 1 && timeoutMs <= delayMsMax) return;
  throw new PermanentError(`waitForSignal takes timeoutMs as a whole number from 1 to ${delayMsMax} (delayMsMax).`);
}
