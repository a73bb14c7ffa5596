/** Events as the feed shows them: with small results, and no more at once than a reader may keep a process busy with. */
import type { JobEvent } from '../../store/contract.ts';
import type { EngineBase } from '../engine-base.ts';
import { resultTexts } from '../events/result-texts.ts';
import { isInline } from '../reading/inline-result.ts';
import type { FeedEvent } from './feed-request.ts';

/** Of results in one page: what one slow reader keeps in memory. */
const RESULT_BYTES_MAX = 256 * 1_024;

type ShownOptions = Pick<EngineBase, 'store' | 'snapshots' | 'limits'>;

/** The first of these whose results fit together; one at the least. */
export function withinBytes(events: readonly JobEvent[], inlineBytesMax: number): readonly JobEvent[] {
  let bytes = 0;
  for (const [index, { kind, job }] of events.entries()) {
    if (kind === 'succeeded' && isInline(job.result, inlineBytesMax)) bytes += job.result.bytes;
    if (bytes > RESULT_BYTES_MAX && index > 0) return events.slice(0, index);
  }
  return events;
}

export async function shownEvents(options: ShownOptions, events: readonly JobEvent[]): Promise<readonly FeedEvent[]> {
  const texts = await resultTexts(options, events);
  return events.map((event) => {
    const resultText = event.kind === 'succeeded' ? (texts.get(event.job.id) ?? null) : null;
    return { ...event, resultText };
  });
}
