/** The plugin: each request is authenticated, read, handed on and answered; what the answers say is in the other files. */
import { join } from 'node:path';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Value } from 'typebox/value';
import { BideError } from '../../core/errors.ts';
import { jobIdOf } from '../../core/id.ts';
import type { Job } from '../../core/job.ts';
import type { Scope } from '../../core/scopes.ts';
import { type Disk, systemDisk } from '../../disk/disk.ts';
import { noteCaller } from '../../http/caller.ts';
import { createShares } from '../../http/shares.ts';
import { requireTypes } from '../configured-types.ts';
import { answerPreflight, CORS_HEADERS, CORS_PAIRS } from '../cors.ts';
import { credentialOf, principalOf, requireScope } from '../credentials.ts';
import { frame } from '../frame.ts';
import { jobNow } from '../job-done.ts';
import { encodingError, jsonBodyOf, takeRawBodies } from '../json-body.ts';
import { sendPlainJson } from '../send-plain.ts';
import { READINGS } from './answers.ts';
import type { Call, Context, Shared } from './call.ts';
import { createConversations } from './conversations.ts';
import { idOf, list, remove, renameMember, setMetadata, setSpeakers } from './managing.ts';
import { errorBody, INVALID_TOKEN, jobBody, remembered, unknownJob } from './mapping.ts';
import { reading } from './reading.ts';
import { createReadingDesk } from './reading-desk.ts';
import { processBytes, processText, processUrl } from './starting.ts';
import { createTokens } from './tokens.ts';
import { UPLOAD_DAMAGED } from './upload-check.ts';
import { createUploads } from './uploads.ts';
import { Credentials, MEDIA } from './wire.ts';

const JSON_TYPE = 'application/json; charset=utf-8';
const SWEEP_MS = 3_600_000;

/** What is answered: JSON text, or what becomes it. */
type Run = (call: Call) => Promise<string | object>;
type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply> | undefined;
type Route = (scope: Scope, run: Run, status?: number) => Handler;

/** @param disk where uploads are kept; another one in tests. */
export function register(app: FastifyInstance, context: Context, disk: Disk = systemDisk): void {
  const { text, audio, video } = context.options;
  requireTypes(context.engine, 'dialects.symbl.options', {
    ...(text === undefined ? {} : { text }),
    ...(audio === undefined ? {} : { audio }),
    ...(video === undefined ? {} : { video }),
  });
  const shared = sharedOf(context, disk);
  tidyUploads(app, shared);
  app.addHook('onClose', () => shared.desk.close());
  frame(app, { errorBody, preflight: answerPreflight }, (framed) => {
    const route = router(shared);
    declareTokens(framed, context);
    declareProcessing(framed, route);
    declareReading(framed, route, context);
  });
}

function sharedOf(context: Context, disk: Disk): Shared {
  const { engine, documents, options } = context;
  const tails = new Map<string, Promise<unknown>>();
  return {
    context,
    conversations: createConversations({ documents, engine, retainMs: options.retainMs }),
    uploads: createUploads({
      folder: options.uploadFolder ?? join(context.folder, 'uploads'),
      bytesMax: options.uploadBytesMax,
      disk,
    }),
    underway: createShares({ each: engine.limits.uploadsPerTenantMax, all: engine.limits.uploadsMax }),
    desk: createReadingDesk({ clock: engine.clock, bytesMax: options.readBytesMax }),
    oneByOne(tenant, run) {
      const turn = (tails.get(tenant) ?? Promise.resolve()).then(run, run);
      const tail = turn.catch(() => undefined).finally(() => tails.get(tenant) === tail && tails.delete(tenant));
      tails.set(tenant, tail);
      return turn;
    },
  };
}

/**
 * Uploads go with the success of their job, or when the file is damaged; a look at the start and each hour takes what never got there. Those of other
 * failed jobs stay so long because such a job may be run again, which needs its file.
 */
function tidyUploads(app: FastifyInstance, { context, uploads }: Shared): void {
  const { engine, options } = context;
  const unsubscribe = engine.subscribe((event) => {
    if (event.kind !== 'changed' || !isDoneWith(event.snapshot.job)) return;
    const upload = remembered(event.snapshot.job)?.upload ?? null;
    if (upload !== null) drop(() => uploads.drop(upload.name));
  });
  const sweep = () => drop(() => uploads.dropOlderThan(engine.clock.now() - options.uploadRetainMs));
  let cancel = () => {};
  const look = () => {
    sweep();
    cancel = engine.clock.after(SWEEP_MS, look);
  };
  look();
  app.addHook('onClose', async () => {
    cancel();
    unsubscribe();
  });
  function drop(run: () => Promise<void>): void {
    run().catch((error: unknown) => context.logger.warn({ err: error }, 'an upload could not be dropped'));
  }
}

/** Whether nobody will read the upload of this job again. */
function isDoneWith({ state, error }: Job): boolean {
  return state === 'succeeded' || (state === 'failed' && error?.code === UPLOAD_DAMAGED);
}

