/**
 * What a prediction puts out, as it does: each chunk an event, held between them by the job's own waits.
 *
 * A client of the vendor joins what comes, and takes an end without `done` for the whole. So a stream that ends before its prediction does,
 * and one whose run was lost and begins anew, says so as an error; who resumes goes on behind the chunk that they have.
 */
import type { Engine, LogsOutcome, Snapshot } from '../../engine/api.ts';
import { KEEP_ALIVE, retryText } from '../event-fields.ts';
import { beatsUntil, nextLines } from '../event-waits.ts';
import { resultOf } from '../result-of.ts';
import { chunkEvent, endEvents, errorEvent, type Place, resultEvents } from './stream-events.ts';

const TO_BE_RESUMED = 'The stream ends before its prediction: resume it with Last-Event-ID, or poll the prediction.';
const BEGUN_ANEW = 'The run that this output came from was lost, and the prediction was begun anew: poll it.';
const REMOVED = 'The prediction was removed.';

export interface OutputSource {
  readonly engine: Engine;
  readonly snapshot: Snapshot;
  readonly place: Place;
}

export async function* outputTexts(
  { engine, snapshot, place: from }: OutputSource,
  signal: AbortSignal,
): AsyncGenerator<string, void, undefined> {
  const { clock, limits } = engine;
  const endsAt = clock.now() + limits.eventsMsMax;
  let place = from;
  yield retryText(limits.eventsRetryMs);
  for (;;) {
    const coming = nextLines(engine, snapshot.job, { stream: 'output', after: place.offset, endsAt, signal });
    yield* beatsUntil(coming, clock, { ms: limits.eventsKeepAliveMs, beat: KEEP_ALIVE });
    const page = await coming;
    if (page === null) return yield errorEvent(TO_BE_RESUMED);
    if (page.kind !== 'found') return yield errorEvent(REMOVED);
    const { texts, fence } = chunksOf(page, place.fence);
    if (texts !== '') yield texts;
    const { job } = page.snapshot;
    const isAnew =
      fence !== null && fence < job.fence && (page.isDone || page.lines.some((line) => line.fence > fence));
    if (isAnew) return yield errorEvent(BEGUN_ANEW);
    place = { fence, offset: page.next };
    if (!page.isDone) continue;
    if (fence === null && job.state === 'succeeded') yield resultEvents(job, await resultOf(engine, page.snapshot));
    return yield endEvents(job);
  }
}

/** The chunks of one run: of that which the reader is in, or of the newest there is. */
function chunksOf({ lines, snapshot }: Extract<LogsOutcome, { kind: 'found' }>, known: number | null) {
  const fence = known ?? (lines.some((line) => line.fence === snapshot.job.fence) ? snapshot.job.fence : null);
  const own = lines.filter((line) => line.fence === fence);
  return { texts: own.map(chunkEvent).join(''), fence };
}
