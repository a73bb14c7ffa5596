/**
 * Function handlers in the caller's own thread: for Bide as a library, where the functions close over the user's program.
 * An endless loop blocks that program and cannot be ended; the server and the worker run functions in threads instead.
 */
import type { LogLevel } from '../../core/log-line.ts';
import type { AbortReason, Attempt, AttemptOutcome, Handler } from '../../engine/api.ts';
import type { Clock } from '../../engine/clock.ts';
import { abortErrorOf, callFactsOf, type FunctionHandler } from './job-context.ts';
import { type FunctionLimits, runFunction } from './run-function.ts';

export function inlineHandler(run: FunctionHandler, environment: { limits: FunctionLimits; clock: Clock }): Handler {
  return {
    kind: 'function',
    run: (attempt) => runInline(run, attempt, environment),
  };
}

async function runInline(
  run: FunctionHandler,
  attempt: Attempt,
  { limits, clock }: { limits: FunctionLimits; clock: Clock },
): Promise<AttemptOutcome> {
  const controller = new AbortController();
  const abort = () => controller.abort(abortErrorOf(attempt.signal.reason as AbortReason));
  if (attempt.signal.aborted) return { kind: 'aborted' };
  attempt.signal.addEventListener('abort', abort, { once: true });
  try {
    const call = {
      facts: callFactsOf(attempt, clock),
      input: attempt.input,
      signal: controller.signal,
      report: (percent: number, message: string | null | undefined) => attempt.report(percent, message),
      // Asked for when something is said or emitted: most say nothing.
      log: (line: string, level: LogLevel, fields: string | null) => attempt.log(line, level, fields),
      emit: (chunk: string) => attempt.emit(chunk),
    };
    return await runFunction(run, call, limits);
  } finally {
    attempt.signal.removeEventListener('abort', abort);
  }
}