function declareTokens(app: FastifyInstance, context: Context): void {
  app.register(async (tokens) => {
    takeRawBodies(tokens);
    const issue = createTokens({
      auth: context.auth,
      lifeMs: context.options.tokenMs,
      now: () => context.engine.clock.now(),
    });
    tokens.post('/oauth2/token::generate', async (request, reply) => {
      const body = jsonBodyOf({ context, request });
      if (!Value.Check(Credentials, body)) {
        throw new BideError(
          'INVALID_REQUEST',
          'type must be "application", appId (at most 256 characters) and appSecret are required.',
        );
      }
      const principal = await context.auth.byKey(body.appSecret);
      if (principal === null) throw new BideError('UNAUTHENTICATED', 'Invalid credentials');
      return send(reply, 200, JSON.stringify(await issue(principal, body.appId)));
    });
  });
}

function declareProcessing(app: FastifyInstance, route: Route): void {
  app.register(async (json) => {
    takeRawBodies(json);
    const text = route('submit', (call) => processText(call, jsonBodyOf(call)), 201);
    json.post('/v1/process/text', text);
    json.put('/v1/process/text/:conversationId', text);
    for (const medium of MEDIA) {
      const byUrl = route('submit', (call) => processUrl(call, medium, jsonBodyOf(call)), 201);
      json.post(`/v1/process/${medium}/url`, byUrl);
      json.put(`/v1/process/${medium}/url/:conversationId`, byUrl);
    }
  });
  app.register(async (bytes) => {
    // Media stay a stream: the parser hands on the request itself.
    bytes.addContentTypeParser('*', (request, payload, done) => done(encodingError(request), payload));
    for (const medium of MEDIA) {
      const upload = route('submit', (call) => processBytes(call, medium), 201);
      bytes.post(`/v1/process/${medium}`, upload);
      bytes.put(`/v1/process/${medium}/:conversationId`, upload);
    }
  });
}

function declareReading(app: FastifyInstance, route: Route, context: Context): void {
  app.register(async (json) => {
    takeRawBodies(json);
    const asked = (name: string) => route('read', (call) => reading(call, idOf(call), name));
    json.get('/v1/job/:jobId', quickly(context, route('read', jobStatus)));
    json.get('/v1/conversations', route('read', list));
    json.get('/v1/conversations/:id', asked('conversation'));
    json.put('/v1/conversations/:id', route('submit', setMetadata));
    json.delete('/v1/conversations/:id', route('submit', remove));
    json.put('/v1/conversations/:id/members/:memberId', route('submit', renameMember));
    json.put('/v1/conversations/:id/speakers', route('submit', setSpeakers));
    const text = route('read', (call) => reading(call, idOf(call), 'transcript', jsonBodyOf(call) ?? null));
    json.post('/v1/conversations/:id/transcript', text);
    for (const name of Object.keys(READINGS)) json.get(`/v1/conversations/:id/${name}`, asked(name));
  });
}

/** Polls come often: a job in memory is answered without a promise, as far as its caller is known already. */
function quickly(context: Context, otherwise: Handler): Handler {
  const { engine } = context;
  return (request, reply) => {
    const principal = principalIn(context, request);
    if (principal === null || principal instanceof Promise || !principal.scopes.has('read'))
      return otherwise(request, reply);
    const id = jobIdOf((request.params as { jobId: string }).jobId);
    const snapshot = id === null ? undefined : engine.peek(principal.tenant, id);
    if (snapshot === undefined) return otherwise(request, reply);
    context.holds.look(principal, snapshot.job);
    return sendPlainJson(reply, JSON.stringify(jobBody(snapshot.job, engine.clock.now())), 200, CORS_PAIRS);
  };
}

async function jobStatus(call: Call): Promise<object> {
  const { jobId } = call.request.params as { jobId: string };
  const id = jobIdOf(jobId);
  const lookup = id === null ? null : await jobNow(call, id);
  if (lookup?.kind !== 'found') throw new BideError('JOB_NOT_FOUND', unknownJob(jobId));
  return jobBody(lookup.snapshot.job, call.context.engine.clock.now());
}

function router(shared: Shared): Route {
  return (scope, run, status = 200) =>
    async (request, reply) => {
      const principal = await principalIn(shared.context, request);
      if (principal === null) throw new BideError('UNAUTHENTICATED', INVALID_TOKEN);
      noteCaller(request, principal.tenant);
      requireScope(principal, scope);
      const answer = await run({ ...shared, request, reply, principal });
      return send(reply, status, typeof answer === 'string' ? answer : JSON.stringify(answer));
    };
}

/** Older clients send the token as an API key. Where both headers come, Authorization counts, unless it names no scheme. */
function principalIn({ auth }: Context, { headers }: FastifyRequest): ReturnType<typeof principalOf> {
  const given = credentialOf(headers.authorization);
  const credential = given === null || given.scheme === 'bare' ? (credentialOf(headers['x-api-key']) ?? given) : given;
  return credential === null ? null : principalOf(auth, credential.secret);
}

function send(reply: FastifyReply, status: number, text: string): FastifyReply {
  return reply.code(status).headers(CORS_HEADERS).type(JSON_TYPE).send(text);
}
