/**
 * What a job leaves, as utterances: who said what, when.
 *
 * A job of this dialect may return the vendor's own form of a text (`messages` with `payload`, `from`, `duration`), the form of
 * common speech recognisers (`segments` or `messages` with `text`, `start`, `end` in seconds, `speaker`), or plain text. All
 * of it becomes the same list; what is not of any of these forms is no utterance.
 */
import type { Json } from '../../core/job.ts';
import { fieldsOf, type JsonObject } from '../../core/json-object.ts';
import { type Sentiment, sentimentAt } from './sentiment.ts';

export interface Utterance {
  readonly text: string;
  readonly name: string | null;
  readonly userId: string | null;
  /** Epoch ms; null where the source does not say. */
  readonly startAt: number | null;
  readonly endAt: number | null;
  /** What a handler that knows better says of how it sounds. */
  readonly sentiment: Sentiment | null;
}

type Fields = JsonObject;

const TIME_MIN = Date.parse('0001-01-01T00:00:00Z');
const TIME_MAX = Date.parse('9999-12-31T00:00:00Z');

/** @param beginAt what times in seconds count from, epoch ms. */
export function utterancesOf(result: Json, beginAt: number): readonly Utterance[] {
  if (typeof result === 'string') return [plain(result)];
  return listOf(result).flatMap((item) => utteranceOf(item, beginAt));
}

/** What the handler found out beside the words, by the vendor's names (`topics`, `actionItems`, …). */
export function extrasOf(result: Json): Fields {
  return fieldsOf(result);
}

function listOf(result: Json): readonly Json[] {
  if (Array.isArray(result)) return result;
  const { messages, segments, text } = fieldsOf(result);
  if (Array.isArray(messages)) return messages;
  if (Array.isArray(segments)) return segments;
  return typeof text === 'string' ? [text] : [];
}

function utteranceOf(item: Json, beginAt: number): readonly Utterance[] {
  if (typeof item === 'string') return [plain(item)];
  const fields = fieldsOf(item);
  const text = fieldsOf(fields.payload).content ?? fields.text ?? fields.content;
  if (typeof text !== 'string') return [];
  const { startAt, endAt } = timesOf(fields, beginAt);
  const sentiment = givenSentiment(fields.sentiment);
  return [{ text, ...speakerOf(fields), startAt, endAt, sentiment }];
}

function givenSentiment(value: Json | undefined): Sentiment | null {
  const { score } = fieldsOf(fieldsOf(value).polarity);
  return typeof score === 'number' ? sentimentAt(score) : null;
}

function plain(text: string): Utterance {
  return { text, name: null, userId: null, startAt: null, endAt: null, sentiment: null };
}

function speakerOf(fields: Fields): Pick<Utterance, 'name' | 'userId'> {
  const speaker = fields.from ?? fields.speaker ?? null;
  if (typeof speaker === 'string') return { name: speaker, userId: null };
  const { name, userId, email } = fieldsOf(speaker);
  return { name: textOf(name), userId: textOf(userId) ?? textOf(email) };
}

function timesOf(fields: Fields, beginAt: number): Pick<Utterance, 'startAt' | 'endAt'> {
  const duration = fieldsOf(fields.duration);
  return {
    startAt: timeOf(duration.startTime ?? fields.startTime ?? fields.start, beginAt),
    endAt: timeOf(duration.endTime ?? fields.endTime ?? fields.end, beginAt),
  };
}

/** Null for what is no time between the years 1 and 9999: further ones cannot be written, nor compared with others. */
function timeOf(value: Json | undefined, beginAt: number): number | null {
  const at = typeof value === 'number' ? beginAt + Math.round(value * 1_000) : Date.parse(String(textOf(value)));
  return at >= TIME_MIN && at <= TIME_MAX ? at : null;
}

function textOf(value: Json | undefined): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
