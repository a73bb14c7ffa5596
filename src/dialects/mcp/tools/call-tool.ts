/** `tools/call` without a task: the job is started and waited for. */
import { requireScope } from '../../credentials.ts';
import { type Call, type Reply, result } from '../call.ts';
import { hold } from '../holding.ts';
import type { Place } from '../place.ts';
import { INVALID_PARAMS, isMembers, isRequestId, RpcError } from '../rpc.ts';
import { callOwnTool } from './follow-jobs.ts';
import { isOwnTool } from './own-tools.ts';
import { startJob } from './start-job.ts';
import type { Tool } from './tool-list.ts';
import { toolError } from './tool-result.ts';

/** @param start what is done with a call of a type's tool */
export async function callTool(call: Call, start: (tool: Tool) => Promise<Reply>): Promise<Reply> {
  const { name } = call.params;
  if (typeof name !== 'string') throw new RpcError(INVALID_PARAMS, 'name must be a text.');
  if (isOwnTool(name)) return callOwnTool(call, name, placeIn(call));
  requireScope(call.principal, 'submit');
  const tool = call.desk.tools.ofType(name);
  if (tool === null) throw new RpcError(INVALID_PARAMS, `Unknown tool: ${name.slice(0, 200)}`);
  return start(tool);
}

export async function startAndHold(call: Call, tool: Tool): Promise<Reply> {
  const started = await startJob(call, tool, null);
  if (started.kind === 'unfit') return result(call, toolError(started.message));
  const { snapshot } = started;
  return hold(call, { ...placeIn(call), kind: 'call', jobId: snapshot.job.id }, snapshot);
}

export function placeIn({ id, params }: Call): Omit<Place, 'kind' | 'jobId'> {
  const token = isMembers(params._meta) ? params._meta.progressToken : undefined;
  return { requestId: id, progressToken: isRequestId(token) ? token : null };
}
