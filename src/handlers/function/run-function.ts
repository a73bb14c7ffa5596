/** One call of a user's function, from JSON text to an outcome: the same in a thread and inline. Never rejects. */
import type { Limits } from '../../core/limits.ts';
import { runThrough } from '../../core/run-through.ts';
import type { AttemptOutcome } from '../../engine/api.ts';
import { failedBy } from './describe-thrown.ts';
import { encodeResult } from './encode-result.ts';
import { type Call, type FunctionHandler, jobContextOf } from './job-context.ts';
import type { OutputLimits } from './job-output.ts';

export type FunctionLimits = Pick<Limits, 'resultBytesMax' | 'jsonDepthMax' | 'errorMessageLengthMax'> & OutputLimits;

/** `aborted` where the function threw after its signal fired; what it returned in spite of that counts. */
export async function runFunction(run: FunctionHandler, call: Call, limits: FunctionLimits): Promise<AttemptOutcome> {
  try {
    const context = jobContextOf(call, limits);
    const returned = run(JSON.parse(call.input) as never, context);
    const through = { emit: (chunk: unknown) => context.emit(chunk), isStopped: () => call.signal.aborted };
    return encodeResult(await runThrough(returned, through), limits);
  } catch (thrown) {
    if (call.signal.aborted) return { kind: 'aborted' };
    return failedBy(thrown, limits);
  }
}
