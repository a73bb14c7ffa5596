/**
 * A response as it comes: created, started, each chunk that its job emits, and the whole at the end; held between them by the job's own waits.
 *
 * A client takes an end of the stream for the end of the response. So one that ends before says so as an error; who resumes with
 * `starting_after` goes on behind what they have, also when the server was restarted meanwhile, or the run was lost.
 */
import { isFinal } from '../../../core/state.ts';
import type { Engine, LogsOutcome, Snapshot } from '../../../engine/api.ts';
import { KEEP_ALIVE } from '../../event-fields.ts';
import { beatsUntil, nextAfter, nextLines } from '../../event-waits.ts';
import { answerIn } from './bodies.ts';
import { emittedText } from './emitted.ts';
import { responseBody, statusOf } from './mapping.ts';
import {
  chunkEvents,
  createdEvents,
  type Ended,
  endEvents,
  offsetBefore,
  type Reader,
  readerAt,
  startedEvent,
  type Write,
  writerAfter,
} from './stream-events.ts';

export interface ResponseSource {
  readonly engine: Engine;
  readonly snapshot: Snapshot;
  /** The number of the last event that the reader has; `FROM_START` for none. */
  readonly after: number;
}

const TO_BE_RESUMED =
  'The stream ends before its response does: resume it with starting_after, or retrieve the response.';
const REMOVED = 'The response was removed.';

type Texts = AsyncGenerator<string, void, undefined>;

/** Never an empty text, though its reader may have an event already: a stream that is given one would not ask for the next. */
export async function* responseTexts(source: ResponseSource, signal: AbortSignal): Texts {
  for await (const text of allTexts(source, signal)) if (text !== '') yield text;
}

async function* allTexts({ engine, snapshot, after }: ResponseSource, signal: AbortSignal): Texts {
  const { clock, limits } = engine;
  const reading = { engine, write: writerAfter(after), after, endsAt: clock.now() + limits.eventsMsMax, signal };
  // Without `retry`: the vendor's Python package takes a block without data for an event, and fails.
  yield createdEvents(reading.write, snapshot.job);
  const started = yield* untilStarted(reading, snapshot);
  if (started === null) return;
  // One that never ran did not start.
  if (started.job.fence > 0) yield startedEvent(reading.write, started.job);
  yield* untilEnded(reading, started);
}

interface Reading extends Pick<ResponseSource, 'engine' | 'after'> {
  readonly write: Write;
  readonly endsAt: number;
  readonly signal: AbortSignal;
}

/** Null where the stream has ended. */
async function* untilStarted(
  { engine, endsAt, signal }: Reading,
  from: Snapshot,
): AsyncGenerator<string, Snapshot | null, undefined> {
  let snapshot = from;
  while (snapshot.job.fence === 0 && !isFinal(snapshot.job.state)) {
    const coming = nextAfter(engine, snapshot.job, endsAt, signal);
    yield* beats(engine, coming);
    const lookup = await coming;
    if (lookup?.kind !== 'found') {
      yield errorEvent(lookup === null ? TO_BE_RESUMED : REMOVED);
      return null;
    }
    snapshot = lookup.snapshot;
  }
  return snapshot;
}

async function* untilEnded({ engine, write, after, endsAt, signal }: Reading, { job }: Snapshot): Texts {
  let offset = offsetBefore(after);
  let reader: Reader | undefined;
  for (;;) {
    const coming = nextLines(engine, job, { stream: 'output', after: offset, endsAt, signal });
    yield* beats(engine, coming);
    const page: LogsOutcome | null = await coming;
    if (page?.kind !== 'found') return yield errorEvent(page === null ? TO_BE_RESUMED : REMOVED);
    reader ??= readerAt(after, page.lines);
    const events = chunkEvents(write, page.snapshot.job, page.lines, reader);
    reader = events.reader;
    yield events.text;
    offset = page.next;
    if (page.isDone) return yield endEvents(write, await endedOf(engine, page.snapshot), reader);
  }
}

async function endedOf(engine: Engine, snapshot: Snapshot): Promise<Ended> {
  const { job } = snapshot;
  const [{ text, count, last }, answer] = await Promise.all([
    emittedText(engine, snapshot),
    answerIn(engine, snapshot),
  ]);
  const body = responseBody(job, statusOf(job, engine.clock.now()), answer);
  return { job, body, emitted: count === 0 ? null : text, last };
}

function beats({ clock, limits }: Engine, settled: Promise<unknown>): Texts {
  return beatsUntil(settled, clock, { ms: limits.eventsKeepAliveMs, beat: KEEP_ALIVE });
}

/** Clients throw it: some look for the error in it, some take the whole for it. */
function errorEvent(message: string): string {
  const error = { code: 'stream_ended', message, param: null };
  return `event: error\ndata: ${JSON.stringify({ type: 'error', ...error, error: { type: 'server_error', ...error } })}\n\n`;
}
