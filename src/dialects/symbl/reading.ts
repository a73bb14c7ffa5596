/** Reading conversations: what is needed of the store is loaded, as much as one reading may take, and handed to the desk. */
import type { Json } from '../../core/job.ts';
import { isJsonType } from '../../core/media-type.ts';
import { isFinal } from '../../core/state.ts';
import type { Snapshot } from '../../engine/api.ts';
import { ABOUT_INPUT, type Left, type Material, type Query, type Question } from './answers.ts';
import { tooMuch } from './budget.ts';
import type { Call } from './call.ts';
import type { Conversation } from './conversations.ts';
import { remembered } from './mapping.ts';

/** The answer as JSON text. @param body of the request, where the reading has one. */
export async function reading(call: Call, id: string, name: string, body: Json = null): Promise<string> {
  const { tenant } = call.principal;
  const found = await call.conversations.read(tenant, id);
  const question = { name, query: call.request.query as Query, body };
  return call.desk.inTurn(tenant, async ({ answer }) =>
    answer(await materialOf(call, found, question, allowance(call)), question),
  );
}

/** Conversations as their single reads give them, in one list. */
export async function listed(call: Call, conversations: readonly Conversation[]): Promise<string> {
  const question: Question = { name: 'conversation', query: {}, body: null };
  const spend = allowance(call);
  const texts = await call.desk.inTurn(call.principal.tenant, async ({ answer }) => {
    const read: string[] = [];
    for (const one of conversations) {
      const text = await answer(await materialOf(call, one, question, spend), question);
      spend(text.length);
      read.push(text);
    }
    return read;
  });
  return `{"conversations":[${texts.join(',')}]}`;
}

/** Throws once more bytes were spent than one reading may take in. */
function allowance({ context }: Call): (bytes: number) => void {
  const { readBytesMax } = context.options;
  let left = readBytesMax;
  return (bytes) => {
    left -= bytes;
    if (left < 0) throw tooMuch(readBytesMax);
  };
}

async function materialOf(
  call: Call,
  conversation: Conversation,
  { name }: Question,
  spend: (bytes: number) => void,
): Promise<Material> {
  const { tenant } = call.principal;
  const snapshots = await call.conversations.jobs(tenant, conversation.id);
  for (const { job } of snapshots) if (isDone(job)) spend(job.result?.bytes ?? 0);
  const jobs: Left[] = [];
  for (const snapshot of snapshots) {
    const { job } = snapshot;
    // Jobs of before may have come another way, without options of this dialect.
    const isAsked = ABOUT_INPUT.has(name) && remembered(job) !== null;
    const input = isAsked ? await call.context.engine.readInput(tenant, job.id) : null;
    spend(input?.length ?? 0);
    if (isDone(job) || input !== null) jobs.push({ jobId: job.id, result: await textOf(call, snapshot), input });
  }
  const isFinished = snapshots.every(({ job }) => isFinal(job.state));
  const notes = await call.conversations.notes(tenant, conversation.id);
  return { conversation, notes, isFinished, jobs };
}

function isDone({ state }: Snapshot['job']): boolean {
  return state === 'succeeded';
}

async function textOf(call: Call, snapshot: Snapshot): Promise<Left['result']> {
  if (!isDone(snapshot.job)) return null;
  if (snapshot.resultText !== null) return { kind: 'json', text: snapshot.resultText };
  const outcome = await call.context.engine.readResult(snapshot.job.tenant, snapshot.job.id);
  if (outcome.kind !== 'found') return null;
  const { contentType, bytes } = outcome.result;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  if (isJsonType(contentType)) return { kind: 'json', text };
  // A recogniser that prints plain text has said it all.
  return contentType.startsWith('text/') ? { kind: 'text', text } : null;
}
