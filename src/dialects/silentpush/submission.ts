/** From a request that starts a search to the job that is submitted for it. Pure. */
import { Compile } from 'typebox/compile';
import { BideError } from '../../core/errors.ts';
import type { Json } from '../../core/job.ts';
import { isObject } from '../../core/json-object.ts';
import type { SubmitRequest } from '../../engine/api.ts';
import { type Asked, NAME } from './mapping.ts';
import type { EndpointOptions } from './options.ts';
import { filtersOf, type Query, type StartFlags } from './query.ts';
import { RETAIN_MS, SPQL_SORT_DEFAULT, SpqlBody, type StartingEndpoint } from './wire.ts';

/**
 * What the job's handler gets. It returns all rows as an array (the page is cut out of them), a page that it has cut itself as
 * `{rows, total}`, or a table of all rows as `{columns, rows}`.
 */
export type SearchInput = {
  /** The endpoint's name, such as `domain/search`. */
  readonly endpoint: string;
  /** Parameters of the path, such as `qtype` and `qname`. */
  readonly path: Readonly<Record<string, string>>;
  /** Filters of the query string; several values of one name are alternatives. */
  readonly query: Readonly<Record<string, readonly string[]>>;
  /** The SPQL search of a POST, null for a GET. */
  readonly body: SpqlSearch | null;
  readonly limit: number;
  readonly skip: number;
};

export type SpqlSearch = {
  readonly query: string;
  /** Null for every field. */
  readonly fields: readonly string[] | null;
  /** `field/asc` or `field/desc`, the most significant first. */
  readonly sort: readonly string[];
};

/** Decoded parameters of the path. */
export type Params = Readonly<Record<string, string>>;

export interface Start {
  readonly tenant: string;
  readonly endpoint: StartingEndpoint;
  readonly options: EndpointOptions;
  readonly params: Params;
  readonly query: Query;
  readonly flags: StartFlags;
  readonly body: SpqlSearch | null;
}

const spqlBody = Compile(SpqlBody);

export function submission(start: Start): SubmitRequest {
  const { limit, skip, withMetadata } = start.flags;
  const input: SearchInput = {
    endpoint: start.endpoint.name,
    path: start.params,
    query: filtersOf(start.query),
    body: start.body,
    limit,
    skip,
  };
  const asked: Asked = {
    resultKey: start.options.resultKey ?? start.endpoint.resultKey,
    queryName: start.options.queryName ?? queryNameOf(start),
    limit,
    skip,
    withMetadata,
  };
  return {
    tenant: start.tenant,
    type: start.options.type,
    input: input as Json,
    retainMs: RETAIN_MS,
    origin: { dialect: NAME, data: asked },
  };
}

/** The search in a POSTed body; empty lists count as left out, which is how one client sends them. */
export function spqlSearch(body: Json | undefined): SpqlSearch {
  if (!spqlBody.Check(body)) throw new BideError('INVALID_REQUEST', spqlComplaint(body));
  const fields = body.fields === undefined || body.fields === null || body.fields.length === 0 ? null : body.fields;
  const sort = body.sort === undefined || body.sort === null || body.sort.length === 0 ? SPQL_SORT_DEFAULT : body.sort;
  return { query: body.query, fields, sort: sort.map(withOrder).filter((field) => isAmong(field, fields)) };
}

function spqlComplaint(body: unknown): string {
  if (body === undefined) return 'the body is missing: send {"query": "..."}';
  if (!isObject(body)) return 'the body must be a JSON object';
  if (!('query' in body)) return 'query is missing';
  if (typeof body.query !== 'string' || body.query === '') return 'query must be a text';
  return 'fields and sort must be lists of texts';
}

/** A bare field sorts upwards. */
function withOrder(field: string): string {
  return /\/(?:asc|desc)$/i.test(field) ? field : `${field}/asc`;
}

/** A sort field that is not among the fields is ignored. */
function isAmong(sorted: string, fields: readonly string[] | null): boolean {
  return fields === null || fields.includes(sorted.slice(0, sorted.lastIndexOf('/')));
}

/** One search endpoint serves several sources; the vendor names the query after the source. */
function queryNameOf(start: Start): string {
  const isWhois = /\bdatasource\s*=\s*["']?whois\b/i.test(start.body?.query ?? '');
  return isWhois ? 'whois/search/_spql' : start.endpoint.queryName;
}
