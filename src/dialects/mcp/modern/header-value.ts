/** What headers repeat of a body: how it is written there, and how it is said that it differs. Pure. */
import { RpcError } from '../rpc.ts';
import { HEADER_MISMATCH } from '../wire.ts';

export function mismatch(what: string): RpcError {
  return new RpcError(HEADER_MISMATCH, `Header mismatch: ${what}.`, { status: 400 });
}

const WRAPPED = /^=\?base64\?(.*)\?=$/s;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** What is no plain ASCII comes in base64, in a wrapper. Null for a wrapper around what is no base64. */
export function decodedHeader(header: string): string | null {
  const inner = WRAPPED.exec(header)?.[1];
  if (inner === undefined) return header;
  return BASE64.test(inner) ? Buffer.from(inner, 'base64').toString('utf8') : null;
}
