/**
 * A job's stream with what it says: `log` and `output` events between its snapshots, the final snapshot behind the last of them.
 *
 * Ids are `revision-offset`, with the place in the output behind that in the log, so that a client who comes back goes on behind all of them. The lines of one
 * look travel together: of a job that says more than its reader takes, nothing but one page of each waits for them.
 */
import { isFinal } from '../../core/state.ts';
import type { LogsOutcome, Lookup, Snapshot, Stream } from '../../engine/api.ts';
import { KEEP_ALIVE, retryText, TO_BE_RESUMED } from '../event-fields.ts';
import { beatsUntil, nextAfter, nextLines } from '../event-waits.ts';
import type { LoggedSource, Places } from './event-source.ts';
import { lineEventsText } from './event-text.ts';

type Page = Extract<LogsOutcome, { kind: 'found' }>;

/** Where the reader is in one of the two. */
interface Tail {
  readonly stream: Stream;
  hasMore: boolean;
  coming: Promise<Come> | null;
}

export async function* loggedTexts(source: LoggedSource, signal: AbortSignal): AsyncGenerator<string, void, undefined> {
  const { engine, snapshot, isKnown, eventWith } = source;
  const { clock, limits } = engine;
  const ends = new AbortController();
  const stop = AbortSignal.any([signal, ends.signal]);
  const endsAt = clock.now() + limits.eventsMsMax;
  let latest: Snapshot = snapshot;
  let places: Places = source.after;
  const tails = (Object.keys(places) as Stream[]).map((stream): Tail => ({ stream, hasMore: true, coming: null }));
  let change: Promise<Come> | null = null;
  yield retryText(limits.eventsRetryMs);
  if (!isKnown && !isFinal(snapshot.job.state)) yield eventWith(snapshot, places);
  try {
    for (;;) {
      const { job } = latest;
      if (isFinal(job.state) && tails.every(({ hasMore }) => !hasMore)) return yield eventWith(latest, places);
      if (!isFinal(job.state))
        change ??= nextAfter(engine, job, endsAt, stop).then((answer) => ({ tail: null, answer }));
      for (const tail of tails.filter(({ hasMore }) => hasMore)) {
        const of = { stream: tail.stream, after: places[tail.stream] ?? 0, endsAt, signal: stop };
        tail.coming ??= nextLines(engine, job, of).then((answer) => ({ tail, answer }));
      }
      const first = Promise.race([change, ...tails.map(({ coming }) => coming)].filter((one) => one !== null));
      yield* beatsUntil(first, clock, { ms: limits.eventsKeepAliveMs, beat: KEEP_ALIVE });
      const { tail, answer } = await first;
      if (answer === null) return yield TO_BE_RESUMED;
      if (answer.kind !== 'found') return;
      if (tail === null) {
        change = null;
        latest = answer.snapshot;
        if (!isFinal(latest.job.state)) yield eventWith(latest, places);
        continue;
      }
      const page = answer as Page;
      tail.coming = null;
      tail.hasMore = !page.isDone;
      if (page.lines.length > 0) yield lineEventsText(job.revision, page.lines, places);
      places = { ...places, [tail.stream]: page.next };
    }
  } finally {
    ends.abort();
  }
}

interface Come {
  /** Null for a change of the job. */
  readonly tail: Tail | null;
  readonly answer: Lookup | LogsOutcome | null;
}
