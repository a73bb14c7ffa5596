/**
 * One job as a stream of its snapshots: the current one, then one after each change, the final one last.
 *
 * - The reader sets the pace. A text is made when the last one was taken, from the newest snapshot there is then: what a slow reader
 *   misses is skipped, and nothing but the one text that they have not taken yet is kept for them (a high-water mark of 0). While they are
 *   behind, nothing waits for the job either.
 * - Between two snapshots it is one wait of the engine: a map entry, and no query of its own. After `eventsKeepAliveMs` without
 *   news a comment is sent.
 * - It ends when the job is final or gone, after `eventsMsMax`, when the engine closes, and when its reader goes away. In the cases in
 *   which there is more to come it says so in a comment before.
 * - A store that is away ends no stream: browsers never come back from an answer such as 503, so the stream is what they still have.
 */
import { isFinal } from '../../core/state.ts';
import { KEEP_ALIVE, retryText, TO_BE_RESUMED } from '../event-fields.ts';
import { beatsUntil, nextAfter } from '../event-waits.ts';
import { type EventStream, streamOf } from '../streamed-texts.ts';
import type { EventSource, LoggedSource } from './event-source.ts';
import { loggedTexts } from './logged-texts.ts';

export function createEventStream(source: EventSource | LoggedSource): EventStream {
  return streamOf((signal) => ('eventWith' in source ? loggedTexts(source, signal) : textsOf(source, signal)));
}

async function* textsOf(
  source: EventSource,
  signal: AbortSignal,
): AsyncGenerator<string | Uint8Array, void, undefined> {
  const { engine, snapshot, isKnown, eventOf } = source;
  const { clock, limits } = engine;
  const endsAt = clock.now() + limits.eventsMsMax;
  let { job } = snapshot;
  yield retryText(limits.eventsRetryMs);
  if (!isKnown) yield eventOf(snapshot);
  while (!isFinal(job.state)) {
    const coming = nextAfter(engine, job, endsAt, signal);
    yield* beatsUntil(coming, clock, { ms: limits.eventsKeepAliveMs, beat: KEEP_ALIVE });
    const next = await coming;
    if (next === null) return yield TO_BE_RESUMED;
    if (next.kind !== 'found') return;
    job = next.snapshot.job;
    yield eventOf(next.snapshot);
  }
}
