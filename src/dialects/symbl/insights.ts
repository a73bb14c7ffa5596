/** What is found in messages without a model: questions, members, trackers, entities, how topics sound. All pure. */
import type { Json } from '../../core/job.ts';
import { fieldsOf, isObject } from '../../core/json-object.ts';
import type { Budget } from './budget.ts';
import { numericId } from './messages.ts';
import { findPhrases, type Place, phraseKey } from './phrase-finder.ts';
import { type Sentiment, sentimentAt, sentimentOf } from './sentiment.ts';
import { asUser } from './speakers.ts';
import type { Message, Speaker } from './wire.ts';

/** About what an item of a list takes beside its texts. */
const ITEM_BYTES = 100;

export function membersOf(messages: readonly Message[]): readonly Speaker[] {
  return [...new Map(messages.map(({ from }) => [from.id, from])).values()];
}

/** Sentences that end in a question mark, closing quotes and brackets aside. */
export function questionsOf(messages: readonly Message[]): readonly object[] {
  return messages
    .filter(({ text }) => /[?？][\s"'”’)\]]*$/u.test(text))
    .map(({ id, text, from }) => ({
      id: numericId(`${id}/question`),
      text,
      type: 'question',
      score: 1,
      messageIds: [id],
      from: asUser(from),
    }));
}

/** Words that the caller asked to be told of: each tracker with the places where one of its phrases occurs. */
export function trackersOf(messages: readonly Message[], asked: readonly Json[], budget: Budget): readonly object[] {
  const trackers = asked.flatMap((item) => {
    const { name, vocabulary } = fieldsOf(item);
    return typeof name === 'string' ? [{ name, phrases: textsIn(vocabulary) }] : [];
  });
  const found = find(
    messages,
    trackers.flatMap(({ phrases }) => phrases),
    budget,
  );
  return trackers.map(({ name, phrases }) => {
    const matches = phrases.flatMap((phrase) => {
      const messageRefs = placesIn(found, phrase, budget);
      return messageRefs.length === 0 ? [] : [{ type: 'vocabulary', value: phrase, messageRefs, insightRefs: [] }];
    });
    budget.spend(ITEM_BYTES + name.length);
    return { id: numericId(`tracker/${name}`), name, matches };
  });
}

/** Entities that the caller named: `{customType, value, text}`. */
export function entitiesOf(messages: readonly Message[], asked: readonly Json[], budget: Budget): readonly object[] {
  const wanted = asked.flatMap((item) => {
    const { customType = null, value, text } = fieldsOf(item);
    return typeof text === 'string' ? [{ customType, value: value ?? text, text }] : [];
  });
  const found = find(
    messages,
    wanted.map(({ text }) => text),
    budget,
  );
  return wanted.flatMap(({ customType, value, text }) => {
    const messageRefs = placesIn(found, text, budget);
    return messageRefs.length === 0 ? [] : [{ type: 'custom', customType, value, text, messageRefs }];
  });
}

/** Topics of the handler with the mean of the sentences that speak of them; its own word on it stands. */
export function withSentiment(topics: readonly Json[], messages: readonly Message[], budget: Budget): readonly Json[] {
  const found = find(
    messages,
    topics.flatMap((topic) => textsIn([fieldsOf(topic).text ?? null])),
    budget,
  );
  const byId = new Map(messages.map((message) => [message.id, message]));
  return topics.map((topic) => {
    if (!isObject(topic) || topic.sentiment !== undefined) return topic;
    const text = typeof topic.text === 'string' ? topic.text : '';
    const scores = (found.get(phraseKey(text)) ?? []).flatMap(({ id }) => {
      const message = byId.get(id);
      return message === undefined ? [] : [soundOf(message).polarity.score];
    });
    const sum = scores.reduce((total, score) => total + score, 0);
    const sentiment = scores.length === 0 ? sentimentOf(text) : sentimentAt(rounded(sum / scores.length));
    return { ...topic, sentiment } as unknown as Json;
  });
}

export function soundOf({ sentiment, text }: Message): Sentiment {
  return sentiment ?? sentimentOf(text);
}

export function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}

function find(messages: readonly Message[], phrases: readonly string[], budget: Budget) {
  return findPhrases(messages, phrases, ({ text }) => budget.spend(ITEM_BYTES + text.length));
}

/** Paid for again: two trackers may name the same phrase. */
function placesIn(found: ReadonlyMap<string, readonly Place[]>, phrase: string, budget: Budget): readonly Place[] {
  const places = found.get(phraseKey(phrase)) ?? [];
  if (places.length > 0) budget.spend(ITEM_BYTES + phrase.length);
  for (const { text } of places) budget.spend(ITEM_BYTES + text.length);
  return places;
}

function textsIn(value: Json | undefined): readonly string[] {
  return listOf(value).filter((item) => typeof item === 'string');
}

function rounded(score: number): number {
  return Math.round(score * 1_000) / 1_000;
}
