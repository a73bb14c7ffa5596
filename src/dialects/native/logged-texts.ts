/**
 * A job's stream with what it says: `log` events between its snapshots, the final snapshot behind the last of them.
 *
 * Ids are `revision-offset`, so that a client who comes back goes on behind both. The lines of one look travel together: of a log that grows faster than its
 * reader, nothing but one page waits for them.
 */
import { isFinal } from '../../core/state.ts';
import type { LogsOutcome, Lookup } from '../../engine/api.ts';
import type { LoggedSource } from './event-source.ts';
import { KEEP_ALIVE, logEventText, retryText, TO_BE_RESUMED } from './event-text.ts';
import { beatsUntil, nextAfter, nextLines } from './event-waits.ts';

export async function* loggedTexts(source: LoggedSource, signal: AbortSignal): AsyncGenerator<string, void, undefined> {
  const { engine, snapshot, isKnown, eventWith } = source;
  const { clock, limits } = engine;
  const ends = new AbortController();
  const stop = AbortSignal.any([signal, ends.signal]);
  const endsAt = clock.now() + limits.eventsMsMax;
  let { job } = snapshot;
  let { after } = source;
  let hasLines = true;
  let change: Promise<Lookup | null> | null = null;
  let lines: Promise<LogsOutcome | null> | null = null;
  yield retryText(limits.eventsRetryMs);
  if (!isKnown && !isFinal(job.state)) yield eventWith(snapshot, after);
  let latest = snapshot;
  try {
    for (;;) {
      if (isFinal(job.state) && !hasLines) return yield eventWith(latest, after);
      if (!isFinal(job.state)) change ??= nextAfter(engine, job, endsAt, stop);
      if (hasLines) lines ??= nextLines(engine, job, { after, endsAt, signal: stop });
      const first = Promise.race([tagged('change', change), tagged('lines', lines)]);
      yield* beatsUntil(first, clock, { ms: limits.eventsKeepAliveMs, beat: KEEP_ALIVE });
      const come = await first;
      if (come.answer === null) return yield TO_BE_RESUMED;
      if (come.answer.kind !== 'found') return;
      if (come.what === 'lines') {
        lines = null;
        const page = come.answer as Extract<LogsOutcome, { kind: 'found' }>;
        hasLines = !page.isDone;
        after = page.next;
        if (page.lines.length > 0) yield logEventText(job.revision, page.lines);
      } else {
        change = null;
        latest = come.answer.snapshot;
        job = latest.job;
        if (!isFinal(job.state)) yield eventWith(latest, after);
      }
    }
  } finally {
    ends.abort();
  }
}

type Come =
  | { readonly what: 'change'; readonly answer: Lookup | null }
  | { readonly what: 'lines'; readonly answer: LogsOutcome | null };

/** Never settles where there is nothing to wait for. */
function tagged(what: Come['what'], promise: Promise<Come['answer']> | null): Promise<Come> {
  return promise === null ? NOTHING : promise.then((answer) => ({ what, answer }) as Come);
}

const NOTHING = new Promise<never>(() => {});
