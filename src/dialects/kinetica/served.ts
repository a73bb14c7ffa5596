/** The endpoints that are served: what each takes and gives, which scope it needs, and what runs it. */
import type { Scope } from '../../core/scopes.ts';
import type { Call } from './call.ts';
import { type Body, readRequest, wrapped } from './encoding.ts';
import { alterJobs, createJob, getJob, showJobs } from './endpoints.ts';
import { clearTable } from './paging.ts';
import { executeSql } from './statement.ts';
import { clusterOperations, properties, shards, status } from './system.ts';
import * as wire from './wire.ts';
import { clusterOperationsRequest, clusterOperationsResponse, shardsResponse } from './wire-cluster.ts';

export interface Endpoint {
  readonly path: string;
  /** Asked before anything of the body is read. */
  readonly scope: Scope;
  answer(call: Call, body: Body): Promise<wire.Wrapper>;
}

interface Served<In, Out> {
  readonly scope: Scope;
  readonly takes: wire.WireRecord<In>;
  readonly gives: wire.WireRecord<Out>;
  run(call: Call, request: In): Promise<Out>;
}

function endpoint<In, Out>(path: string, { scope, takes, gives, run }: Served<In, Out>): Endpoint {
  const dataType = `${path.slice(1).replaceAll('/', '_')}_response`;
  return {
    path,
    scope,
    answer: async (call, body) => wrapped(call.encoding, dataType, gives, await run(call, readRequest(takes, body))),
  };
}

export const ENDPOINTS: readonly Endpoint[] = [
  endpoint('/create/job', {
    scope: 'submit',
    takes: wire.createJobRequest,
    gives: wire.createJobResponse,
    run: createJob,
  }),
  endpoint('/get/job', { scope: 'read', takes: wire.getJobRequest, gives: wire.getJobResponse, run: getJob }),
  endpoint('/admin/alter/jobs', {
    scope: 'submit',
    takes: wire.alterJobsRequest,
    gives: wire.alterJobsResponse,
    run: alterJobs,
  }),
  endpoint('/admin/show/jobs', {
    scope: 'read',
    takes: wire.optionsRequest,
    gives: wire.showJobsResponse,
    run: showJobs,
  }),
  endpoint('/execute/sql', {
    scope: 'submit',
    takes: wire.executeSqlRequest,
    gives: wire.executeSqlResponse,
    run: executeSql,
  }),
  endpoint('/show/system/status', {
    scope: 'read',
    takes: wire.optionsRequest,
    gives: wire.statusResponse,
    run: status,
  }),
  endpoint('/show/system/properties', {
    scope: 'read',
    takes: wire.optionsRequest,
    gives: wire.propertiesResponse,
    run: properties,
  }),
  endpoint('/clear/table', {
    scope: 'submit',
    takes: wire.clearTableRequest,
    gives: wire.clearTableResponse,
    run: clearTable,
  }),
  endpoint('/admin/show/cluster/operations', {
    scope: 'read',
    takes: clusterOperationsRequest,
    gives: clusterOperationsResponse,
    run: clusterOperations,
  }),
  endpoint('/admin/show/shards', { scope: 'read', takes: wire.optionsRequest, gives: shardsResponse, run: shards }),
];
