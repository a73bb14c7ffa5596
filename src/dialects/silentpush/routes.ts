/** The plugin: each request is authenticated, parsed, handed to the engine and answered; what the answer says is `mapping.ts`. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { BideError } from '../../core/errors.ts';
import { jobIdOf } from '../../core/id.ts';
import type { Json } from '../../core/job.ts';
import { isFinal, shownState } from '../../core/state.ts';
import type { Lookup, Snapshot } from '../../engine/api.ts';
import { requireTypes } from '../configured-types.ts';
import { requireScope } from '../credentials.ts';
import type { DialectContext, Principal } from '../dialect.ts';
import { frame, refuse } from '../frame.ts';
import { jsonBodyOf, takeRawBodies } from '../json-body.ts';
import { resultOf } from '../result-of.ts';
import { submitted } from '../submitted.ts';
import { waitFor } from '../wait-for.ts';
import {
  askedOf,
  envelope,
  errorBody,
  failure,
  failureMessage,
  JOB_NOT_FOUND,
  jobStatus,
  pageOf,
  resultMembers,
  WORDS,
} from './mapping.ts';
import type { EndpointOptions, SilentpushOptions } from './options.ts';
import { parseQuery, pollFlags, type Query, startFlags } from './query.ts';
import { type Params, spqlSearch, submission } from './starting.ts';
import { JOB_PATH, ME_PATH, STARTING_ENDPOINTS, type StartingEndpoint } from './wire.ts';

type Context = DialectContext<SilentpushOptions>;

/** One request on its way through the dialect. */
interface Call {
  readonly context: Context;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly principal: Principal;
  readonly query: Query;
}

/** How the answer to a job is wrapped: the merge API has an envelope, the search outside of it has none. */
type Wrap = (members: Record<string, unknown>) => object;

const JSON_TYPE = 'application/json; charset=utf-8';

export function register(app: FastifyInstance, context: Context): void {
  requireTypes(context.engine, 'dialects.silentpush.options.endpoints', context.options.endpoints);
  frame(app, { errorBody }, (framed) => {
    takeRawBodies(framed);
    framed.get(routeOf(JOB_PATH), (request, reply) => callOf(context, request, reply).then(poll));
    framed.get(routeOf(ME_PATH), (request, reply) => callOf(context, request, reply).then(me));
    for (const endpoint of STARTING_ENDPOINTS) {
      framed.route({
        method: endpoint.method,
        url: routeOf(endpoint.path),
        // A HEAD must not start a search.
        exposeHeadRoute: false,
        handler: (request, reply) => callOf(context, request, reply).then((call) => start(call, endpoint)),
      });
    }
  });
}

/** The vendor's `{name}` as the router's `:name`. */
function routeOf(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1');
}

async function callOf(context: Context, request: FastifyRequest, reply: FastifyReply): Promise<Call> {
  const url = request.raw.url ?? '';
  const mark = url.indexOf('?');
  const query = parseQuery(mark === -1 ? '' : url.slice(mark + 1));
  return { context, request, reply, principal: await authenticate(context, request), query };
}

function me(call: Call) {
  return send(call, { username: call.principal.tenant });
}

async function poll(call: Call) {
  requireScope(call.principal, 'read');
  const flags = pollFlags(call.query, call.context.options.maxWait);
  const id = jobIdOf(paramsOf(call).job_id ?? '');
  const lookup: Lookup = id === null ? { kind: 'missing' } : await settled(call, id, flags.waitSeconds);
  if (lookup.kind !== 'found') return unknownJob(call, id, lookup);
  const { snapshot } = lookup;
  if (flags.isStatusOnly || !isFinal(snapshot.job.state)) return sendStatus(call, snapshot, envelope);
  return sendOutcome(call, snapshot, flags.forcedMetadata ?? askedOf(snapshot.job).withMetadata, envelope);
}

