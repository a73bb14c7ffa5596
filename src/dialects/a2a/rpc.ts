/** The envelope of JSON-RPC 2.0: which operation is meant, and what its answers are wrapped in. */
import { BideError } from '../../core/errors.ts';
import type { Json } from '../../core/job.ts';
import { isObject } from '../../core/json-object.ts';
import type { RpcId } from './faults.ts';
import { METHODS, type Operation } from './operations.ts';
import { unsupportedVersion } from './versions.ts';
import type { Version } from './wire.ts';

export interface RpcRequest {
  readonly id: RpcId;
  readonly method: string;
  readonly params: Json;
}

/** The id of what may be a request; null where it has none. */
export function rpcIdOf(body: Json | undefined): RpcId {
  const id = isObject(body) ? body.id : null;
  return typeof id === 'string' || typeof id === 'number' ? id : null;
}

/** INVALID_REQUEST for what is none. One at a time: batches are no part of A2A. */
export function rpcRequestIn(body: Json | undefined): RpcRequest {
  if (!isObject(body)) throw noRequest('The body must be one JSON-RPC request, an object.');
  const { jsonrpc, method, params } = body;
  if (jsonrpc !== '2.0') throw noRequest('jsonrpc must be "2.0".');
  if (typeof method !== 'string') throw noRequest('method must be a text.');
  return { id: rpcIdOf(body), method, params: params ?? {} };
}

function noRequest(message: string): BideError {
  return new BideError('INVALID_REQUEST', message, { rpc: 'request' });
}

/** ROUTE_NOT_FOUND for a method that there is not; VERSION_NOT_SUPPORTED for one of another version than the request speaks. */
export function operationOf(version: Version, method: string): Operation {
  const own = METHODS[version];
  const operation = Object.hasOwn(own, method) ? own[method] : undefined;
  if (operation !== undefined) return operation;
  const other: Version = version === '1.0' ? '0.3' : '1.0';
  const name = method.slice(0, 100);
  if (Object.hasOwn(METHODS[other], method)) {
    const header = other === '1.0' ? 'send the header A2A-Version: 1.0' : 'leave out the header A2A-Version';
    throw unsupportedVersion(`${name} is a method of version ${other}: ${header}.`);
  }
  throw new BideError('ROUTE_NOT_FOUND', `There is no method ${name} in version ${version}.`);
}

export function wrapped(id: RpcId): (result: object | null) => object {
  return (result) => ({ jsonrpc: '2.0', id, result });
}
