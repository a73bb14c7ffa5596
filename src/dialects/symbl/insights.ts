/** What is found in messages without a model: questions, members, trackers, entities, talk time. All pure. */
import type { Json } from '../../core/job.ts';
import { fieldsOf } from '../../core/json-object.ts';
import { numericId } from './messages.ts';
import type { Message, Speaker } from './wire.ts';

export function membersOf(messages: readonly Message[]): readonly Speaker[] {
  return [...new Map(messages.map(({ from }) => [from.id, from])).values()];
}

/** Sentences that end in a question mark, closing quotes and brackets aside. */
export function questionsOf(messages: readonly Message[]) {
  return messages
    .filter(({ text }) => /[?？][\s"'”’)\]]*$/u.test(text))
    .map(({ id, text, from }) => ({
      id: numericId(`${id}/question`),
      text,
      type: 'question',
      score: 1,
      messageIds: [id],
      from,
    }));
}

/** Words that the caller asked to be told of: each tracker with the places where one of its phrases occurs. */
export function trackersOf(messages: readonly Message[], asked: Json | undefined) {
  return listOf(asked).flatMap((item) => {
    const { name, vocabulary } = fieldsOf(item);
    if (typeof name !== 'string') return [];
    const phrases = listOf(vocabulary).filter((phrase) => typeof phrase === 'string');
    const matches = phrases.flatMap((phrase) => matchOf(messages, phrase));
    return [{ id: numericId(`tracker/${name}`), name, matches }];
  });
}

/** Entities that the caller named himself: `{customType, value, text}`. */
export function entitiesOf(messages: readonly Message[], asked: Json | undefined) {
  return listOf(asked).flatMap((item) => {
    const { customType, value, text } = fieldsOf(item);
    if (typeof text !== 'string') return [];
    const places = placesOf(messages, text);
    if (places.length === 0) return [];
    return [{ type: 'custom', customType: customType ?? null, value: value ?? text, text, messageRefs: places }];
  });
}

/** Seconds that each member talked, and their sum. */
export function analyticsOf(messages: readonly Message[]) {
  const talked = new Map<string, number>();
  for (const { from, duration } of messages) talked.set(from.id, (talked.get(from.id) ?? 0) + duration);
  const total = [...talked.values()].reduce((sum, value) => sum + value, 0);
  const members = membersOf(messages).map((member) => {
    const value = talked.get(member.id) ?? 0;
    const percentage = total === 0 ? 0 : Math.round((value / total) * 10_000) / 100;
    return { ...member, talkTime: { percentage, seconds: Math.round(value * 100) / 100 } };
  });
  return { metrics: [{ type: 'total_talk_time', seconds: Math.round(total * 100) / 100 }], members };
}

function matchOf(messages: readonly Message[], phrase: string) {
  const messageRefs = placesOf(messages, phrase);
  return messageRefs.length === 0 ? [] : [{ type: 'vocabulary', value: phrase, messageRefs, insightRefs: [] }];
}

function placesOf(messages: readonly Message[], phrase: string) {
  const wanted = phrase.toLowerCase();
  return messages.flatMap(({ id, text }) => {
    const offset = wanted === '' ? -1 : text.toLowerCase().indexOf(wanted);
    return offset === -1 ? [] : [{ id, text, offset }];
  });
}

export function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}
