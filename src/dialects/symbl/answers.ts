/**
 * What a conversation answers, as JSON text, from what its jobs have left: pure, so that it runs in a thread when there is much of it.
 *
 * The handler's own findings come first where it has any. Everything is linear in what is read, and what is made is bounded by a budget.
 */
import { BideError } from '../../core/errors.ts';
import type { Json } from '../../core/job.ts';
import { fieldsOf } from '../../core/json-object.ts';
import { jsonValueOf, resultIn } from '../result-of.ts';
import { analyticsOf } from './analytics.ts';
import { type Budget, createBudget, tooMuch } from './budget.ts';
import type { Conversation } from './conversations.ts';
import { entitiesOf, listOf, membersOf, questionsOf, soundOf, trackersOf, withSentiment } from './insights.ts';
import { messagesOf, numericId } from './messages.ts';
import type { SpeakerNotes } from './speakers.ts';
import { transcriptOf } from './transcript.ts';
import { extrasOf, utterancesOf } from './utterances.ts';
import type { Message } from './wire.ts';

/** What one job has left. */
export interface Left {
  readonly jobId: string;
  readonly result: { readonly kind: 'json' | 'text'; readonly text: string } | null;
  /** The submitted input as JSON text, where the question is about it. */
  readonly input: string | null;
}

export interface Material {
  readonly conversation: Conversation;
  readonly notes: SpeakerNotes;
  readonly isFinished: boolean;
  /** Of jobs that succeeded, the first appended first; others only for their input. */
  readonly jobs: readonly Left[];
}

const JSON_TYPE = 'application/json';

export type Query = Readonly<Record<string, string | readonly string[]>>;

export interface Question {
  /** One of `READINGS`, or `conversation` or `transcript`. */
  readonly name: string;
  readonly query: Query;
  readonly body: Json;
}

/** A conversation as its jobs have left it so far. */
interface Read extends Material {
  readonly messages: readonly Message[];
  /** What the handlers found out beside the words, by name, all jobs together. */
  readonly extras: Readonly<Record<string, readonly Json[]>>;
  readonly query: Query;
  readonly body: Json;
  readonly budget: Budget;
}

type Answer = (read: Read) => object;

export const READINGS: Readonly<Record<string, Answer>> = {
  messages: ({ messages, query, budget }) => ({ messages: shown(messages, query, budget) }),
  topics: ({ extras, messages, query, budget }) => {
    const topics = extras.topics ?? [];
    return { topics: query.sentiment === 'true' ? withSentiment(topics, messages, budget) : topics };
  },
  'abstract-topics': ({ extras }) => ({ abstractTopics: extras.abstractTopics ?? [] }),
  questions: ({ extras, messages }) => ({ questions: extras.questions ?? questionsOf(messages) }),
  'follow-ups': ({ extras }) => ({ followUps: extras.followUps ?? [] }),
  'action-items': ({ extras }) => ({ actionItems: extras.actionItems ?? [] }),
  entities: (read) => ({
    entities: read.extras.entities ?? entitiesOf(read.messages, asked(read, 'entities', 'customEntities'), read.budget),
  }),
  members: ({ messages }) => ({ members: membersOf(messages) }),
  analytics: ({ messages, budget }) => analyticsOf(messages, budget),
  'trackers-detected': (read) => trackersOf(read.messages, asked(read, 'trackers'), read.budget),
  trackers: (read) => trackersOf(read.messages, asked(read, 'trackers'), read.budget),
  insights: ({ extras, messages }) => ({
    insights: [
      ...(extras.questions ?? questionsOf(messages)),
      ...(extras.actionItems ?? []),
      ...(extras.followUps ?? []),
    ],
  }),
  intents: ({ extras }) => ({ intents: extras.intents ?? [] }),
  summary: (read) => summary(read),
};

const ALL: Readonly<Record<string, Answer>> = {
  ...READINGS,
  conversation: ({ conversation, messages }) => described(conversation, messages),
  transcript: ({ messages, body }) => transcriptOf(messages, body),
};

/** Readings of what the caller submitted beside the words. */
export const ABOUT_INPUT: ReadonlySet<string> = new Set(['entities', 'trackers', 'trackers-detected']);

