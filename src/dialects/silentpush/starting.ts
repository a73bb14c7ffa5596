/** Starting a search: answered with its rows when these are there in time, else with a job to poll. */
import { BideError } from '../../core/errors.ts';
import { isFinal } from '../../core/state.ts';
import { requireScope } from '../credentials.ts';
import { jobDone } from '../job-done.ts';
import { jsonBodyOf } from '../json-body.ts';
import { submitOne } from '../submit-one.ts';
import { bare, inEnvelope, outcomeRead } from './bodies.ts';
import { type Answer, baseUrl, type Call, paramsOf, send } from './call.ts';
import type { EndpointOptions } from './options.ts';
import { startFlags } from './query.ts';
import { spqlSearch, submission } from './submission.ts';
import type { StartingEndpoint } from './wire.ts';

export async function start(call: Call, endpoint: StartingEndpoint): Promise<Answer> {
  requireScope(call.principal, 'submit');
  const options: EndpointOptions | undefined = call.context.options.endpoints[endpoint.name];
  if (options === undefined) {
    throw new BideError('ROUTE_NOT_FOUND', `endpoint ${endpoint.name} is not configured`);
  }
  const flags = startFlags(call.query, call.context.options.maxWait);
  const body = endpoint.method === 'POST' ? spqlSearch(jsonBodyOf(call)) : null;
  const { tenant } = call.principal;
  const request = submission({ tenant, endpoint, options, params: paramsOf(call), query: call.query, flags, body });
  const job = await submitOne(call.context.engine, request);
  const wrap = endpoint.name === 'spql-search' ? bare : inEnvelope;
  if (flags.prefer === 'job_id') return send(call, call.bodies.status(job, baseUrl(call), wrap));
  const lookup = await jobDone(call, job.job.id, flags.waitSeconds * 1_000);
  const snapshot = lookup.kind === 'found' ? lookup.snapshot : job;
  if (!isFinal(snapshot.job.state)) return send(call, call.bodies.status(snapshot, baseUrl(call), wrap));
  const text = call.bodies.outcome(snapshot, flags.withMetadata, wrap);
  return send(call, text ?? (await outcomeRead(call.context.engine, snapshot, flags.withMetadata, wrap)));
}
