/** The wire of 2025: its methods, and what each is for. */
import { type Call, type Method, type Reply, result } from '../call.ts';
import { METHOD_NOT_FOUND, RpcError } from '../rpc.ts';
import { callTool, startAndHold } from '../tools/call-tool.ts';
import { listTools } from '../tools/list-tools.ts';
import type { Tool } from '../tools/tool-list.ts';
import { cancelTask, createTask, getTask, listTasks, taskResult } from './tasks.ts';

export const LEGACY_METHODS: Readonly<Record<string, Method>> = {
  ping: { scope: null, run: (call) => result(call, {}) },
  'tools/list': { scope: null, run: listTools },
  'tools/call': { scope: null, run: (call) => callTool(call, (tool) => start(call, tool)) },
  'tasks/get': { scope: 'read', run: getTask },
  'tasks/result': { scope: 'read', run: taskResult },
  'tasks/list': { scope: 'read', run: listTasks },
  'tasks/cancel': { scope: 'submit', run: cancelTask },
};

/** Here the client says whether it wants a task. */
function start(call: Call, tool: Tool): Promise<Reply> {
  const { type, taskSupport } = tool;
  const wantsTask = call.params.task !== undefined;
  if (wantsTask && taskSupport === 'forbidden')
    throw new RpcError(METHOD_NOT_FOUND, `${type} is not called as a task: it answers at once.`);
  if (!wantsTask && taskSupport === 'required')
    throw new RpcError(METHOD_NOT_FOUND, `${type} is only called as a task: send params.task.`);
  return wantsTask ? createTask(call, tool) : startAndHold(call, tool);
}
