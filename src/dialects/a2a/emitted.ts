/** What a job has emitted so far. All of it has a bound where it is stored (`outputBytesPerJobMax`). */
import type { Job } from '../../core/job.ts';
import type { Engine, LogLine } from '../../engine/api.ts';

const NEVER = new AbortController().signal;
/** A thousand lines each: an output of single letters is shorter. */
const PAGES_MAX = 20_000;

export interface Emitted {
  readonly lines: readonly LogLine[];
  /** Where the next ones begin. */
  readonly next: number;
}

export async function emittedBy(engine: Engine, job: Job): Promise<readonly LogLine[]> {
  return (await emittedUntil(engine, job)).lines;
}

export async function emittedUntil(engine: Pick<Engine, 'readLogs' | 'limits'>, { id, tenant }: Job): Promise<Emitted> {
  const limit = engine.limits.logPageMax;
  const lines: LogLine[] = [];
  let next = 0;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const stream = 'output';
    const outcome = await engine.readLogs({ tenant, id, stream, after: next, limit, timeoutMs: 0, signal: NEVER });
    if (outcome.kind !== 'found') break;
    lines.push(...outcome.lines);
    next = outcome.next;
    if (outcome.isDone || outcome.lines.length === 0) break;
  }
  return { lines, next };
}
