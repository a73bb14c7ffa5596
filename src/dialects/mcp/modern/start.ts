/**
 * A call of a tool in the wire of 2026. The server decides: a tool that may take long is a task for whoever takes one, all else is held.
 *
 * A person may have to be asked before there is a job, or while a call is held: the client is answered with what to ask, and calls again with what they
 * said. What the first call began is known by the state that it brings back, which is the job.
 */
import type { Snapshot } from '../../../engine/api.ts';
import { requireScope } from '../../credentials.ts';
import { type Call, type Reply, result } from '../call.ts';
import { hold, jobOfState } from '../holding.ts';
import { answer, asksOf, requestsOf } from '../inputs.ts';
import { INVALID_PARAMS, isMembers, type Members, RpcError } from '../rpc.ts';
import { placeIn } from '../tools/call-tool.ts';
import { argumentsOf, startJob } from '../tools/start-job.ts';
import type { Tool } from '../tools/tool-list.ts';
import { toolError } from '../tools/tool-result.ts';
import { MISSING_CAPABILITY } from '../wire.ts';
import { requireParamHeaders } from './param-headers.ts';
import { createTask, requireTasks } from './tasks.ts';

export async function start(call: Call, tool: Tool): Promise<Reply> {
  const { params, peer } = call;
  requireParamHeaders(call.request.headers, tool.paramHeaders, argumentsOf(params));
  if (tool.taskSupport === 'required') requireTasks(peer);
  const responses = isMembers(params.inputResponses) ? params.inputResponses : {};
  if (params.requestState !== undefined) return goOn(call, tool, responses);
  const first = askedAtStart(call, tool);
  const missing = first.filter((name) => !isMembers(responses[name]));
  if (missing.length > 0) return ask(call, tool, missing);
  const started = await startJob(call, tool, null);
  if (started.kind === 'unfit') return result(call, toolError(started.message));
  const { snapshot } = started;
  await answer(call.context.engine, snapshot.job, responses, first);
  const isTask = tool.taskSupport !== 'forbidden' && peer.takesTasks;
  return isTask ? createTask(call, snapshot) : heldCall(call, snapshot);
}

function heldCall(call: Call, snapshot: Snapshot): Promise<Reply> {
  return hold(call, { ...placeIn(call), kind: 'call', jobId: snapshot.job.id }, snapshot);
}

function askedAtStart({ desk }: Call, { type }: Tool): readonly string[] {
  const { inputs = {} } = desk.tools.settingsOf(type);
  return Object.keys(inputs).filter((name) => inputs[name]?.atStart === true);
}

function ask(call: Call, { type }: Tool, names: readonly string[]): Reply {
  if (!call.peer.canElicit) {
    const data = { requiredCapabilities: { elicitation: { form: {} } } };
    throw new RpcError(MISSING_CAPABILITY, 'Missing required client capability', { status: 400, data });
  }
  const inputRequests = requestsOf(names, call.desk.tools.settingsOf(type));
  return result(call, { resultType: 'input_required', inputRequests });
}

/** The call that was answered with what to ask, once more. */
async function goOn(call: Call, { type }: Tool, responses: Members): Promise<Reply> {
  const { engine } = call.context;
  // The state names a job, and the answer is what came of it.
  requireScope(call.principal, 'read');
  const id = jobOfState(call.params.requestState);
  const [lookup] = id === null ? [] : await engine.read(call.principal.tenant, [id]);
  if (lookup?.kind !== 'found' || lookup.snapshot.job.type !== type)
    throw new RpcError(INVALID_PARAMS, 'This requestState is not one that a call of this tool was answered with.');
  const { job } = lookup.snapshot;
  await answer(engine, job, responses, asksOf(job, call.desk.tools.settingsOf(type)));
  const [latest] = await engine.read(job.tenant, [job.id]);
  return heldCall(call, latest?.kind === 'found' ? latest.snapshot : lookup.snapshot);
}
