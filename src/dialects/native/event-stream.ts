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
import { Readable } from 'node:stream';
import { BideError } from '../../core/errors.ts';
import { isFinal } from '../../core/state.ts';
import type { Engine, Lookup, Snapshot } from '../../engine/api.ts';
import type { Clock } from '../../engine/clock.ts';
import { KEEP_ALIVE, retryText, TO_BE_RESUMED } from './event-text.ts';

export interface EventSource {
  readonly engine: Pick<Engine, 'wait' | 'clock' | 'limits'>;
  /** Where the stream begins. */
  readonly snapshot: Snapshot;
  /** Whether the reader has this snapshot: then the first event is the next one. */
  readonly isKnown: boolean;
  /** One event, whole. As bytes where many streams share it: they are encoded once, and kept once for all who are slow. */
  readonly eventOf: (snapshot: Snapshot) => string | Uint8Array;
}

export interface EventStream {
  /** The bytes, for one reader. Never errors because of the store. */
  readonly readable: Readable;
  /** Resolves when all was taken, or nobody will take it. */
  readonly closed: Promise<void>;
  /** Ends it early: with a comment where the reader keeps up, by a cut where they are behind and might never take one. */
  end(): void;
}

export function createEventStream(source: EventSource): EventStream {
  const stop = new AbortController();
  const texts = textsOf(source, stop.signal);
  let isAsked = false;
  const readable = new Readable({
    highWaterMark: 0,
    read() {
      isAsked = true;
      texts.next().then(
        ({ done, value }) => {
          isAsked = false;
          if (!readable.destroyed) readable.push(done ? null : value);
        },
        (error: Error) => readable.destroy(error),
      );
    },
    destroy(error, done) {
      stop.abort();
      done(error);
    },
  });
  return {
    readable,
    closed: new Promise((resolve) => readable.once('close', resolve)),
    end() {
      stop.abort();
      if (!isAsked) readable.destroy();
    },
  };
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
    yield* beatsUntil(coming, clock, limits.eventsKeepAliveMs);
    const next = await coming;
    if (next === null) return yield TO_BE_RESUMED;
    if (next.kind !== 'found') return;
    job = next.snapshot.job;
    yield eventOf(next.snapshot);
  }
}

/** What the job is once it has changed; null when the stream is to end before. */
async function nextAfter(
  engine: EventSource['engine'],
  { tenant, id, revision }: Snapshot['job'],
  endsAt: number,
  signal: AbortSignal,
): Promise<Lookup | null> {
  const { clock, limits } = engine;
  const until = { kind: 'change', since: revision } as const;
  for (let leftMs = endsAt - clock.now(); leftMs > 0 && !signal.aborted; leftMs = endsAt - clock.now()) {
    try {
      const waited = await engine.wait({ tenant, ids: [id], for: 'all', until, timeoutMs: leftMs, signal });
      const [lookup = null] = waited.lookups;
      // A job that is gone is no satisfied wait, and still the end of its stream.
      return waited.isSatisfied || lookup?.kind !== 'found' ? lookup : null;
    } catch (error) {
      if (!(error instanceof BideError)) throw error;
      await pause(clock, Math.min(limits.pollIntervalMs, leftMs), signal);
    }
  }
  return null;
}

/** A comment after every `ms` until the promise is settled. Says nothing about how it was. */
async function* beatsUntil(
  settled: Promise<unknown>,
  clock: Clock,
  ms: number,
): AsyncGenerator<string, void, undefined> {
  let isSettled = false;
  const note = () => {
    isSettled = true;
  };
  const over = settled.then(note, note);
  for (;;) {
    const beat = Promise.withResolvers<void>();
    const cancel = clock.after(ms, beat.resolve);
    await Promise.race([over, beat.promise]);
    cancel();
    if (isSettled) return;
    yield KEEP_ALIVE;
  }
}

function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const cancel = clock.after(ms, resolve);
  signal.addEventListener('abort', () => resolve(), { once: true });
  return promise.finally(cancel);
}
