/**
 * Utterances as messages: one per sentence, each with its speaker and its share of the time.
 *
 * Sentences are found by `Intl.Segmenter`. An utterance that says when it was spoken shares that time out by the length of its
 * sentences; one that does not follows the one before it without taking any time.
 */
import { createHash } from 'node:crypto';
import type { Budget } from './budget.ts';
import { createSpeakers, type SpeakerNotes, type Speakers } from './speakers.ts';
import type { Utterance } from './utterances.ts';
import type { Message } from './wire.ts';

/** One job of a conversation, as far as its words go. */
export interface Spoken {
  readonly jobId: string;
  readonly utterances: readonly Utterance[];
}

export interface MessagesOptions {
  readonly conversationId: string;
  /** Where the first utterance says no time, epoch ms. */
  readonly beginAt: number;
  readonly notes: SpeakerNotes;
  readonly budget: Budget;
}

/** About what a message takes beside its text. */
const MESSAGE_BYTES = 350;

const segmenter = new Intl.Segmenter('en', { granularity: 'sentence' });

/** Messages of a conversation, in the order of its jobs. RESULT_TOO_LARGE past the budget. */
export function messagesOf(parts: readonly Spoken[], options: MessagesOptions): readonly Message[] {
  const { conversationId, notes, budget } = options;
  const startAt = firstTime(parts) ?? options.beginAt;
  const place: Place = { conversationId, startAt, speakers: createSpeakers(conversationId, notes), budget };
  const messages: Message[] = [];
  let cursor = startAt;
  for (const { jobId, utterances } of parts) {
    for (const [index, utterance] of utterances.entries()) {
      const from = utterance.startAt ?? cursor;
      const span = { from, to: Math.max(from, utterance.endAt ?? from) };
      for (const message of sentences(utterance, span, place, `${jobId}/${index}`)) messages.push(message);
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

function firstTime(parts: readonly Spoken[]): number | null {
  for (const { utterances } of parts) {
    const timed = utterances.find(({ startAt }) => startAt !== null);
    if (timed !== undefined) return timed.startAt;
  }
  return null;
}

interface Span {
  readonly from: number;
  readonly to: number;
}

interface Place {
  readonly conversationId: string;
  readonly startAt: number;
  readonly speakers: Speakers;
  readonly budget: Budget;
}

function sentences(utterance: Utterance, span: Span, place: Place, seed: string): readonly Message[] {
  const { conversationId, startAt, speakers, budget } = place;
  const nameLength = (utterance.name?.length ?? 0) + (utterance.userId?.length ?? 0);
  const found: { readonly segment: string; readonly index: number }[] = [];
  for (const { segment, index } of segmenter.segment(utterance.text)) {
    if (segment.trim() === '') continue;
    budget.spend(MESSAGE_BYTES + segment.length + nameLength);
    found.push({ segment, index });
  }
  const length = Math.max(1, utterance.text.length);
  const share = (position: number) => Math.round(span.from + ((span.to - span.from) * position) / length);
  return found.map(({ segment, index }, order) => {
    const beginsAt = order === 0 ? span.from : share(index);
    const endsAt = order === found.length - 1 ? span.to : share(index + segment.length);
    return {
      id: numericId(`${seed}/${order}`),
      text: segment.trim(),
      from: speakers.of(utterance, beginsAt - startAt),
      startTime: new Date(beginsAt).toISOString(),
      endTime: new Date(endsAt).toISOString(),
      timeOffset: seconds(beginsAt - startAt),
      duration: seconds(endsAt - beginsAt),
      conversationId,
      sentiment: utterance.sentiment,
    };
  });
}

function seconds(ms: number): number {
  return Math.round(ms / 10) / 100;
}
