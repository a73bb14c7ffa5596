/** The plugin: both bindings, HTTP+JSON by its paths and JSON-RPC at the root; each request is authenticated, handed on and answered. */
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { BideError } from '../../core/errors.ts';
import { jobIdOf } from '../../core/id.ts';
import type { Json } from '../../core/job.ts';
import { fieldsOf } from '../../core/json-object.ts';
import type { Snapshot } from '../../engine/api.ts';
import { noteCaller } from '../../http/caller.ts';
import type { Principal } from '../../http/dialect.ts';
import { credentialOf, principalOf, requireScope } from '../credentials.ts';
import { frame } from '../frame.ts';
import { jsonBodyOf, takeRawBodies } from '../json-body.ts';
import { type OpenStreams, openStreams, STREAM_HEADERS } from '../open-streams.ts';
import { sendPlainJson } from '../send-plain.ts';
import { keptPerSnapshot } from '../snapshot-cache.ts';
import { streamOf } from '../streamed-texts.ts';
import type { Call, Context } from './call.ts';
import { cardOf } from './card.ts';
import { requireSkills } from './configured-skills.ts';
import { errorBody, httpError, type RpcId, rpcError } from './faults.ts';
import { legacy } from './legacy-spelling.ts';
import { OPERATIONS, type Operation } from './operations.ts';
import { operationOf, rpcIdOf, rpcRequestIn, wrapped } from './rpc.ts';
import { modern } from './spelling.ts';
import { taskAtHand } from './tasks.ts';
import { updateTexts } from './updates.ts';
import { unsupportedVersion, versionOf } from './versions.ts';
import { CARD_PATH, VERSION_HEADER } from './wire.ts';

const JSON_TYPE = 'application/json; charset=utf-8';

export function register(app: FastifyInstance, context: Context): void {
  requireSkills(context);
  /** Whatever goes wrong with a request of JSON-RPC is said under its id. */
  const rpcIds = new WeakMap<FastifyRequest, RpcId>();
  const isRpc = ({ method, url }: FastifyRequest) => method === 'POST' && /^\/?(?:\?|$)/.test(url);
  const refusal = (error: BideError, request: FastifyRequest) =>
    isRpc(request) ? rpcError(error, rpcIds.get(request) ?? null) : httpError(error);
  frame(app, { errorBody, refusal }, (framed) => {
    takeRawBodies(framed);
    const streams = openStreams(framed, context);
    declareCard(framed, context);
    declareHttp(framed, context, streams);
    framed.post('/', rpcHandler(context, streams, rpcIds));
  });
}

/** For anybody: a client reads it before it knows how to call. */
function declareCard(app: FastifyInstance, context: Context): void {
  app.get(CARD_PATH, (request, reply) => {
    const card = { url: context.publicUrl(request), audience: 'public', version: versionOf(request) } as const;
    return reply
      .header('vary', VERSION_HEADER)
      .type(JSON_TYPE)
      .send(JSON.stringify(cardOf(context, card)));
  });
}

type Handle = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply> | undefined;
type ParamsOf = (call: Call) => Json;
type Route = (pick: (request: FastifyRequest) => Operation, paramsOf: ParamsOf) => Handle;

function declareHttp(app: FastifyInstance, context: Context, streams: OpenStreams): void {
  const route: Route = (pick, paramsOf) => async (request, reply) => {
    const principal = await requireCaller(context, request);
    if (versionOf(request) !== '1.0') throw unsupportedVersion(HTTP_IS_MODERN);
    const call: Call = { context, request, reply, principal, spelling: modern };
    return answered(call, streams, { operation: pick(request), params: paramsOf(call), wrap: (told) => told ?? {} });
  };
  const { SendMessage, SendStreamingMessage, GetTask, ListTasks } = OPERATIONS;
  app.post(
    '/message::send',
    route(() => SendMessage, bodyOf),
  );
  app.post(
    '/message::stream',
    route(() => SendStreamingMessage, bodyOf),
  );
  app.get(
    '/tasks',
    route(() => ListTasks, queryOf),
  );
  const readLater = route((request) => (verbOf(request) === null ? GetTask : verbOperation(request)), idOf);
  app.get('/tasks/:id', polling(context, readLater));
  app.post('/tasks/:id', route(verbOperation, idOf));
  declarePushConfigs(app, route);
  app.get(
    '/extendedAgentCard',
    route(
      () => OPERATIONS.GetExtendedAgentCard,
      () => ({}),
    ),
  );
}

function declarePushConfigs(app: FastifyInstance, route: Route): void {
  const all = '/tasks/:id/pushNotificationConfigs';
  const refOf: ParamsOf = ({ request }) => ({ taskId: pathPart(request, 'id'), id: pathPart(request, 'config') });
  const made: ParamsOf = (call) => ({ ...fieldsOf(bodyOf(call)), taskId: pathPart(call.request, 'id') });
  app.post(
    all,
    route(() => OPERATIONS.CreateTaskPushNotificationConfig, made),
  );
  app.get(
    all,
    route(() => OPERATIONS.ListTaskPushNotificationConfigs, refOf),
  );
  app.get(
    `${all}/:config`,
    route(() => OPERATIONS.GetTaskPushNotificationConfig, refOf),
  );
  app.delete(
    `${all}/:config`,
    route(() => OPERATIONS.DeleteTaskPushNotificationConfig, refOf),
  );
}

