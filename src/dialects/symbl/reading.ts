/** What conversations answer: messages and what is found in them, from the results of their jobs so far. */
import { BideError } from '../../core/errors.ts';
import type { Json } from '../../core/job.ts';
import { isFinal } from '../../core/state.ts';
import type { Snapshot } from '../../engine/api.ts';
import { resultOf } from '../result-of.ts';
import type { Call } from './call.ts';
import type { Conversation } from './conversations.ts';
import { analyticsOf, entitiesOf, listOf, membersOf, questionsOf, trackersOf } from './insights.ts';
import { remembered } from './mapping.ts';
import { messagesOf, numericId, type Spoken } from './messages.ts';
import { sentimentOf } from './sentiment.ts';
import { transcriptOf } from './transcript.ts';
import { extrasOf, utterancesOf } from './utterances.ts';
import type { Message } from './wire.ts';

/** A conversation as its jobs have left it so far. */
interface Read {
  readonly conversation: Conversation;
  readonly jobs: readonly Snapshot[];
  readonly messages: readonly Message[];
  /** What the handlers found out beside the words, by name, all jobs together. */
  readonly extras: Readonly<Record<string, readonly Json[]>>;
}

type Query = Readonly<Record<string, string | readonly string[]>>;
type Answer = (read: Read, query: Query) => object;

/** What is read from messages alone; the handler's own findings come first where it has any. */
export const READINGS: Readonly<Record<string, Answer>> = {
  messages: ({ messages }, query) => ({ messages: messages.map((message) => shown(message, query)) }),
  topics: ({ extras }) => ({ topics: extras.topics ?? [] }),
  questions: ({ extras, messages }) => ({ questions: extras.questions ?? questionsOf(messages) }),
  'follow-ups': ({ extras }) => ({ followUps: extras.followUps ?? [] }),
  'action-items': ({ extras }) => ({ actionItems: extras.actionItems ?? [] }),
  entities: (read) => ({
    entities: read.extras.entities ?? entitiesOf(read.messages, asked(read, 'entities', 'customEntities')),
  }),
  members: ({ messages }) => ({ members: membersOf(messages) }),
  analytics: ({ messages }) => analyticsOf(messages),
  'trackers-detected': (read) => ({ trackers: trackersOf(read.messages, asked(read, 'trackers')) }),
  trackers: (read) => ({ trackers: trackersOf(read.messages, asked(read, 'trackers')) }),
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

export async function reading(call: Call, id: string, answer: Answer): Promise<object> {
  return answer(await read(call, id), call.request.query as Query);
}

export async function conversation(call: Call, id: string): Promise<object> {
  return described(await read(call, id));
}

export async function transcript(call: Call, id: string, body: Json | undefined): Promise<object> {
  const { messages } = await read(call, id);
  return transcriptOf(messages, body);
}

/** A page of conversations, without their words: those are read one by one. */
export function listed(conversations: readonly Conversation[]): object {
  return { conversations: conversations.map((one) => base(one, [])) };
}

async function read(call: Call, id: string): Promise<Read> {
  const { tenant } = call.principal;
  const found = await call.conversations.read(tenant, id);
  const jobs = await call.conversations.jobs(tenant, id);
  const done = jobs.filter(({ job }) => job.state === 'succeeded');
  const results = await Promise.all(done.map((snapshot) => jsonOf(call, snapshot)));
  const parts: Spoken[] = done.map(({ job }, index) => ({
    jobId: job.id,
    utterances: utterancesOf(results[index] ?? null, found.createdAt),
  }));
  const messages = messagesOf(id, parts, found.createdAt);
  return { conversation: found, jobs, messages, extras: merged(results) };
}

async function jsonOf(call: Call, snapshot: Snapshot): Promise<Json> {
  const result = await resultOf(call.context.engine, snapshot);
  if (result.kind === 'json') return result.value;
  if (result.kind === 'none') return null;
  // A recogniser that prints plain text has said it all.
  return result.contentType.startsWith('text/') ? Buffer.from(result.bytes).toString('utf8') : null;
}

function merged(results: readonly Json[]): Read['extras'] {
  const extras = new Map<string, Json[]>();
  for (const result of results) {
    for (const [name, value] of Object.entries(extrasOf(result))) {
      if (!Array.isArray(value) || name === 'messages' || name === 'segments') continue;
      extras.set(name, (extras.get(name) ?? []).concat(value as readonly Json[]));
    }
  }
  // A handler may name anything: what every object has by itself is none of its findings.
  return Object.assign(Object.create(null), Object.fromEntries(extras)) as Read['extras'];
}

/** The lists of this option over all submits of the conversation. */
function asked({ jobs }: Read, ...names: readonly string[]): readonly Json[] {
  return jobs.flatMap(({ job }) => names.flatMap((name) => listOf(remembered(job)?.options[name])));
}

function shown(message: Message, query: Query): object {
  return {
    ...message,
    phrases: [],
    ...(query.sentiment === 'true' ? { sentiment: sentimentOf(message.text) } : {}),
    ...(query.verbose === 'true' ? { words: wordsOf(message) } : {}),
  };
}

/** Words share the time of their sentence by length: the finest that is known. */
function wordsOf({ text, startTime, duration }: Message): readonly object[] {
  const at = Date.parse(startTime);
  const perCharacter = (duration * 1_000) / Math.max(1, text.length);
  return [...text.matchAll(/\S+/g)].map((match) => ({
    word: match[0],
    startTime: new Date(at + match.index * perCharacter).toISOString(),
    endTime: new Date(at + (match.index + match[0].length) * perCharacter).toISOString(),
  }));
}

/** Documented to be missing while anything is still being processed. */
function summary({ jobs, extras, conversation: { id } }: Read): object {
  if (jobs.some(({ job }) => !isFinal(job.state))) throw new BideError('ROUTE_NOT_FOUND', 'Not Found');
  const said = extras.summary ?? [];
  return {
    summary: said.map((item, index) =>
      typeof item === 'string' ? { id: numericId(`${id}/summary/${index}`), text: item, messageRefs: [] } : item,
    ),
  };
}

function described({ conversation: found, messages }: Read): object {
  return base(found, messages);
}

function base({ id, name, createdAt, metadata }: Conversation, messages: readonly Message[]): object {
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
