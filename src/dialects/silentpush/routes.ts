/** The plugin: each request is authenticated, parsed, handed to the engine and answered; what the answer says is `mapping.ts`. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { BideError } from '../../core/errors.ts';
import { jobIdOf } from '../../core/id.ts';
import type { Json } from '../../core/job.ts';
import { isFinal } from '../../core/state.ts';
import type { Snapshot } from '../../engine/api.ts';
import type { DialectContext, Principal } from '../../http/dialect.ts';
import type { DialectCall } from '../call.ts';
import { requireTypes } from '../configured-types.ts';
import { requireScope } from '../credentials.ts';
import { frame } from '../frame.ts';
import { jobDone } from '../job-done.ts';
import { jsonBodyOf, takeRawBodies } from '../json-body.ts';
import { resultOf } from '../result-of.ts';
import { sendPlainJson } from '../send-plain.ts';
import { submitOne } from '../submit-one.ts';
import { type Bodies, bare, createBodies, inEnvelope, type Wrap } from './bodies.ts';
import { askedOf, envelope, errorBody, JOB_NOT_FOUND, jobStatus, pageOf, resultMembers } from './mapping.ts';
import type { EndpointOptions, SilentpushOptions } from './options.ts';
import { type PollFlags, parseQuery, pollFlags, type Query, startFlags } from './query.ts';
import { type Params, spqlSearch, submission } from './submission.ts';
import { JOB_PATH, ME_PATH, STARTING_ENDPOINTS, type StartingEndpoint } from './wire.ts';

type Context = DialectContext<SilentpushOptions>;

/** One request on its way through the dialect. */
interface Call extends DialectCall<SilentpushOptions> {
  readonly bodies: Bodies;
  readonly query: Query;
}

/** Undefined where the answer is out already. */
type Answer = FastifyReply | undefined;

export function register(app: FastifyInstance, context: Context): void {
  requireTypes(context.engine, 'dialects.silentpush.options.endpoints', context.options.endpoints);
  const bodies = createBodies(context.engine);
  const on = (serve: (call: Call) => Answer | Promise<Answer>) => (request: FastifyRequest, reply: FastifyReply) =>
    authenticated(context, request, (principal) =>
      serve({ context, bodies, request, reply, principal, query: queryOf(request) }),
    );
  frame(app, { errorBody }, (framed) => {
    takeRawBodies(framed);
    framed.get(routeOf(JOB_PATH), on(poll));
    framed.get(routeOf(ME_PATH), on(me));
    for (const endpoint of STARTING_ENDPOINTS) {
      const serve = on((call) => start(call, endpoint));
      // A HEAD must not start a search.
      framed.route({ method: endpoint.method, url: routeOf(endpoint.path), exposeHeadRoute: false, handler: serve });
    }
  });
}

/** The vendor's `{name}` as the router's `:name`. */
function routeOf(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1');
}

/** Goes on without a promise when the key is in memory. */
function authenticated(
  context: Context,
  request: FastifyRequest,
  next: (principal: Principal) => Answer | Promise<Answer>,
): Answer | Promise<Answer> {
  const key = request.headers['x-api-key'];
  const known = typeof key === 'string' && key !== '' ? context.auth.byKey(key.trim()) : null;
  const admit = (principal: Principal | null) => {
    if (principal === null) throw new BideError('UNAUTHENTICATED');
    return next(principal);
  };
  return known instanceof Promise ? known.then(admit) : admit(known);
}

function queryOf(request: FastifyRequest): Query {
  const url = request.raw.url ?? '';
  const mark = url.indexOf('?');
  return parseQuery(mark === -1 ? '' : url.slice(mark + 1));
}

function me(call: Call): Answer {
  return sendPlainJson(call.reply, JSON.stringify({ username: call.principal.tenant }));
}

/** The hot path: a job in memory that is not waited for is answered without a promise. */
function poll(call: Call): Answer | Promise<Answer> {
  requireScope(call.principal, 'read');
  const flags = pollFlags(call.query, call.context.options.maxWait);
  const id = jobIdOf(paramsOf(call).job_id ?? '');
  if (id === null) return unknownJob(call, null, 'missing');
  const snapshot = call.context.engine.peek(call.principal.tenant, id);
  if (snapshot !== undefined && (flags.waitSeconds === 0 || isFinal(snapshot.job.state))) {
    const text = polledText(call, snapshot, flags);
    if (text !== undefined) return sendPlainJson(call.reply, text);
  }
  return pollLater(call, id, flags);
}

async function pollLater(call: Call, id: string, flags: PollFlags): Promise<Answer> {
  const lookup = await jobDone(call, id, flags.waitSeconds * 1_000);
  if (lookup.kind !== 'found') return unknownJob(call, id, lookup.kind);
  const { snapshot } = lookup;
  const text =
    polledText(call, snapshot, flags) ?? (await outcomeRead(call, snapshot, metadataOf(snapshot, flags), inEnvelope));
  return send(call, text);
}

function polledText(call: Call, snapshot: Snapshot, flags: PollFlags): string | undefined {
  const isStatus = flags.isStatusOnly || !isFinal(snapshot.job.state);
  if (isStatus) return call.bodies.status(snapshot, baseUrl(call), inEnvelope);
  return call.bodies.outcome(snapshot, metadataOf(snapshot, flags), inEnvelope);
}

function metadataOf({ job }: Snapshot, { forcedMetadata }: PollFlags): boolean {
  return forcedMetadata ?? askedOf(job).withMetadata;
}

async function start(call: Call, endpoint: StartingEndpoint): Promise<Answer> {
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
  return send(call, text ?? (await outcomeRead(call, snapshot, flags.withMetadata, wrap)));
}

function unknownJob(call: Call, id: string | null, kind: 'missing' | 'gone'): Answer {
  const isPending = call.context.options.unknownJobs === 'pending' && id !== null && kind === 'missing';
  if (!isPending) throw new BideError('JOB_NOT_FOUND', JOB_NOT_FOUND);
  return send(call, JSON.stringify(envelope({ job_status: jobStatus(id, 'PENDING', baseUrl(call)) })));
}

async function outcomeRead(call: Call, snapshot: Snapshot, hasMetadata: boolean, wrap: Wrap): Promise<string> {
  const page = pageOf(await resultJson(call.context, snapshot), askedOf(snapshot.job));
  return JSON.stringify(wrap(resultMembers(snapshot.job, page, hasMetadata)));
}

/** The result as JSON; bytes that are none become one row which holds them. */
async function resultJson(context: Context, snapshot: Snapshot): Promise<Json> {
  const result = await resultOf(context.engine, snapshot);
  if (result.kind === 'none') return null;
  if (result.kind === 'json') return JSON.parse(result.text) as Json;
  const content = Buffer.from(result.bytes.buffer, result.bytes.byteOffset, result.bytes.byteLength);
  return [{ content_base64: content.toString('base64'), content_type: result.contentType }];
}

function paramsOf(call: Call): Params {
  return call.request.params as Params;
}

function baseUrl(call: Call): string {
  return call.context.publicUrl(call.request);
}

/** Through the reply, since a hold may have said something on it. */
function send(call: Call, text: string): FastifyReply {
  return call.reply.type('application/json; charset=utf-8').send(text);
}
