/**
 * What a handler is given. Signal, reporter, log and output are made when it first asks for them: a handler that is done in a moment asks for none,
 * and an AbortSignal costs as much as all the rest of an attempt.
 */
import type { Job } from '../../core/job.ts';
import type { TraceContext } from '../../core/trace-context.ts';
import type { Attempt, ParentJob } from '../api.ts';
import type { AttemptLog } from '../logging/attempt-log.ts';
import type { AttemptOutput } from '../logging/attempt-output.ts';
import type { ProgressReporter } from './progress.ts';

/** Where the parts come from: the attempt itself. */
export interface AttemptParts {
  readonly job: Job;
  readonly trace: TraceContext | null;
  signal(): AbortSignal;
  readonly isStopped: boolean;
  reporter(): ProgressReporter;
  log(): AttemptLog;
  output(): AttemptOutput;
  parents(): Promise<readonly ParentJob[]>;
}

export class GivenAttempt implements Attempt {
  readonly job: Job;
  readonly input: string;
  readonly trace: TraceContext | null;
  readonly #parts: AttemptParts;

  constructor(parts: AttemptParts, input: string) {
    this.job = parts.job;
    this.input = input;
    this.trace = parts.trace;
    this.#parts = parts;
  }

  get signal(): AbortSignal {
    return this.#parts.signal();
  }

  get isStopped(): boolean {
    return this.#parts.isStopped;
  }

  /** A function and no method, as are `log` and `emit`: handlers take them out of the object. */
  get report(): Attempt['report'] {
    return this.#parts.reporter().report;
  }

  get log(): Attempt['log'] {
    const log = this.#parts.log();
    return (line, level = 'info', fields = null) => log.say(line, level, fields);
  }

  get parents(): Attempt['parents'] {
    return () => this.#parts.parents();
  }

  get emit(): Attempt['emit'] {
    const output = this.#parts.output();
    return (chunk) => output.emit(chunk);
  }
}
