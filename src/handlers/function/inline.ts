/**
 * Function handlers in the caller's own thread: for Bide as a library, where the functions close over the user's program.
 * An endless loop blocks that program and cannot be ended; the server and the worker run functions in threads instead.
 */
import type { LogLevel } from '../../core/log-line.ts';
import type { AbortReason, Attempt, AttemptOutcome, Handler, ParentJob } from '../../engine/api.ts';
import type { Clock } from '../../engine/clock.ts';
import { abortErrorOf, type Call, type CallFacts, callFactsOf, type FunctionHandler } from './job-context.ts';
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
  if (attempt.isStopped) return { kind: 'aborted' };
  const call = new InlineCall(attempt, clock);
  const outcome = await runFunction(run, call, limits);
  call.end();
  return outcome;
}

/** Signal, log and output are asked for when the function asks: most do without. With a signal for each, a job cost 6 us of CPU more. */
class InlineCall implements Call {
  readonly facts: CallFacts;
  readonly input: string;
  readonly #attempt: Attempt;
  #controller: AbortController | null = null;

  constructor(attempt: Attempt, clock: Clock) {
    this.facts = callFactsOf(attempt, clock);
    this.input = attempt.input;
    this.#attempt = attempt;
  }

  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController();
      if (this.#attempt.isStopped) this.#abort();
      else this.#attempt.signal.addEventListener('abort', this.#abort, { once: true });
    }
    return this.#controller.signal;
  }

  report(percent: number, message: string | null | undefined): void {
    this.#attempt.report(percent, message);
  }

  log(line: string, level: LogLevel, fields: string | null): void {
    this.#attempt.log(line, level, fields);
  }

  emit(chunk: string): void {
    this.#attempt.emit(chunk);
  }

  parents(): Promise<readonly ParentJob[]> {
    return this.#attempt.parents();
  }

  end(): void {
    if (this.#controller !== null) this.#attempt.signal.removeEventListener('abort', this.#abort);
  }

  readonly #abort = (): void => {
    this.#controller?.abort(abortErrorOf(this.#attempt.signal.reason as AbortReason));
  };
}
