/** JSON-RPC 2.0 as MCP has it: one message at a time, ids that are texts or whole numbers, errors by their codes. Pure. */
import type { Json } from '../../core/job.ts';

export type RequestId = string | number;
export type Members = Readonly<Record<string, unknown>>;

export type Message =
  | { readonly kind: 'request'; readonly id: RequestId; readonly method: string; readonly params: Members }
  | { readonly kind: 'notification'; readonly method: string; readonly params: Members }
  /** To a request of ours; null for one that says that it failed. */
  | { readonly kind: 'response'; readonly id: RequestId; readonly result: Members | null };

export const PARSE_ERROR = -32_700;
export const INVALID_REQUEST = -32_600;
export const METHOD_NOT_FOUND = -32_601;
export const INVALID_PARAMS = -32_602;
export const INTERNAL_ERROR = -32_603;

/** What is wrong with a message that could be read: said with its id, in the protocol's own code. */
export class RpcError extends Error {
  override readonly name = 'RpcError';
  readonly code: number;
  readonly data: object | undefined;
  /** Of HTTP; 200 where the protocol says so in the body alone. */
  readonly status: number;

  constructor(code: number, message: string, { data, status = 200 }: { data?: object; status?: number } = {}) {
    super(message);
    this.code = code;
    this.data = data;
    this.status = status;
  }
}

/** Of a body that is JSON. Throws an RpcError for one that is no message. */
export function messageOf(body: Json | undefined): Message {
  if (Array.isArray(body)) throw invalid('Batches are not taken: send each message as a request of its own.');
  if (!isMembers(body)) throw invalid('The body must be one JSON-RPC message.');
  if (body.jsonrpc !== '2.0') throw invalid('jsonrpc must be "2.0".');
  const { id, method } = body;
  if (method === undefined) return responseOf(body);
  if (typeof method !== 'string') throw invalid('method must be a text.');
  if (id !== undefined && !isRequestId(id)) throw invalid('id must be a text or a whole number.');
  const { params = {} } = body;
  if (!isMembers(params)) throw new RpcError(INVALID_PARAMS, 'params must be an object.', { status: 400 });
  return id === undefined ? { kind: 'notification', method, params } : { kind: 'request', id, method, params };
}

function responseOf({ id, result, error }: Members): Message {
  if (!isRequestId(id) || (result === undefined && error === undefined)) throw invalid('A message has a method.');
  return { kind: 'response', id, result: isMembers(result) ? result : null };
}

function invalid(message: string): RpcError {
  return new RpcError(INVALID_REQUEST, message, { status: 400 });
}

export function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isRequestId(value: unknown): value is RequestId {
  return typeof value === 'string' || Number.isSafeInteger(value);
}

/** @param result as JSON text */
export function resultText(id: RequestId, result: string): string {
  return `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${result}}`;
}

export function errorText(
  id: RequestId | null,
  { code, message, data }: Pick<RpcError, 'code' | 'message' | 'data'>,
): string {
  return JSON.stringify(errorMessage(id, { code, message, ...(data === undefined ? {} : { data }) }));
}

/** Without an id where none could be read. */
export function errorMessage(
  id: RequestId | null,
  error: { readonly code: number; readonly message: string; readonly data?: object },
) {
  return { jsonrpc: '2.0', ...(id === null ? {} : { id }), error };
}

export function notificationText(method: string, params: object): string {
  return JSON.stringify({ jsonrpc: '2.0', method, params });
}
