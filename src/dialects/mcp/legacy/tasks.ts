/** Tasks on the wire of 2025: the client asks for one, polls it, waits for its result, lists and cancels. */
import { isFinal } from '../../../core/state.ts';
import { jobDone } from '../../job-done.ts';
import { type Call, type Reply, result } from '../call.ts';
import { hold } from '../holding.ts';
import { INVALID_PARAMS, isMembers, RpcError } from '../rpc.ts';
import { found, notFound, taskNow, taskToUse } from '../tasks.ts';
import { placeIn } from '../tools/call-tool.ts';
import { startJob } from '../tools/start-job.ts';
import type { Tool } from '../tools/tool-list.ts';
import { META } from '../wire.ts';
import { taskBody } from './task-body.ts';

const PAGE_SIZE = 100;
/** Kept at least so long after its end: a client that asks for less still has to fetch the result. */
const RETAIN_MS_MIN = 60_000;

/** It is on disk before its id is told. */
export async function createTask(call: Call, tool: Tool): Promise<Reply> {
  const started = await startJob(call, tool, retainMsOf(call));
  if (started.kind === 'unfit') throw new RpcError(INVALID_PARAMS, started.message);
  const { snapshot } = started;
  const said = `The job ${snapshot.job.id} was started. Its result comes when it is done.`;
  return result(call, { task: taskBody(call, snapshot), _meta: { [META.immediateResponse]: said } });
}

/** A task's time counts from its creation and ours from its end, which is never earlier. */
function retainMsOf({ params: { task }, context }: Call): number | null {
  if (!isMembers(task)) throw new RpcError(INVALID_PARAMS, 'task must be an object.');
  const { ttl } = task;
  if (ttl === undefined || ttl === null) return null;
  if (typeof ttl !== 'number' || !(ttl >= 0)) throw new RpcError(INVALID_PARAMS, 'task.ttl must be a time in ms.');
  return Math.min(Math.max(Math.ceil(ttl), RETAIN_MS_MIN), context.engine.limits.retainMsMax);
}

export async function getTask(call: Call): Promise<Reply> {
  return result(call, taskBody(call, await taskNow(call)));
}

export async function taskResult(call: Call): Promise<Reply> {
  const snapshot = await taskToUse(call);
  return hold(call, { ...placeIn(call), kind: 'result', jobId: snapshot.job.id }, snapshot);
}

/** All jobs of the tenant, newest first, whichever way they came. */
export async function listTasks(call: Call): Promise<Reply> {
  const { context, principal, params } = call;
  const { tenant } = principal;
  const { cursor } = params;
  const after = typeof cursor === 'string' ? await context.auth.numbers.open(tenant, cursor) : null;
  if (cursor !== undefined && after === null)
    throw new RpcError(INVALID_PARAMS, 'The cursor is not one that this list gave out: start again without.');
  const limit = Math.min(PAGE_SIZE, context.engine.limits.listPageMax);
  const page = await context.engine.list({ tenant, limit, hasResults: false, ...(after === null ? {} : { after }) });
  const next = page.next === null ? {} : { nextCursor: await context.auth.numbers.seal(tenant, page.next.number) };
  return result(call, { tasks: page.snapshots.map((snapshot) => taskBody(call, snapshot)), ...next });
}

/**
 * The answer says `cancelled`, and a task that says so never says anything else. So a running job is waited for until it has stopped; one that ends in
 * another way meanwhile was not cancelled, and that is the answer.
 */
export async function cancelTask(call: Call): Promise<Reply> {
  const { engine } = call.context;
  const { job } = await taskToUse(call);
  const outcome = await engine.cancel(job.tenant, job.id);
  if (outcome.kind === 'missing' || outcome.kind === 'gone') throw notFound();
  const { snapshot } = outcome;
  // A cancel of a cancelled one is refused as well.
  if (outcome.kind !== 'done' && isFinal(snapshot.job.state)) throw hasEnded();
  const latest = found(await jobDone(call, snapshot.job.id, engine.limits.waitMsMax));
  if (latest.job.state === 'cancelled') return result(call, taskBody(call, latest));
  if (isFinal(latest.job.state)) throw hasEnded();
  throw new RpcError(STILL_RUNNING, 'The job was told to stop and has not yet: ask for it with tasks/get.');
}

const STILL_RUNNING = 408;

function hasEnded(): RpcError {
  return new RpcError(INVALID_PARAMS, 'Cannot cancel the task: it has ended already.');
}
