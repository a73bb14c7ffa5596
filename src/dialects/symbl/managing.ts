/** Conversations as things: listed, named, told who spoke, and deleted. */
import { BideError } from '../../core/errors.ts';
import type { Json } from '../../core/job.ts';
import { fieldsOf } from '../../core/json-object.ts';
import { isFinal } from '../../core/state.ts';
import { jsonBodyOf } from '../json-body.ts';
import type { Call } from './call.ts';
import type { ConversationPage } from './conversations.ts';
import { listOf } from './insights.ts';
import { remembered } from './mapping.ts';
import { listed, reading } from './reading.ts';
import { turnsOf } from './speaker-events.ts';
import { UUID } from './speakers.ts';
import { requireMetadata } from './submit-options.ts';

const PAGE_DEFAULT = 20;
const WEEK_MS = 7 * 86_400_000;
/** Members of one conversation that may be renamed. */
const RENAMED_MAX = 1_000;
const NAME_LENGTH_MAX = 500;

export function idOf(call: Call): string {
  return (call.request.params as { id: string }).id;
}

export async function list(call: Call): Promise<string> {
  const query = call.request.query as Readonly<Record<string, string>>;
  const { engine } = call.context;
  const { listPageMax } = engine.limits;
  const to = timeIn(query, 'endTime') ?? engine.clock.now();
  const page: ConversationPage = {
    from: timeIn(query, 'startTime') ?? to - WEEK_MS,
    to,
    order: oneOf(query, 'order', ['asc', 'desc']),
    by: oneOf(query, 'sort', ['conversation.startTime', 'conversation.name', 'startTime', 'name']).endsWith('name')
      ? 'name'
      : 'startTime',
    limit: numberIn(query, 'limit', PAGE_DEFAULT, listPageMax),
    offset: numberIn(query, 'offset', 0, 1_000_000),
  };
  if (page.from > page.to) throw new BideError('INVALID_REQUEST', '"startTime" must be before "endTime"');
  return listed(call, await call.conversations.list(call.principal.tenant, page));
}

export async function setMetadata(call: Call): Promise<string> {
  const { metadata } = fieldsOf(jsonBodyOf(call));
  if (metadata === undefined) throw new BideError('INVALID_REQUEST', '"metadata" is required');
  requireMetadata(metadata);
  await call.conversations.setMetadata(call.principal.tenant, idOf(call), metadata);
  return reading(call, idOf(call), 'conversation');
}

export async function renameMember(call: Call): Promise<object> {
  const id = idOf(call);
  const { memberId } = call.request.params as { memberId: string };
  const { name, email = null } = fieldsOf(jsonBodyOf(call));
  if (!isName(name) || (email !== null && !isName(email))) {
    throw new BideError(
      'INVALID_REQUEST',
      `"name" is required, "email" is not; both have at most ${NAME_LENGTH_MAX} characters`,
    );
  }
  const members = listOf(fieldsOf(JSON.parse(await reading(call, id, 'members')) as Json).members);
  if (!UUID.test(memberId) || !members.some((member) => fieldsOf(member).id === memberId.toLowerCase())) {
    throw new BideError('ROUTE_NOT_FOUND', `Member with id ${memberId} not found in conversation ${id}`);
  }
  await call.conversations.changeNotes(call.principal.tenant, id, (notes) => {
    const renamed = { ...notes.members, [memberId.toLowerCase()]: { name, email } };
    if (Object.keys(renamed).length > RENAMED_MAX) {
      throw new BideError('INVALID_REQUEST', `At most ${RENAMED_MAX} members of a conversation can be renamed.`);
    }
    return { ...notes, members: renamed };
  });
  return {
    message: `Member with id: ${memberId} for conversationId: ${id} updated successfully! ${REFLECTED}`,
  };
}

export async function setSpeakers(call: Call): Promise<object> {
  const id = idOf(call);
  const turns = turnsOf(fieldsOf(jsonBodyOf(call)).speakerEvents);
  await call.conversations.read(call.principal.tenant, id);
  await call.conversations.changeNotes(call.principal.tenant, id, (notes) => ({ ...notes, turns }));
  return { message: `Speaker events associated for conversationId: ${id} successfully! ${REFLECTED}` };
}

const REFLECTED = 'The update should be reflected in all messages and insights along with this conversation';

/** Its jobs go with it: what still runs is cancelled, and what is final is removed. */
export async function remove(call: Call): Promise<object> {
  const { engine } = call.context;
  const { tenant } = call.principal;
  const id = idOf(call);
  await call.conversations.read(tenant, id);
  const jobs = await call.conversations.jobs(tenant, id);
  for (const { job } of jobs) {
    if (!isFinal(job.state)) await engine.cancel(tenant, job.id);
    await engine.remove(tenant, job.id);
    const upload = remembered(job)?.upload ?? null;
    if (upload !== null) await call.uploads.drop(upload.name);
  }
  await call.conversations.remove(tenant, id);
  return { message: 'successfully deleted the conversation' };
}

function isName(value: Json | undefined): value is string {
  return typeof value === 'string' && value.trim() !== '' && value.length <= NAME_LENGTH_MAX;
}

function numberIn(query: Readonly<Record<string, string>>, name: string, otherwise: number, max: number): number {
  const text = query[name];
  if (text === undefined) return otherwise;
  if (typeof text === 'string' && /^\d{1,9}$/.test(text)) return Math.min(Number(text), max);
  throw new BideError('INVALID_REQUEST', `"${name}" must be a whole number`);
}

function timeIn(query: Readonly<Record<string, string>>, name: string): number | null {
  const text = query[name];
  if (text === undefined) return null;
  const time = typeof text === 'string' && /^\d{4}-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) throw new BideError('INVALID_REQUEST', `"${name}" must be a date in ISO 8601`);
  return time;
}

/** The first where the query says nothing. */
function oneOf<Word extends string>(
  query: Readonly<Record<string, string>>,
  name: string,
  words: readonly [Word, ...Word[]],
): Word {
  const text = String(query[name] ?? words[0]);
  const word = words.find((one) => one === text);
  if (word !== undefined) return word;
  throw new BideError('INVALID_REQUEST', `"${name}" must be one of ${words.join(', ')}`);
}
