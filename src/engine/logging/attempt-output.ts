/** The partial results of one attempt. Whoever runs the handler has counted them: all that is said is kept, also while the store is away. */
import type { Job } from '../../core/job.ts';
import { AttemptLines, type AttemptLinesOptions } from './attempt-lines.ts';

export class AttemptOutput {
  readonly #options: AttemptLinesOptions;
  readonly #lines: AttemptLines;

  /** @param onLost told when the store says that somebody else has the job */
  constructor(options: AttemptLinesOptions, job: Job, onLost: () => void) {
    this.#options = options;
    const bytesMax = options.limits.outputBytesPerJobMax;
    this.#lines = new AttemptLines(options, { job, stream: 'output', bytesMax, onLost });
  }

  /** @param chunk JSON text */
  emit(chunk: string): void {
    if (this.#lines.isOver) return;
    this.#lines.add({ at: this.#options.clock.now(), level: 'info', line: chunk, fields: null });
    this.#lines.send();
  }

  /** As that of its lines. */
  flush(): Promise<void> | null {
    return this.#lines.flush();
  }

  stop(): void {
    this.#lines.stop();
  }
}