async function start(call: Call, endpoint: StartingEndpoint) {
  requireScope(call.principal, 'submit');
  const options: EndpointOptions | undefined = call.context.options.endpoints[endpoint.name];
  if (options === undefined) {
    return refuse({ errorBody }, call.reply, 'not_found', `endpoint ${endpoint.name} is not configured`);
  }
  const flags = startFlags(call.query, call.context.options.maxWait);
  const body = endpoint.method === 'POST' ? spqlSearch(jsonBodyOf(call.request)) : null;
  const { tenant } = call.principal;
  const request = submission({ tenant, endpoint, options, params: paramsOf(call), query: call.query, flags, body });
  const [outcome] = await call.context.engine.submit([request]);
  const job = submitted(outcome);
  const wrap: Wrap = isUnwrapped(endpoint) ? (members) => members : envelope;
  if (flags.prefer === 'job_id') return sendStatus(call, job, wrap);
  const lookup = await settled(call, job.job.id, flags.waitSeconds);
  const snapshot = lookup.kind === 'found' ? lookup.snapshot : job;
  if (!isFinal(snapshot.job.state)) return sendStatus(call, snapshot, wrap);
  return sendOutcome(call, snapshot, flags.withMetadata, wrap);
}

/** The job once it is final, or as it is after `waitSeconds`. */
async function settled(call: Call, id: string, waitSeconds: number): Promise<Lookup> {
  const { engine } = call.context;
  const { tenant } = call.principal;
  const snapshot = engine.peek(tenant, id);
  if (snapshot !== undefined && (waitSeconds === 0 || isFinal(snapshot.job.state))) return { kind: 'found', snapshot };
  const wait = { tenant, ids: [id], for: 'all', until: { kind: 'done' }, timeoutMs: waitSeconds * 1_000 } as const;
  const [lookup] = await waitFor(call.context, call.request, call.reply, wait);
  return lookup ?? { kind: 'missing' };
}

function unknownJob(call: Call, id: string | null, lookup: Exclude<Lookup, { kind: 'found' }>) {
  const isPending = call.context.options.unknownJobs === 'pending' && id !== null && lookup.kind === 'missing';
  if (!isPending) return refuse({ errorBody }, call.reply, 'not_found', JOB_NOT_FOUND);
  return send(call, envelope({ job_status: jobStatus(id, 'PENDING', baseUrl(call)) }));
}

function sendStatus(call: Call, snapshot: Snapshot, wrap: Wrap) {
  const word = WORDS[shownState(snapshot.job, call.context.engine.clock.now())];
  return send(call, wrap({ job_status: jobStatus(snapshot.job.id, word, baseUrl(call)) }));
}

async function sendOutcome(call: Call, snapshot: Snapshot, hasMetadata: boolean, wrap: Wrap) {
  const { job } = snapshot;
  if (job.state !== 'succeeded') return send(call, failure(failureMessage(job)));
  const page = pageOf(await resultJson(call.context, snapshot), askedOf(job));
  return send(call, wrap(resultMembers(job, page, hasMetadata)));
}

/** The result as JSON; bytes that are none become one row which holds them. */
async function resultJson(context: Context, snapshot: Snapshot): Promise<Json> {
  const result = await resultOf(context.engine, snapshot);
  if (result.kind === 'none') return null;
  if (result.kind === 'json') return JSON.parse(result.text) as Json;
  const content = Buffer.from(result.bytes.buffer, result.bytes.byteOffset, result.bytes.byteLength);
  return [{ content_base64: content.toString('base64'), content_type: result.contentType }];
}

async function authenticate(context: Context, request: FastifyRequest): Promise<Principal> {
  const key = request.headers['x-api-key'];
  const principal = typeof key === 'string' && key !== '' ? await context.auth.byKey(key.trim()) : null;
  if (principal === null) throw new BideError('UNAUTHENTICATED');
  return principal;
}

function isUnwrapped(endpoint: StartingEndpoint): boolean {
  return endpoint === STARTING_ENDPOINTS.find(({ name }) => name === 'spql-search');
}

function paramsOf(call: Call): Params {
  return call.request.params as Params;
}

function baseUrl(call: Call): string {
  return call.context.publicUrl(call.request);
}

function send(call: Call, body: object): FastifyReply {
  return call.reply.type(JSON_TYPE).send(JSON.stringify(body));
}
