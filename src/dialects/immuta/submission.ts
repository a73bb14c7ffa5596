/**
 * The endpoints that start jobs, and how each answers.
 *
 * `bulk`: one job per item of the body (a list, or one thing), answered with a bulk id. `id`: one job, answered with its bare
 * id. `created`: one job, waited for, answered with what it made; a list of handlers is a bulk. `plan`: one job, waited for as long as
 * the caller says, answered with the vendor's plan of changes; a dry run is no job.
 */
import type { Json } from '../../core/job.ts';
import { fieldsOf, textOf } from '../../core/json-object.ts';
import type { SubmitRequest } from '../../engine/api.ts';
import { BULK_TAG, CONNECTION_TAG, DIALECT, KEY_TAG } from './mapping.ts';
import { namesIn } from './source-names.ts';

export type Answer = 'bulk' | 'id' | 'created' | 'plan';

export interface StartingEndpoint {
  readonly name: string;
  readonly method: 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly answer: Answer;
  readonly purpose: string;
}

export const STARTING_ENDPOINTS = [
  {
    name: 'handler',
    method: 'POST',
    path: '/:handler/handler',
    answer: 'created',
    purpose: 'Creates a data source; a list of handlers as a bulk of jobs',
  },
  {
    name: 'handler/bulk',
    method: 'PUT',
    path: '/:handler/bulk',
    answer: 'bulk',
    purpose: 'Updates all data sources of a connection',
  },
  {
    name: 'triggerHighCardinalityJob',
    method: 'PUT',
    path: '/:handler/handler/:id/triggerHighCardinalityJob',
    answer: 'id',
    purpose: 'Starts the job; answers with its bare id',
  },
  {
    name: 'refreshNativeViewJob',
    method: 'PUT',
    path: '/:handler/handler/:id/refreshNativeViewJob',
    answer: 'id',
    purpose: 'Starts the job; answers with its bare id',
  },
  {
    name: 'dataSource/bulk',
    method: 'PUT',
    path: '/dataSource/bulk/:type',
    answer: 'bulk',
    purpose: 'Changes many data sources',
  },
  {
    name: 'dataSource/bulkRefreshViews',
    method: 'POST',
    path: '/dataSource/bulkRefreshViews',
    answer: 'bulk',
    purpose: 'Refreshes the views of many data sources',
  },
  {
    name: 'dataSource/detectRemoteChanges',
    method: 'PUT',
    path: '/dataSource/detectRemoteChanges',
    answer: 'bulk',
    purpose: 'Looks for changed columns',
  },
  { name: 'sdd/run', method: 'POST', path: '/sdd/run', answer: 'bulk', purpose: 'Runs sensitive data discovery' },
  { name: 'data/crawl', method: 'POST', path: '/data/crawl/*', answer: 'id', purpose: 'Synchronises an object' },
  {
    name: 'v2/data',
    method: 'POST',
    path: '/api/v2/data',
    answer: 'plan',
    purpose: 'Applies a description of data sources, in JSON or YAML; waits on request',
  },
  {
    name: 'v2/data/delete',
    method: 'DELETE',
    path: '/api/v2/data/:connectionKey',
    answer: 'plan',
    purpose: 'Deletes the data sources of a connection; a dry run tells whether there are any',
  },
] as const satisfies readonly StartingEndpoint[];

export type StartingName = (typeof STARTING_ENDPOINTS)[number]['name'];

/** What a request of a starting endpoint says; each job's input is this, with one item as its body. */
export interface Started {
  readonly endpoint: StartingName;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly body: Json;
}

export interface SubmissionContext {
  readonly tenant: string;
  readonly type: string;
  /** Null where the job is not one of a bulk. */
  readonly bulkId: string | null;
}

export function submission(context: SubmissionContext, started: Started): SubmitRequest {
  const connection = connectionStringOf(started.body);
  const key = connectionKeyOf(started);
  const sources = key === null ? [] : namesIn(started.body);
  return {
    tenant: context.tenant,
    type: context.type,
    input: { ...started },
    tags: {
      ...(context.bulkId === null ? {} : { [BULK_TAG]: context.bulkId }),
      ...(connection === null ? {} : { [CONNECTION_TAG]: connection }),
      ...(key === null ? {} : { [KEY_TAG]: key }),
    },
    origin: {
      dialect: DIALECT,
      data: { endpoint: started.endpoint, ...(sources.length === 0 ? {} : { sources: [...sources] }) },
    },
  };
}

/** The name that a description of data sources goes by; null where there is none. */
export function connectionKeyOf({ endpoint, params, body }: Started): string | null {
  if (endpoint === 'v2/data/delete') return params.connectionKey ?? null;
  const key = endpoint === 'v2/data' ? fieldsOf(body).connectionKey : null;
  return typeof key === 'string' && key !== '' ? key : null;
}

/** What each job of a bulk has as its body: the items of a list, or the handlers of one creation, each with what is said for all. */
export function itemsOf({ endpoint, body }: Started): readonly Json[] {
  if (Array.isArray(body)) return body;
  const { handler, ...rest } = fieldsOf(body);
  if (endpoint !== 'handler' || !Array.isArray(handler)) return [body];
  return handler.map((one) => ({ ...rest, handler: one }));
}

/** `user@host:port/database`, as the vendor's clients put it together from a handler; null where the body does not say. */
export function connectionStringOf(body: Json): string | null {
  const outer = fieldsOf(body);
  if (typeof outer.connectionString === 'string') return outer.connectionString;
  const metadata = fieldsOf(fieldsOf(outer.handler ?? null).metadata ?? outer.metadata ?? null);
  if (typeof metadata.connectionString === 'string') return metadata.connectionString;
  const { username, hostname, port, database } = metadata;
  if (typeof hostname !== 'string' || typeof database !== 'string') return null;
  return `${textOf(username ?? '')}@${hostname}:${textOf(port ?? '')}/${database}`;
}
