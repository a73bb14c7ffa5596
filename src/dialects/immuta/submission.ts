/**
 * The endpoints that start jobs, and how each answers.
 *
 * `bulk`: one job per item of the body (a list, or one thing), answered with a bulk id. `id`: one job, answered with its bare
 * id. `created`: one job, waited for, answered with what it made. `plan`: one job, waited for as long as the caller says,
 * answered with the vendor's plan of changes.
 */
import type { Json } from '../../core/job.ts';
import { fieldsOf } from '../../core/json-object.ts';
import type { SubmitRequest } from '../../engine/api.ts';
import { BULK_TAG, CONNECTION_TAG, DIALECT } from './mapping.ts';

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
    purpose: 'Creates data sources; a list of them as a bulk of jobs',
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
    purpose: 'Applies a description of data sources; waits on request',
  },
  {
    name: 'v2/data/delete',
    method: 'DELETE',
    path: '/api/v2/data/:connectionKey',
    answer: 'id',
    purpose: 'Deletes the data sources of a connection',
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
  return {
    tenant: context.tenant,
    type: context.type,
    input: { ...started },
    tags: {
      ...(context.bulkId === null ? {} : { [BULK_TAG]: context.bulkId }),
      ...(connection === null ? {} : { [CONNECTION_TAG]: connection }),
    },
    origin: { dialect: DIALECT, data: { endpoint: started.endpoint } },
  };
}

/** `user@host:port/database`, as the vendor's clients put it together from a handler; null where the body does not say. */
export function connectionStringOf(body: Json): string | null {
  const outer = fieldsOf(body);
  if (typeof outer.connectionString === 'string') return outer.connectionString;
  const handler = Array.isArray(outer.handler) ? outer.handler[0] : outer.handler;
  const metadata = fieldsOf(fieldsOf(handler ?? null).metadata ?? outer.metadata ?? null);
  if (typeof metadata.connectionString === 'string') return metadata.connectionString;
  const { username, hostname, port, database } = metadata;
  if (typeof hostname !== 'string' || typeof database !== 'string') return null;
  return `${String(username ?? '')}@${hostname}:${String(port ?? '')}/${database}`;
}
