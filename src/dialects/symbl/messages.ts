/**
 * Utterances as messages: one per sentence, each with its speaker and its share of the time.
 *
 * Sentences are found by `Intl.Segmenter`. An utterance that says when it was spoken shares that time out by the length of its
 * sentences; one that does not follows the one before it without taking any time.
 */
import { createHash } from 'node:crypto';
import type { Utterance } from './utterances.ts';
import type { Message, Speaker } from './wire.ts';

/** One job of a conversation, as far as its words go. */
export interface Spoken {
  readonly jobId: string;
  readonly utterances: readonly Utterance[];
}

const segmenter = new Intl.Segmenter('en', { granularity: 'sentence' });

/** Messages of a conversation, in the order of its jobs. @param beginAt where the first utterance says no time, epoch ms. */
export function messagesOf(conversationId: string, parts: readonly Spoken[], beginAt: number): readonly Message[] {
  const startAt = parts.flatMap(({ utterances }) => utterances).find((one) => one.startAt !== null)?.startAt ?? beginAt;
  const messages: Message[] = [];
  let cursor = startAt;
  for (const { jobId, utterances } of parts) {
    for (const [index, utterance] of utterances.entries()) {
      const from = utterance.startAt ?? cursor;
      const span = { from, to: Math.max(from, utterance.endAt ?? from) };
      messages.push(...sentences(utterance, span, { conversationId, seed: `${jobId}/${index}`, startAt }));
      cursor = span.to;
    }
  }
  return messages;
}

/** A digits-only id, the same each time it is made from the same seed. */
export function numericId(seed: string): string {
  const digest = createHash('sha256').update(seed).digest();
  const number = digest.readBigUInt64BE() % 9_000_000_000_000_000n;
  return String(number + 1_000_000_000_000_000n);
}

export function speakerOf({ name, userId }: Pick<Utterance, 'name' | 'userId'>, conversationId: string): Speaker {
  const said = name ?? userId ?? 'Unknown';
  const id = numericId(`${conversationId}/speaker/${userId ?? said}`);
  if (userId === null) return { id, name: said };
  return userId.includes('@') ? { id, name: said, email: userId } : { id, name: said, userId };
}

interface Span {
  readonly from: number;
  readonly to: number;
}

interface Place {
  readonly conversationId: string;
  readonly seed: string;
  readonly startAt: number;
}

function sentences(utterance: Utterance, span: Span, place: Place): readonly Message[] {
  const found = [...segmenter.segment(utterance.text)].filter(({ segment }) => segment.trim() !== '');
  const length = Math.max(1, utterance.text.length);
  const share = (position: number) => Math.round(span.from + ((span.to - span.from) * position) / length);
  return found.map(({ segment, index }, order) => {
    const isLast = order === found.length - 1;
    const startAt = order === 0 ? span.from : share(index);
    const endAt = isLast ? span.to : share(index + segment.length);
    return {
      id: numericId(`${place.seed}/${order}`),
      text: segment.trim(),
      from: speakerOf(utterance, place.conversationId),
      startTime: new Date(startAt).toISOString(),
      endTime: new Date(endAt).toISOString(),
      timeOffset: seconds(startAt - place.startAt),
      duration: seconds(endAt - startAt),
      conversationId: place.conversationId,
    };
  });
}

function seconds(ms: number): number {
  return Math.round(ms / 10) / 100;
}
