/**
 * The headers that repeat arguments of a tool (`Mcp-Param-…`): its schema names them with `x-mcp-header`.
 *
 * Schemas are asked for when the server says that a header is missing, and not before: few tools have any, and one that changes with a
 * restart of the server is learned anew.
 */
import { headerValue, type Message, messageOf } from './message.ts';

interface ParamHeader {
  readonly name: string;
  /** Where the argument is. */
  readonly path: readonly string[];
}

type Headers = Readonly<Record<string, string>>;

export interface ToolHeaders {
  /** Of a call; none for other messages, and for tools that are not known to have any. */
  headersOf(message: Message): Headers;
  /** @param text the answer to `tools/list` */
  learn(text: string): void;
}

/** By the protocol. */
const HEADER_MISMATCH = -32_020;
/** As deep as anybody nests arguments. */
const DEPTH_MAX = 10;

export function createToolHeaders(): ToolHeaders {
  let byTool: ReadonlyMap<unknown, readonly ParamHeader[]> = new Map();
  return {
    headersOf({ method, params }) {
      const wanted = method === 'tools/call' ? (byTool.get(params?.name) ?? []) : [];
      return Object.fromEntries(wanted.flatMap((header) => entryOf(header, params?.arguments)));
    },
    learn(text) {
      const { result } = (messageOf(text) ?? {}) as { readonly result?: unknown };
      const tools = isMembers(result) && Array.isArray(result.tools) ? result.tools.filter(isMembers) : [];
      byTool = new Map(tools.map(({ name, inputSchema }) => [name, paramHeadersOf(inputSchema, [])]));
    },
  };
}

/** Asked by the client of the call: what it says of itself goes along. */
export function listRequest({ params }: Message): Message & { readonly jsonrpc: string } {
  return { jsonrpc: '2.0', id: 'bide-tools', method: 'tools/list', params: { _meta: params?._meta ?? {} } };
}

export function isHeaderMismatch(text: string): boolean {
  const { error } = (messageOf(text) ?? {}) as { readonly error?: { readonly code?: unknown } };
  return error?.code === HEADER_MISMATCH;
}

function paramHeadersOf(schema: unknown, path: readonly string[]): readonly ParamHeader[] {
  if (!isMembers(schema) || path.length > DEPTH_MAX) return [];
  const name = path.length === 0 ? undefined : schema['x-mcp-header'];
  const own = typeof name === 'string' ? [{ name: `mcp-param-${name.toLowerCase()}`, path }] : [];
  const properties = isMembers(schema.properties) ? Object.entries(schema.properties) : [];
  return [...own, ...properties.flatMap(([key, property]) => paramHeadersOf(property, [...path, key]))];
}

/** What is left out of the arguments, or null, has no header. */
function entryOf({ name, path }: ParamHeader, given: unknown): readonly (readonly [string, string])[] {
  const value = path.reduce<unknown>((at, key) => (isMembers(at) && Object.hasOwn(at, key) ? at[key] : null), given);
  return value === null || typeof value === 'object' ? [] : [[name, headerValue(String(value))]];
}

function isMembers(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