const HTTP_IS_MODERN =
  'The HTTP+JSON binding is served in version 1.0: send the header A2A-Version: 1.0. Version 0.3 is served as JSON-RPC.';

/** `POST /tasks/{id}:cancel` and `:subscribe`; the latter by GET as well, as `a2a.proto` has it. */
function verbOperation(request: FastifyRequest): Operation {
  const verb = verbOf(request);
  if (verb === 'cancel' && request.method === 'POST') return OPERATIONS.CancelTask;
  if (verb === 'subscribe') return OPERATIONS.SubscribeToTask;
  throw new BideError('ROUTE_NOT_FOUND', 'A task knows the verbs cancel (POST) and subscribe.');
}

function verbOf(request: FastifyRequest): string | null {
  const text = pathPart(request, 'id');
  const colon = text.indexOf(':');
  return colon === -1 ? null : text.slice(colon + 1);
}

function idOf({ request }: Call): Json {
  return { id: pathPart(request, 'id').split(':', 1)[0] ?? '' };
}

function pathPart(request: FastifyRequest, name: string): string {
  return (request.params as Readonly<Record<string, string>>)[name] ?? '';
}

function bodyOf(call: Call): Json {
  return jsonBodyOf(call) ?? {};
}

/** The last of those that came under one name. */
function queryOf({ request }: Call): Json {
  const query = request.query as Readonly<Record<string, string | readonly string[]>>;
  return Object.fromEntries(Object.entries(query).map(([name, given]) => [name, [given].flat().at(-1) ?? '']));
}

/** Polls come often: the answer about a job in memory is made once, and sent without a promise. */
function polling({ auth, engine, holds }: Context, otherwise: Handle): Handle {
  const textOf = keptPerSnapshot((snapshot: Snapshot) => {
    const view = taskAtHand(engine, snapshot);
    return view === undefined ? undefined : JSON.stringify(modern.task(view));
  });
  return (request, reply) => {
    const id = jobIdOf(pathPart(request, 'id'));
    const principal = id === null || request.headers['a2a-version'] !== '1.0' ? null : callerOf(auth, request);
    if (id === null || principal === null || principal instanceof Promise || !principal.scopes.has('read'))
      return otherwise(request, reply);
    const snapshot = engine.peek(principal.tenant, id);
    const text = snapshot === undefined ? undefined : textOf(snapshot, engine.clock.now());
    if (snapshot === undefined || text === undefined) return otherwise(request, reply);
    noteCaller(request, principal.tenant);
    holds.look(principal, snapshot.job);
    return sendPlainJson(reply, text);
  };
}

function rpcHandler(context: Context, streams: OpenStreams, ids: WeakMap<FastifyRequest, RpcId>): Handle {
  return async (request, reply) => {
    const principal = await requireCaller(context, request);
    const body = jsonBodyOf({ request, context });
    ids.set(request, rpcIdOf(body));
    const version = versionOf(request);
    const { id, method, params } = rpcRequestIn(body);
    const operation = operationOf(version, method);
    const call: Call = { context, request, reply, principal, spelling: version === '1.0' ? modern : legacy };
    return answered(call, streams, { operation, params, wrap: wrapped(id) });
  };
}

interface Asked {
  readonly operation: Operation;
  readonly params: Json;
  /** Null: there is nothing to tell. */
  readonly wrap: (told: object | null) => object;
}

async function answered(call: Call, streams: OpenStreams, { operation, params, wrap }: Asked): Promise<FastifyReply> {
  const { reply, request, principal, spelling, context } = call;
  requireScope(principal, operation.scope);
  if (operation.kind === 'answer') {
    const body = await operation.run(call, params);
    return reply.type(JSON_TYPE).send(JSON.stringify(wrap(body)));
  }
  const snapshot = await operation.run(call, params);
  if (request.method === 'HEAD') return reply.headers(STREAM_HEADERS).send(Readable.from([]));
  const source = { engine: context.engine, snapshot, spelling, wrap };
  return streams.send(
    principal,
    reply,
    streamOf((signal) => updateTexts(source, signal)),
  );
}

async function requireCaller({ auth }: Context, request: FastifyRequest): Promise<Principal> {
  const principal = await callerOf(auth, request);
  if (principal === null) throw new BideError('UNAUTHENTICATED');
  noteCaller(request, principal.tenant);
  return principal;
}

function callerOf(auth: Context['auth'], { headers }: FastifyRequest): Principal | null | Promise<Principal | null> {
  const credential = credentialOf(headers.authorization) ?? credentialOf(headers['x-api-key']);
  return credential === null ? null : principalOf(auth, credential.secret);
}
