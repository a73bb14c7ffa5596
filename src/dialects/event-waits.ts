/** What a stream of events waits for. A store that is away ends no wait: it is asked again after a pause. */
import { BideError } from '../core/errors.ts';
import type { CallerSignal, Engine, LogsOutcome, Lookup, Snapshot, Stream } from '../engine/api.ts';
import type { Clock } from '../engine/clock.ts';

type Waiting = Pick<Engine, 'wait' | 'readLogs' | 'clock' | 'limits'>;

/** What the job is once it has changed; null when the stream is to end before. */
export function nextAfter(
  engine: Omit<Waiting, 'readLogs'>,
  { tenant, id, revision }: Snapshot['job'],
  endsAt: number,
  signal: AbortSignal,
): Promise<Lookup | null> {
  const until = { kind: 'change', since: revision } as const;
  return untilThere(engine, endsAt, signal, async (timeoutMs) => {
    const waited = await engine.wait({ tenant, ids: [id], for: 'all', until, timeoutMs, signal });
    const [lookup = null] = waited.lookups;
    // A job that is gone is no satisfied wait, and still the end of its stream.
    return waited.isSatisfied || lookup?.kind !== 'found' ? { answer: lookup } : null;
  });
}

export interface LinesWanted {
  readonly stream: Stream;
  readonly after: number;
  readonly endsAt: number;
  readonly signal: AbortSignal;
}

/** The next lines of what it says, or that there are none any more; null when the stream is to end before. */
export function nextLines(
  engine: Waiting,
  { tenant, id }: Snapshot['job'],
  { stream, after, endsAt, signal }: LinesWanted,
): Promise<LogsOutcome | null> {
  const limit = engine.limits.logPageMax;
  return untilThere(engine, endsAt, signal, async (timeoutMs) => {
    const page = await engine.readLogs({ tenant, id, stream, after, limit, timeoutMs, signal });
    return page.kind !== 'found' || page.lines.length > 0 || page.isDone ? { answer: page } : null;
  });
}

/** What `ask` comes back with once it is something; null when the stream is to end before. */
export async function untilThere<T>(
  { clock, limits }: Omit<Waiting, 'readLogs' | 'wait'>,
  endsAt: number,
  signal: AbortSignal,
  ask: (timeoutMs: number) => Promise<{ readonly answer: T } | null>,
): Promise<T | null> {
  for (let leftMs = endsAt - clock.now(); leftMs > 0 && !signal.aborted; leftMs = endsAt - clock.now()) {
    try {
      const there = await ask(leftMs);
      return there === null ? null : there.answer;
    } catch (error) {
      if (!(error instanceof BideError)) throw error;
      await pause(clock, Math.min(limits.pollIntervalMs, leftMs), signal);
    }
  }
  return null;
}

/** `beat` after every `ms` until the promise is settled. Says nothing about how it was. */
export async function* beatsUntil(
  settled: Promise<unknown>,
  clock: Clock,
  { ms, beat }: { readonly ms: number; readonly beat: string },
): AsyncGenerator<string, void, undefined> {
  let isSettled = false;
  const note = () => {
    isSettled = true;
  };
  const over = settled.then(note, note);
  for (;;) {
    const timer = Promise.withResolvers<void>();
    const cancel = clock.after(ms, timer.resolve);
    await Promise.race([over, timer.promise]);
    cancel();
    if (isSettled) return;
    yield beat;
  }
}

function pause(clock: Clock, ms: number, signal: CallerSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const cancel = clock.after(ms, resolve);
  signal.addEventListener('abort', () => resolve(), { once: true });
  return promise.finally(cancel);
}
