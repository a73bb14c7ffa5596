/** One call of a user's function, from JSON text to an outcome: the same in a thread and inline. Never rejects. */
import type { Limits } from '../../core/limits.ts';
import { retryLaterMs } from '../../core/retry-later.ts';
import { runThrough } from '../../core/run-through.ts';
import type { AttemptOutcome } from '../../engine/api.ts';
import { failedBy } from './describe-thrown.ts';
import { encodeResult } from './encode-result.ts';
import { type Call, type FunctionHandler, jobContextOf } from './job-context.ts';
import type { OutputLimits } from './job-output.ts';
import { jobSignals, type SignalLimits } from './job-signals.ts';

export type FunctionLimits = Pick<Limits, 'resultBytesMax' | 'jsonDepthMax' | 'errorMessageLengthMax'> &
  OutputLimits &
  SignalLimits;

/** `aborted` where the function threw after its signal fired; what it returned in spite of that counts. `parked` however it ended, once it waits. */
export async function runFunction(run: FunctionHandler, call: Call, limits: FunctionLimits): Promise<AttemptOutcome> {
  const signals = jobSignals(call.facts.signals, limits);
  try {
    const context = jobContextOf(call, limits, signals.waitForSignal);
    const returned = run(JSON.parse(call.input) as never, context);
    const through = { emit: (chunk: unknown) => context.emit(chunk), isStopped: () => call.signal.aborted };
    const ran = await runThrough(returned, through);
    return signals.park === null ? encodeResult(ran, limits) : { kind: 'parked', ...signals.park };
  } catch (thrown) {
    if (signals.park !== null) return { kind: 'parked', ...signals.park };
    if (call.signal.aborted) return { kind: 'aborted' };
    const waitMs = retryLaterMs(thrown, limits.delayMsMax);
    if (waitMs !== null) return { kind: 'later', waitMs };
    return failedBy(thrown, limits);
  }
}
