/** The wire of 2026: its methods, and what each is for. */
import { type Call, type Method, type Reply, result } from '../call.ts';
import { INSTRUCTIONS } from '../legacy/initialize.ts';
import { callTool } from '../tools/call-tool.ts';
import { listTools } from '../tools/list-tools.ts';
import { TASKS_EXTENSION, VERSIONS } from '../wire.ts';
import { listen } from './listen.ts';
import { start } from './start.ts';
import { cancelTask, getTask, updateTask } from './tasks.ts';

export const MODERN_METHODS: Readonly<Record<string, Method>> = {
  'server/discover': { scope: null, run: discover },
  'tools/list': { scope: null, run: listTools },
  'tools/call': { scope: null, run: (call) => callTool(call, (tool) => start(call, tool)) },
  'tasks/get': { scope: 'read', run: getTask },
  'tasks/update': { scope: 'submit', run: updateTask },
  'tasks/cancel': { scope: 'submit', run: cancelTask },
  'subscriptions/listen': { scope: 'read', run: listen },
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
