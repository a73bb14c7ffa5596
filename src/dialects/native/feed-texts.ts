/**
 * The feed as the native API says it: each change once as text, for all who read it, and its stream of events.
 *
 * A stream is at its reader's pace: a page is asked for when the one before was taken, so that one page is all that a slow reader keeps in memory.
 * After `eventsKeepAliveMs` without a change the place alone is sent, so that whoever comes back need not look at what did not fit their
 * filter once more.
 */
import { shownState } from '../../core/state.ts';
import { eventWordOf } from '../../core/webhooks/event-words.ts';
import type { Engine, FeedEvent, FeedFilter, FeedPage } from '../../engine/api.ts';
import { KEEP_ALIVE, onFields, retryText, TO_BE_RESUMED } from '../event-fields.ts';
import { beatsUntil, untilThere } from '../event-waits.ts';
import { jobBody } from './mapping.ts';
import { isoTime } from './status.ts';

export interface ChangeText {
  readonly cursor: string;
  /** As JSON. */
  readonly body: string;
}

export interface FeedVoice {
  cursorOf(tenant: string, position: number): Promise<string>;
  /** Made once. */
  changeOf(event: FeedEvent): Promise<ChangeText>;
}

/** @param base what stands before `/v1` in links */
export function createFeedVoice(base: string, cursorOf: FeedVoice['cursorOf']): FeedVoice {
  const made = new WeakMap<FeedEvent, Promise<ChangeText>>();
  async function changeText(event: FeedEvent): Promise<ChangeText> {
    const { position, kind, at, job, resultText } = event;
    const cursor = await cursorOf(job.tenant, position);
    const shown = jobBody(base, { job, resultText }, shownState(job, at));
    return {
      cursor,
      body: `{"kind":"${eventWordOf(kind)}","at":"${isoTime(at)}","cursor":"${cursor}","job":${shown}}`,
    };
  }
  return {
    cursorOf,
    changeOf(event) {
      const known = made.get(event);
      if (known !== undefined) return known;
      const text = changeText(event);
      made.set(event, text);
      return text;
    },
  };
}

export interface FeedSource {
  readonly engine: Pick<Engine, 'feed' | 'clock' | 'limits' | 'closing'>;
  readonly voice: FeedVoice;
  readonly tenant: string;
  readonly filter: FeedFilter;
  /** Already read: it says where the stream begins. */
  readonly first: FeedPage;
}

export async function* feedTexts(source: FeedSource, signal: AbortSignal): AsyncGenerator<string, void, undefined> {
  const { engine, first } = source;
  const { clock, limits } = engine;
  const endsAt = clock.now() + limits.eventsMsMax;
  yield retryText(limits.eventsRetryMs) + (await pageText(source, first));
  for (let { next } = first; ; ) {
    const coming = nextPage(source, next, endsAt, signal);
    yield* beatsUntil(coming, clock, { ms: 2 * limits.eventsKeepAliveMs, beat: KEEP_ALIVE });
    const page = await coming;
    if (page !== null) next = page.next;
    if (page !== null) yield await pageText(source, page);
    if (page === null || clock.now() >= endsAt) return yield TO_BE_RESUMED;
  }
}

/** Null when the stream is to end before. */
function nextPage({ engine, tenant, filter }: FeedSource, after: number, endsAt: number, signal: AbortSignal) {
  return untilThere(engine, endsAt, signal, async (leftMs) => {
    const timeoutMs = Math.min(leftMs, engine.limits.eventsKeepAliveMs);
    const page = await engine.feed.read({ tenant, filter, after, timeoutMs, signal });
    return engine.closing.aborted && page.events.length === 0 ? null : { answer: page };
  });
}

async function pageText({ voice, tenant }: FeedSource, { events, next, isGap }: FeedPage): Promise<string> {
  const cursor = await voice.cursorOf(tenant, next);
  if (isGap) return `id: ${cursor}\nevent: gap\ndata: {"cursor":"${cursor}"}\n\n`;
  const texts = await Promise.all(events.map((event) => voice.changeOf(event)));
  const changes = texts.map((text) => `id: ${text.cursor}\nevent: change\ndata: ${onFields(text.body)}\n\n`);
  // An id without data is no event, and still where a client resumes.
  return events.length > 0 ? changes.join('') : `: keep-alive\nid: ${cursor}\n\n`;
}
