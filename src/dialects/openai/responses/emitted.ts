/** Reading the text that the newest run of a job has emitted. It has a bound where it is stored (`outputBytesPerJobMax`). */
import type { Engine, Snapshot } from '../../../engine/api.ts';
import { chunkText } from './items.ts';

const NEVER = new AbortController().signal;
/** A thousand chunks each: an output of single letters has fewer. */
const PAGES_MAX = 10_000;

export interface Emitted {
  readonly text: string;
  /** Chunks of it. */
  readonly count: number;
  /** Of the last chunk of all runs; 0 where there is none. */
  readonly last: number;
}

export async function emittedText(engine: Engine, { job }: Snapshot): Promise<Emitted> {
  if (job.fence === 0) return { text: '', count: 0, last: 0 };
  const { id, tenant, fence } = job;
  const limit = engine.limits.logPageMax;
  let text = '';
  let count = 0;
  let last = 0;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const outcome = await engine.readLogs({
      tenant,
      id,
      stream: 'output',
      after: last,
      limit,
      timeoutMs: 0,
      signal: NEVER,
    });
    if (outcome.kind !== 'found' || outcome.lines.length === 0) break;
    for (const chunk of outcome.lines) {
      if (chunk.fence !== fence) continue;
      text += chunkText(chunk.line);
      count += 1;
    }
    last = outcome.next;
  }
  return { text, count, last };
}
