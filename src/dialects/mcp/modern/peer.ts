/** The wire of 2026: each request says by itself which version it speaks and what its client can do; headers say the same once more, for whoever routes. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Peer } from '../call.ts';
import { canElicit } from '../legacy/session.ts';
import { INVALID_PARAMS, isMembers, type Members, type Message, RpcError } from '../rpc.ts';
import { META, MODERN_VERSION, TASKS_EXTENSION, UNSUPPORTED_VERSION, VERSIONS } from '../wire.ts';
import { decodedHeader, mismatch } from './header-value.ts';

type Request = Exclude<Message, { kind: 'response' }>;

/** Throws an RpcError for a request that leaves out what it has to say, or whose headers say something else. */
export function modernPeer(headers: IncomingHttpHeaders, request: Request): Peer {
  const meta = isMembers(request.params._meta) ? request.params._meta : {};
  const version = meta[META.version];
  const header = headers['mcp-protocol-version'];
  if (header === undefined) throw mismatch('the header MCP-Protocol-Version is missing');
  if (typeof version !== 'string') throw malformed(`params._meta["${META.version}"] is missing`);
  if (header !== version) throw mismatch(`MCP-Protocol-Version is '${header}', and in the body '${version}'`);
  requireVersion(version);
  const capabilities = meta[META.capabilities];
  if (!isMembers(capabilities)) throw malformed(`params._meta["${META.capabilities}"] is missing`);
  requireSame('Mcp-Method', headers['mcp-method'], request.method);
  const named = nameOf(request);
  if (named !== null) requireSame('Mcp-Name', headers['mcp-name'], named);
  const { extensions } = capabilities;
  const takesTasks = isMembers(extensions) && isMembers(extensions[TASKS_EXTENSION]);
  return { isLegacy: false, version, canElicit: canElicit(capabilities), takesTasks };
}

/** @param version whatever a client named */
export function requireVersion(version: string, known: readonly string[] = [MODERN_VERSION]): void {
  if (known.includes(version)) return;
  const data = { supported: VERSIONS, requested: version };
  throw new RpcError(UNSUPPORTED_VERSION, 'Unsupported protocol version', { status: 400, data });
}

function malformed(what: string): RpcError {
  return new RpcError(INVALID_PARAMS, `Invalid params: ${what}.`, { status: 400 });
}

/** What the header Mcp-Name repeats; null for methods that name nothing. */
function nameOf({ method, params }: Request): string | null {
  const name = method === 'tools/call' ? params.name : NAMING_TASKS.has(method) ? params.taskId : null;
  return typeof name === 'string' ? name : null;
}

const NAMING_TASKS: ReadonlySet<string> = new Set(['tasks/get', 'tasks/update', 'tasks/cancel']);

function requireSame(name: string, header: string | readonly string[] | undefined, body: string): void {
  if (header === undefined) throw mismatch(`the header ${name} is missing`);
  if (decodedHeader(String(header)) === body) return;
  throw mismatch(`${name} is '${String(header)}', and in the body '${body.slice(0, 200)}'`);
}

/** Whether a request is of this wire: it says so in its body, or in its header. */
export function isModern(headers: IncomingHttpHeaders, params: Members): boolean {
  return (
    headers['mcp-protocol-version'] === MODERN_VERSION ||
    (isMembers(params._meta) && params._meta[META.version] !== undefined)
  );
}