/** JSON text. RESULT_TOO_LARGE past `bytesMax`, or as the reading throws. */
export function answerText(material: Material, { name, query, body }: Question, bytesMax: number): string {
  const budget = createBudget(bytesMax);
  const results = material.jobs.map(({ result }) => saidBy(result));
  const { conversation, notes } = material;
  const parts = material.jobs.map(({ jobId }, index) => ({
    jobId,
    utterances: utterancesOf(results[index] ?? null, conversation.createdAt),
  }));
  const options = { conversationId: conversation.id, beginAt: conversation.createdAt, notes, budget };
  const messages = messagesOf(parts, options);
  const text = JSON.stringify(ALL[name]?.({ ...material, messages, extras: merged(results), query, body, budget }));
  if (text.length > bytesMax) throw tooMuch(bytesMax);
  return text;
}

function saidBy(result: Left['result']): Json {
  if (result === null || result.kind === 'text') return result?.text ?? null;
  return jsonValueOf(resultIn(JSON_TYPE, Buffer.from(result.text)));
}

function merged(results: readonly Json[]): Read['extras'] {
  const extras = new Map<string, Json[]>();
  for (const result of results) {
    for (const [name, value] of Object.entries(extrasOf(result))) {
      if (!Array.isArray(value) || name === 'messages' || name === 'segments') continue;
      const together = extras.get(name) ?? [];
      extras.set(name, together);
      for (const item of value) together.push(item);
    }
  }
  // A handler may name anything: what every object has by itself is none of its findings.
  return Object.assign(Object.create(null), Object.fromEntries(extras)) as Read['extras'];
}

/** The lists of this option over all submits of the conversation. */
function asked({ jobs }: Read, ...names: readonly string[]): readonly Json[] {
  return jobs.flatMap(({ input }) => {
    const { options } = fieldsOf(input === null ? null : (JSON.parse(input) as Json));
    return names.flatMap((name) => listOf(fieldsOf(options)[name]));
  });
}

function shown(messages: readonly Message[], query: Query, budget: Budget): readonly object[] {
  const tags = new Map(membersOf(messages).map(({ id }, index) => [id, index + 1]));
  return messages.map(({ sentiment: _, ...message }, index) => ({
    ...message,
    phrases: [],
    ...(query.sentiment === 'true' ? { sentiment: soundOf(messages[index] as Message) } : {}),
    ...(query.verbose === 'true' ? { words: wordsOf(messages[index] as Message, tags, budget) } : {}),
  }));
}

/** About what a word takes beside its letters. */
const WORD_BYTES = 180;

/** Words share the time of their sentence by length: the finest that is known. */
function wordsOf(message: Message, tags: ReadonlyMap<string, number>, budget: Budget): readonly object[] {
  const { text, from, startTime, timeOffset, duration } = message;
  const beginsAt = Date.parse(startTime);
  const secondsEach = duration / Math.max(1, text.length);
  const speakerTag = tags.get(from.id) ?? 0;
  const words: object[] = [];
  for (const { 0: word, index } of text.matchAll(/\S+/g)) {
    budget.spend(WORD_BYTES + word.length);
    const after = index * secondsEach;
    const seconds = word.length * secondsEach;
    const [start, end] = [after, after + seconds].map((one) => new Date(beginsAt + one * 1_000).toISOString());
    const times = { startTime: start, endTime: end, speakerTag, score: 1 };
    words.push({ word, ...times, timeOffset: hundredths(timeOffset + after), duration: hundredths(seconds) });
  }
  return words;
}

/** Documented to be missing while anything is still being processed. */
function summary({ isFinished, extras, conversation: { id } }: Read): object {
  if (!isFinished) throw new BideError('ROUTE_NOT_FOUND', 'Not Found');
  const said = extras.summary ?? [];
  return {
    summary: said.map((item, index) =>
      typeof item === 'string' ? { id: numericId(`${id}/summary/${index}`), text: item, messageRefs: [] } : item,
    ),
  };
}

function described({ id, name, createdAt, metadata }: Conversation, messages: readonly Message[]): object {
  const createdTime = new Date(createdAt).toISOString();
  return {
    id,
    type: 'meeting',
    name,
    startTime: messages[0]?.startTime ?? createdTime,
    endTime: messages.at(-1)?.endTime ?? createdTime,
    members: membersOf(messages),
    metadata,
  };
}

function hundredths(seconds: number): number {
  return Math.round(seconds * 100) / 100;
}
