/** From a request of `/create/job` to a submit: which endpoint is meant, what it is asked, and what to remember of it. */
import { randomUUID } from 'node:crypto';
import { BideError } from '../../core/errors.ts';
import type { Json } from '../../core/job.ts';
import type { SubmitRequest } from '../../engine/api.ts';
import { readJson as readJsonText } from '../json-body.ts';
import type { Context } from './call.ts';
import { type Encoding, readJson } from './encoding.ts';
import { DIALECT, type Remembered, TAG_NAME } from './mapping.ts';
import type { Target as TargetOptions } from './options.ts';
import { type Paging, pagingOf } from './paging.ts';
import { uncompressed } from './snappy.ts';
import { parametersOf, withNumberedPlaceholders } from './statement-parameters.ts';
import { type CreateJobRequest, END_OF_SET, type ExecuteSqlRequest, executeSqlRequest } from './wire.ts';

type RememberedTarget = Pick<
  Remembered,
  'endpoint' | 'queryText' | 'offset' | 'limit' | 'rowEncoding' | 'pagingTable' | 'pageOf'
>;

/** The endpoint that a job runs, with its request read. */
export interface Target {
  readonly type: string;
  readonly input: Json;
  /** In which the endpoint's answer is wanted. */
  readonly encoding: Encoding;
  readonly remembered: RememberedTarget;
  /** Null where the request is no page of a statement. */
  readonly paging: Paging | null;
}

/** INVALID_REQUEST where the endpoint is not served, its encoding is not taken or its request does not fit. */
export function targetRequest({ options, engine }: Context, given: CreateJobRequest): Target {
  const request = withoutCompression(given, engine.limits.bodyBytesMax);
  const target = Object.hasOwn(options.endpoints, request.endpoint) ? options.endpoints[request.endpoint] : undefined;
  if (target === undefined) throw new BideError('INVALID_REQUEST', `Unknown URI: ${request.endpoint}`);
  const encoding = encodingOf(request);
  const read = target.kind === 'sql' ? sqlTarget : plainTarget;
  return read(target, encoding, { request, depthMax: engine.limits.jsonDepthMax });
}

export function submission(tenant: string, target: Target, memory: Remembered, tag: string | null): SubmitRequest {
  return {
    tenant,
    type: target.type,
    input: target.input,
    tags: { [TAG_NAME]: tag ?? randomUUID() },
    origin: { dialect: DIALECT, data: memory as unknown as Json },
  };
}

function withoutCompression(request: CreateJobRequest, bytesMax: number): CreateJobRequest {
  if (request.request_encoding !== 'snappy') return request;
  return { ...request, request_encoding: 'binary', data: uncompressed(request.data, bytesMax) };
}

/** Omitted, the encoding is binary; but a caller that sent JSON text and no bytes can only have meant JSON. */
function encodingOf(request: CreateJobRequest): Encoding {
  const { request_encoding: given, data, data_str: text } = request;
  if (given === 'json' || (given === 'binary' && data.length === 0 && text !== '')) return 'json';
  if (given === 'binary') return 'binary';
  throw new BideError('INVALID_REQUEST', `Unsupported request_encoding ${given}: use json, binary or snappy.`);
}

/** A request of an endpoint, and how deep the JSON in it may nest. */
interface Inner {
  readonly request: CreateJobRequest;
  readonly depthMax: number;
}

function sqlTarget(target: TargetOptions, encoding: Encoding, { request, depthMax }: Inner): Target {
  const sql =
    encoding === 'binary'
      ? executeSqlRequest.binary.decode(request.data)
      : readJson(executeSqlRequest, innerJson(request.data_str, depthMax));
  refuseRecords(sql);
  const parameters = parametersOf(sql.options);
  const query = parameters === undefined ? statementOf(sql) : withNumberedPlaceholders(statementOf(sql));
  const input = { query, types: true, ...(parameters === undefined ? {} : { parameters }) };
  const page = { offset: rangeOf('offset', sql.offset, 0), limit: rangeOf('limit', sql.limit, END_OF_SET) };
  const paging = pagingOf({ type: target.type, ...input }, page, sql.options);
  return {
    type: target.type,
    input,
    encoding,
    remembered: {
      endpoint: request.endpoint,
      queryText: sql.statement,
      ...page,
      rowEncoding: rowEncodingOf(sql.encoding),
      pagingTable: paging?.table ?? '',
      pageOf: null,
    },
    paging,
  };
}

/** Records beside a statement are what it inserts or binds; left unread, a query would run without them. */
function refuseRecords({ data, request_schema_str: schema }: ExecuteSqlRequest): void {
  if (data.length === 0 && schema === '') return;
  const message = 'Fields data and request_schema_str are not taken: send the values in options.query_parameters.';
  throw new BideError('INVALID_REQUEST', message);
}

function plainTarget(target: TargetOptions, encoding: Encoding, { request, depthMax }: Inner): Target {
  if (encoding === 'binary') {
    throw new BideError('INVALID_REQUEST', `Unsupported request_encoding binary for ${request.endpoint}: use json.`);
  }
  return {
    type: target.type,
    input: innerJson(request.data_str, depthMax),
    encoding,
    remembered: {
      endpoint: request.endpoint,
      queryText: '',
      offset: 0,
      limit: END_OF_SET,
      rowEncoding: 'json',
      pagingTable: '',
      pageOf: null,
    },
    paging: null,
  };
}

function innerJson(text: string, depthMax: number): Json {
  const value = readJsonText(Buffer.from(text), depthMax, 'data_str is not JSON.');
  if (value !== undefined) return value;
  throw new BideError('INVALID_REQUEST', 'data_str is empty: put the request of the endpoint there, as JSON.');
}

function statementOf(request: ExecuteSqlRequest): string {
  if (request.statement.trim() === '') throw new BideError('INVALID_REQUEST', 'The statement is empty.');
  return request.statement;
}

function rangeOf(name: string, value: ExecuteSqlRequest['offset'], least: number): number {
  const number = Number(value);
  if (Number.isSafeInteger(number) && (number === least || number >= 0)) return number;
  throw new BideError('INVALID_REQUEST', `Field ${name} must be a whole number from 0, or ${END_OF_SET} for all.`);
}

function rowEncodingOf(given: string): Encoding {
  if (given === 'json' || given === 'binary') return given;
  throw new BideError('INVALID_REQUEST', `Unsupported encoding ${given}: use json or binary.`);
}
