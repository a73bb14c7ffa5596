/** Reading jobs as tasks, for both wires: which job is meant, what is said of it, and what its tool has answered. */
import { jobIdOf } from '../../core/id.ts';
import type { Engine, Lookup, Snapshot } from '../../engine/api.ts';
import { jobNow } from '../job-done.ts';
import { type JobResult, resultAtHand, resultOf } from '../result-of.ts';
import type { Call } from './call.ts';
import { asksOf } from './inputs.ts';
import { failureOf, runOf, taskFacts, taskIdOf, wordOf } from './mapping.ts';
import { INVALID_PARAMS, RpcError } from './rpc.ts';
import { toolResult } from './tools/tool-result.ts';
import type { TaskFacts, ToolResult } from './wire.ts';

/** Shortest time between two polls that a client is asked for. */
const POLL_MS_MIN = 500;

/** A run of a job. */
interface TaskRef {
  readonly jobId: string;
  readonly run: number;
}

const TASK_ID = /^(.{36})(?:\.([1-9]\d{0,8}))?$/;

/** Null for what is no id of a task. */
export function taskRefOf(taskId: string): TaskRef | null {
  const [, id = '', run = '0'] = TASK_ID.exec(taskId) ?? [];
  const jobId = jobIdOf(id);
  return jobId === null ? null : { jobId, run: Number(run) };
}

function namedTask({ params: { taskId } }: Pick<Call, 'params'>): TaskRef {
  if (typeof taskId !== 'string') throw new RpcError(INVALID_PARAMS, 'taskId must be a text.');
  const ref = taskRefOf(taskId);
  if (ref === null) throw notFound();
  return ref;
}

/** The task that the request names, as it is now: a look of somebody who may ask again. */
export async function taskNow(call: Call): Promise<Snapshot> {
  const ref = namedTask(call);
  return ofRun(await jobNow(call, ref.jobId), ref);
}

/** The same for whoever does something with it, which is not counted as a look. */
export async function taskToUse(call: Call): Promise<Snapshot> {
  const ref = namedTask(call);
  const [lookup = null] = await call.context.engine.read(call.principal.tenant, [ref.jobId]);
  return ofRun(lookup, ref);
}

/** Whoever has an id from before the job was run again is told the new one. */
function ofRun(lookup: Lookup | null, { run }: TaskRef): Snapshot {
  const snapshot = found(lookup);
  if (runOf(snapshot.job) === run) return snapshot;
  if (run > runOf(snapshot.job)) throw notFound();
  throw new RpcError(INVALID_PARAMS, `Task not found: its job was run again, as the task ${taskIdOf(snapshot.job)}.`);
}

/** Unknown, foreign and gone are told alike. */
export function found(lookup: Lookup | null): Snapshot {
  if (lookup?.kind !== 'found') throw notFound();
  return lookup.snapshot;
}

export function notFound(): RpcError {
  return new RpcError(INVALID_PARAMS, 'Task not found: there is none with this taskId, or it is kept no longer.');
}

/** The inputs that this client may be asked for. */
export function asksFor({ desk, peer }: Pick<Call, 'desk' | 'peer'>, { job }: Snapshot): readonly string[] {
  return peer.canElicit ? asksOf(job, desk.tools.settingsOf(job.type)) : NO_ASKS;
}

const NO_ASKS: readonly string[] = [];

export function factsFor(call: Pick<Call, 'desk' | 'peer'>, snapshot: Snapshot): TaskFacts {
  return taskFacts(snapshot.job, asksFor(call, snapshot));
}

export function pollMsOf(engine: Pick<Engine, 'retryAfterMs'>, snapshot: Snapshot): number {
  return Math.max(POLL_MS_MIN, Math.round(engine.retryAfterMs(snapshot)));
}

export type Answer =
  | { readonly kind: 'result'; readonly result: ToolResult }
  | { readonly kind: 'error'; readonly error: { readonly code: number; readonly message: string } };

/** What the tool has answered: of a job that is final. */
export async function answerOf(call: Call, snapshot: Snapshot): Promise<Answer> {
  const atHand = answerAtHand(snapshot);
  if (atHand !== undefined) return atHand;
  return answerWith(snapshot, await resultOf(call.context.engine, snapshot), resultUrl(call, snapshot.job.id));
}

/** Undefined where it takes a look into the store. Such a result is short JSON, and needs no address. */
export function answerAtHand(snapshot: Snapshot): Answer | undefined {
  const result = resultAtHand(snapshot);
  return result === undefined ? undefined : answerWith(snapshot, result, '');
}

function answerWith({ job }: Snapshot, result: JobResult, url: string): Answer {
  const word = wordOf(job, false);
  if (word === 'completed') return { kind: 'result', result: toolResult(job, result, url) };
  return { kind: 'error', error: word === 'cancelled' ? CANCELLED : failureOf(job) };
}

const CANCELLED = { code: -32_603, message: 'The job was cancelled.' };

/** Where the native API serves the result. */
export function resultUrl({ context, request }: Pick<Call, 'context' | 'request'>, id: string): string {
  return new URL(`/v1/jobs/${id}/result`, context.publicUrl(request)).href;
}
