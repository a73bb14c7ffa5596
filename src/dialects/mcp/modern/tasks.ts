/** Tasks on the wire of 2026: a task has its result within, its input is answered by an update, and a cancel is only asked for. */
import type { Snapshot } from '../../../engine/api.ts';
import { type Call, complete, type Peer, type Reply, result } from '../call.ts';
import { answer, asksOf, requestsOf } from '../inputs.ts';
import { ttlOf, wordOf } from '../mapping.ts';
import { INVALID_PARAMS, isMembers, type Members, RpcError } from '../rpc.ts';
import {
  type Answer,
  answerAtHand,
  answerOf,
  asksFor,
  factsFor,
  notFound,
  pollMsOf,
  taskNow,
  taskToUse,
} from '../tasks.ts';
import { MISSING_CAPABILITY, TASKS_EXTENSION } from '../wire.ts';

/** Throws an RpcError that names what the client has to declare. */
export function requireTasks({ takesTasks }: Peer): void {
  if (takesTasks) return;
  const data = { requiredCapabilities: { extensions: { [TASKS_EXTENSION]: {} } } };
  throw new RpcError(MISSING_CAPABILITY, 'Missing required client capability', { status: 400, data });
}

/** It is on disk before its id is told. */
export function createTask(call: Call, snapshot: Snapshot): Reply {
  return { kind: 'result', text: JSON.stringify(complete(call, taskFields(call, snapshot), 'task')) };
}

function taskFields(call: Pick<Call, 'context' | 'desk' | 'peer'>, snapshot: Snapshot): Members {
  const pollIntervalMs = pollMsOf(call.context.engine, snapshot);
  return { ...factsFor(call, snapshot), ttlMs: ttlOf(snapshot.job), pollIntervalMs };
}

export async function getTask(call: Call): Promise<Reply> {
  requireTasks(call.peer);
  return result(call, await detailedTask(call, await taskNow(call)));
}

/** A task with what belongs to its state: what is asked, what was answered, what went wrong. */
export async function detailedTask(call: Call, snapshot: Snapshot): Promise<Members> {
  const atHand = taskAtHand(call, snapshot);
  return atHand ?? { ...taskFields(call, snapshot), ...outcomeOf(await answerOf(call, snapshot)) };
}

type Knowing = Pick<Call, 'context' | 'desk' | 'peer'>;

/** Undefined where its answer takes a look into the store. */
export function taskAtHand(call: Knowing, snapshot: Snapshot): Members | undefined {
  const fields = taskFields(call, snapshot);
  const asks = asksFor(call, snapshot);
  const settings = call.desk.tools.settingsOf(snapshot.job.type);
  if (asks.length > 0) return { ...fields, inputRequests: requestsOf(asks, settings) };
  const word = wordOf(snapshot.job, false);
  if (word !== 'completed' && word !== 'failed') return fields;
  const answered = answerAtHand(snapshot);
  return answered === undefined ? undefined : { ...fields, ...outcomeOf(answered) };
}

function outcomeOf(answered: Answer): Members {
  return answered.kind === 'error'
    ? { error: answered.error }
    : { result: { resultType: 'complete', ...answered.result } };
}

export async function updateTask(call: Call): Promise<Reply> {
  requireTasks(call.peer);
  const { inputResponses } = call.params;
  if (!isMembers(inputResponses)) throw new RpcError(INVALID_PARAMS, 'inputResponses must be an object.');
  const { job } = await taskToUse(call);
  const asks = asksOf(job, call.desk.tools.settingsOf(job.type));
  if (!(await answer(call.context.engine, job, inputResponses, asks))) throw notFound();
  return result(call, {});
}

/** The answer says that it was heard; the task says what came of it. */
export async function cancelTask(call: Call): Promise<Reply> {
  requireTasks(call.peer);
  const { job } = await taskToUse(call);
  const outcome = await call.context.engine.cancel(job.tenant, job.id);
  if (outcome.kind === 'missing' || outcome.kind === 'gone') throw notFound();
  return result(call, {});
}
