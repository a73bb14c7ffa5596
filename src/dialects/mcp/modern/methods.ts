/** The wire of 2026: its methods, and what each is for. */
import { type Call, type Method, type Reply, result } from '../call.ts';
import { INSTRUCTIONS } from '../legacy/initialize.ts';
import { callTool, startAndHold } from '../tools/call-tool.ts';
import { listTools } from '../tools/list-tools.ts';
import { startJob } from '../tools/start-job.ts';
import type { Tool } from '../tools/tool-list.ts';
import { toolError } from '../tools/tool-result.ts';
import { TASKS_EXTENSION, VERSIONS } from '../wire.ts';
import { cancelTask, createTask, getTask, requireTasks, updateTask } from './tasks.ts';

export const MODERN_METHODS: Readonly<Record<string, Method>> = {
  'server/discover': { scope: null, run: discover },
  'tools/list': { scope: null, run: listTools },
  'tools/call': { scope: null, run: (call) => callTool(call, (tool) => start(call, tool)) },
  'tasks/get': { scope: 'read', run: getTask },
  'tasks/update': { scope: 'submit', run: updateTask },
  'tasks/cancel': { scope: 'submit', run: cancelTask },
};

/** What a server is does not change while it runs. */
const DISCOVER_TTL_MS = 3_600_000;

function discover(call: Call): Reply {
  return result(call, {
    supportedVersions: VERSIONS,
    capabilities: { tools: {}, extensions: { [TASKS_EXTENSION]: {} } },
    instructions: INSTRUCTIONS,
    ttlMs: DISCOVER_TTL_MS,
    cacheScope: 'public',
  });
}

/** Here the server decides: a tool that may take long is a task for whoever takes one. */
async function start(call: Call, tool: Tool): Promise<Reply> {
  const { taskSupport } = tool;
  if (taskSupport === 'required') requireTasks(call.peer);
  if (taskSupport === 'forbidden' || !call.peer.takesTasks) return startAndHold(call, tool);
  const started = await startJob(call, tool, null);
  return started.kind === 'unfit' ? result(call, toolError(started.message)) : createTask(call, started.snapshot);
}
