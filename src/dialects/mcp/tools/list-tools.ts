/** `tools/list`: all of them at once, in the order of the config. */
import { type Call, type Reply, result } from '../call.ts';
import { INVALID_PARAMS, type Members, RpcError } from '../rpc.ts';
import { OWN_TOOLS } from './own-tools.ts';
import type { Tool } from './tool-list.ts';

/** How long a client may keep the list: types are what the config says, and change with a restart. */
const LIST_TTL_MS = 60_000;

export function listTools(call: Call): Reply {
  if (call.params.cursor !== undefined)
    throw new RpcError(INVALID_PARAMS, 'The list has one page: there is no cursor.');
  const { isLegacy } = call.peer;
  const tools = [...call.desk.tools.all.map(bodyOf), ...OWN_TOOLS].map(({ execution, ...tool }) =>
    // Only the wire of 2025 has a client choose.
    isLegacy ? { ...tool, execution } : tool,
  );
  return result(call, { tools, ...(isLegacy ? {} : { ttlMs: LIST_TTL_MS, cacheScope: 'private' }) });
}

function bodyOf({ type: name, title, description, inputSchema, taskSupport, annotations }: Tool): Members & ToolBody {
  return {
    name,
    ...(title === undefined ? {} : { title }),
    description,
    inputSchema,
    ...(annotations === undefined ? {} : { annotations }),
    execution: { taskSupport },
  };
}

interface ToolBody {
  readonly execution: object;
}
