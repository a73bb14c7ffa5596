/**
 * The reads of this host that answer at once and never name a job: lookups of one thing, or of a list in the body.
 *
 * Each is a job all the same, of the type that the options name for it, waited for as long as the vendor holds a request. What its
 * handler returns is the `response`: an object as it is, a list under the endpoint's key.
 */
import { BideError } from '../../core/errors.ts';
import type { Json } from '../../core/job.ts';
import { isObject } from '../../core/json-object.ts';
import { isFinal } from '../../core/state.ts';
import type { Snapshot } from '../../engine/api.ts';
import { requireScope } from '../credentials.ts';
import { jobDone } from '../job-done.ts';
import { jsonBodyOf } from '../json-body.ts';
import { submitOne } from '../submit-one.ts';
import { resultJson } from './bodies.ts';
import { type Answer, type Call, paramsOf, send } from './call.ts';
import { envelope, failure, failureMessage, NAME } from './mapping.ts';
import { filtersOf } from './query.ts';
import type { Params } from './submission.ts';
import { MAX_WAIT_SECONDS, type ReadEndpoint } from './wire.ts';

/** Nobody comes back for a lookup: its job is kept for a look at what went wrong. */
const LOOKUP_RETAIN_MS = 3_600_000;

export async function readAtOnce(call: Call, endpoint: ReadEndpoint): Promise<Answer> {
  requireScope(call.principal, 'submit');
  const options = call.context.options.endpoints[endpoint.name];
  if (options === undefined) throw new BideError('ROUTE_NOT_FOUND', `endpoint ${endpoint.name} is not configured`);
  const { engine } = call.context;
  const { tenant } = call.principal;
  const input = {
    endpoint: endpoint.name,
    path: pathOf(call),
    query: filtersOf(call.query),
    body: endpoint.method === 'POST' ? bodyOf(call) : null,
  };
  const resultKey = options.resultKey ?? endpoint.resultKey;
  const queryName = options.queryName ?? endpoint.name;
  const asked = { resultKey, queryName, limit: Number.MAX_SAFE_INTEGER, skip: 0, withMetadata: false };
  const job = await submitOne(engine, {
    tenant,
    type: options.type,
    input: input as Json,
    retainMs: LOOKUP_RETAIN_MS,
    origin: { dialect: NAME, data: asked },
  });
  const lookup = await jobDone(call, job.job.id, MAX_WAIT_SECONDS * 1_000);
  if (lookup.kind !== 'found' || !isFinal(lookup.snapshot.job.state)) {
    await engine.cancel(tenant, job.job.id);
    return send(call, JSON.stringify(failure(`${endpoint.name} took longer than ${MAX_WAIT_SECONDS} s`)));
  }
  return send(call, JSON.stringify(await responseOf(call, lookup.snapshot, resultKey)));
}

async function responseOf(call: Call, snapshot: Snapshot, resultKey: string) {
  if (snapshot.job.state !== 'succeeded') return failure(failureMessage(snapshot.job));
  const result = await resultJson(call.context.engine, snapshot);
  if (isObject(result)) return envelope(result);
  return envelope(result === null ? {} : { [resultKey]: result });
}

/** A subnet is one parameter, however its slash was written. */
function pathOf(call: Call): Params {
  const { bits, ...path } = paramsOf(call);
  return bits === undefined ? path : { ...path, subnet: `${path.subnet}/${bits}` };
}

function bodyOf(call: Call): Json {
  const body = jsonBodyOf(call);
  if (!isObject(body)) throw new BideError('INVALID_REQUEST', 'the body must be a JSON object');
  return body;
}
