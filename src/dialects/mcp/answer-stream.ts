/**
 * The answer to a request that takes long, as events: what happens meanwhile, and at last the answer.
 *
 * All that it is about is a job and what the client has asked. So where the client can come back (its first event had an id, which holds just
 * that), any node goes on for it: a stream that is cut, by a restart or at the end of its time, ends without an answer, and is resumed.
 */
import type { Snapshot } from '../../engine/api.ts';
import { KEEP_ALIVE, onFields, retryText } from '../event-fields.ts';
import { beatsUntil, nextAfter } from '../event-waits.ts';
import type { EventStream } from '../streamed-texts.ts';
import { streamOf } from '../streamed-texts.ts';
import type { Call } from './call.ts';
import type { Notices } from './notices.ts';

export interface Awaited {
  readonly snapshot: Snapshot;
  readonly endsAt: number;
  /** Whether the wait is over with the job as it is now. */
  readonly isEnough: (snapshot: Snapshot) => boolean;
  /** By which the client comes back; null for one that can not. */
  readonly eventId: string | null;
  /** What is to be told of the job as it is now, as messages: asked at its every change. */
  readonly notices: Notices;
  /** The last message; null for none, upon which the client comes back. */
  readonly answer: (snapshot: Snapshot) => Promise<string | null>;
  /** The last message where the job was removed meanwhile. */
  readonly gone: string;
}

export function answerStream(call: Call, awaited: Awaited): EventStream {
  return streamOf((signal) => textsOf(call, awaited, signal));
}

async function* textsOf(
  { context: { engine } }: Call,
  { snapshot: first, endsAt, eventId, isEnough, notices, answer, gone }: Awaited,
  signal: AbortSignal,
): AsyncGenerator<string, void, undefined> {
  const { clock, limits } = engine;
  if (eventId !== null) yield `${retryText(limits.eventsRetryMs)}id: ${eventId}\ndata: \n\n`;
  let snapshot = first;
  for (;;) {
    for (const { text, eventId: seen } of notices(snapshot)) yield messageEvent(text, seen);
    if (isEnough(snapshot)) break;
    const coming = nextAfter(engine, snapshot.job, endsAt, signal);
    yield* beatsUntil(coming, clock, { ms: limits.eventsKeepAliveMs, beat: KEEP_ALIVE });
    const lookup = await coming;
    if (lookup === null) break;
    if (lookup.kind !== 'found') return yield messageEvent(gone);
    snapshot = lookup.snapshot;
  }
  const text = await answer(snapshot);
  if (text !== null) yield messageEvent(text);
}

/** @param id by which a client comes back that has seen it */
export function messageEvent(json: string, id: string | null = null): string {
  return `${id === null ? '' : `id: ${id}\n`}event: message\ndata: ${onFields(json)}\n\n`;
}
