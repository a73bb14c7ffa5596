/** Submitting, reading, listing, cancelling, retrying and removing jobs. Handlers read the request, ask the engine, and answer. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isFinal, shownState } from '../../core/state.ts';
import { OWN_PREFIX, type Snapshot } from '../../engine/api.ts';
import { jobDone } from '../job-done.ts';
import { type Face, holdOrRefuse, includesNumber } from './face.ts';
import { idempotencyKeyOf } from './idempotency-key.ts';
import { requireDone, requireFound, requireJobId, submitError, submitRequestOf } from './mapping.ts';
import { principalOf, priorityError, requireScope } from './principal.ts';
import { etagOf, matchesEtag, ofRevision, revisionOfEtag } from './status.ts';
import { requestWaitMs } from './wait-of.ts';
import type { JobQuery, SubmitBody, SubmitQuery } from './wire.ts';

export function declareJobRoutes(app: FastifyInstance, face: Face): void {
  const { wire, guard } = face;
  app.post(
    '/v1/jobs',
    {
      onRequest: guard('submit'),
      schema: {
        tags: ['jobs'],
        summary: 'Submit a job',
        body: wire.submit,
        querystring: wire.submitQuery,
        response: { 202: wire.job, 200: wire.job },
      },
    },
    (request, reply) => submit(face, request, reply),
  );
  app.get(
    '/v1/jobs/:id',
    {
      onRequest: guard('read', 'job'),
      schema: {
        tags: ['jobs'],
        summary: 'Read a job, or wait for it',
        params: wire.idParams,
        querystring: wire.jobQuery,
        response: { 200: wire.job },
      },
    },
    (request, reply) => status(face, request, reply),
  );
  declareCommands(app, face);
}

function declareCommands(app: FastifyInstance, face: Face): void {
  const { wire, guard, engine, sendJob } = face;
  const options = (summary: string) => ({
    onRequest: guard('submit'),
    schema: { tags: ['jobs'], summary, params: wire.idParams, response: { 200: wire.job } },
  });
  const cancel = options('Cancel a job; with a wait, answered when it has stopped');
  app.post(
    '/v1/jobs/:id/cancel',
    { ...cancel, schema: { ...cancel.schema, querystring: wire.submitQuery } },
    async (request, reply) => {
      const waitMs = requestWaitMs(request, reply, request.query as SubmitQuery, engine.limits.waitMsMax);
      const outcome = await engine.cancel(principalOf(request).tenant, idOf(request));
      const snapshot = requireDone(outcome, 'cancelled', engine.clock.now());
      return sendJob(reply, 200, await finished(face, request, reply, { snapshot, waitMs }));
    },
  );
  app.post('/v1/jobs/:id/retry', options('Run a failed, cancelled or expired job again'), async (request, reply) => {
    const { tenant } = principalOf(request);
    // What was begun with more than the scope of this call is not begun again with less.
    const [known] = await engine.read(tenant, [idOf(request)]);
    if (known?.kind === 'found' && known.snapshot.job.type.startsWith(OWN_PREFIX)) requireScope(request, 'operate');
    const outcome = await engine.retry(tenant, idOf(request));
    return sendJob(reply, 200, requireDone(outcome, 'retried', engine.clock.now()));
  });
  app.delete(
    '/v1/jobs/:id',
    {
      onRequest: guard('submit'),
      schema: { tags: ['jobs'], summary: 'Remove a finished job', params: wire.idParams, response: { 204: NOTHING } },
    },
    async (request, reply) => {
      const by = principalOf(request);
      const id = idOf(request);
      requireDone(await engine.remove(by.tenant, id), 'removed', engine.clock.now());
      await engine.audit.add({ tenant: by.tenant, by, deed: 'job.remove', target: id, count: 1, request: null });
      return reply.code(204).send();
    },
  );
}

const NOTHING = { type: 'null', description: 'Done.' } as const;

function idOf(request: FastifyRequest): string {
  return requireJobId((request.params as { id: string }).id);
}

async function submit(face: Face, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> {
  const { engine } = face;
  const { tenant } = principalOf(request);
  const body = request.body as SubmitBody;
  const forbidden = priorityError(principalOf(request), body.priority);
  if (forbidden !== null) throw forbidden;
  const waitMs = requestWaitMs(request, reply, request.query as SubmitQuery, engine.limits.waitMsMax);
  const [outcome] = await engine.submit([
    submitRequestOf(tenant, body, idempotencyKeyOf(request, engine.limits.idempotencyKeyLengthMax)),
  ]);
  if (outcome === undefined) throw new TypeError('A submit was not answered.');
  if (outcome.kind !== 'created' && outcome.kind !== 'existing') throw submitError(outcome, body.type);
  const headers = ['location', face.selfOf(outcome.snapshot)];
  if (outcome.kind === 'existing')
    headers.push(
      ...(outcome.unique === undefined ? ['idempotency-replayed', 'true'] : ['unique-outcome', outcome.unique]),
    );
  const isPlain = waitMs === 0 && request.raw.headers.prefer === undefined;
  if (isPlain && !engine.mayBeHeldBack(outcome.snapshot.job)) {
    const { snapshot } = outcome;
    return face.sendPlain(reply, { code: codeOf(snapshot), snapshot, headers, isRemembered: false });
  }
  const snapshot = await finished(face, request, reply, { snapshot: outcome.snapshot, waitMs });
  for (let at = 0; at < headers.length; at += 2) reply.header(headers[at] ?? '', headers[at + 1]);
  return face.sendJob(reply, codeOf(snapshot), snapshot);
}

/** 202 says that there is more to come; a replay of a finished job, or a wait that was long enough, has it all. */
function codeOf({ job }: Snapshot): number {
  return isFinal(job.state) ? 200 : 202;
}

/** The job once it is final, or as it is when the wait is over. A submit or cancel never fails because of its wait: it is stored. */
async function finished(
  face: Face,
  request: FastifyRequest,
  reply: FastifyReply,
  { snapshot, waitMs }: { readonly snapshot: Snapshot; readonly waitMs: number },
): Promise<Snapshot> {
  if (waitMs === 0 || isFinal(snapshot.job.state)) return snapshot;
  const call = { context: face, request, reply, principal: principalOf(request) };
  const lookup = await jobDone(call, snapshot.job.id, waitMs);
  return lookup.kind === 'found' ? lookup.snapshot : snapshot;
}

/** The hot path: a plain read of a job in memory is answered without a promise. */
function status(
  face: Face,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply | undefined> | FastifyReply | undefined {
  const { engine } = face;
  const { tenant } = principalOf(request);
  const text = (request.params as { id: string }).id;
  const query = request.query as JobQuery;
  // What memory knows by this name is an id.
  const snapshot = engine.peek(tenant, text);
  const id = snapshot === undefined ? requireJobId(text) : text;
  const waitMs = requestWaitMs(request, reply, query, engine.limits.waitMsMax);
  if (query.include !== undefined) requireScope(request, 'admin');
  if (snapshot !== undefined && waitMs === 0) {
    face.holds.look(principalOf(request), snapshot.job);
    return sendFound(face, request, reply, snapshot);
  }
  const call = { face, request, reply, tenant, id, waitMs };
  if (snapshot !== undefined) return statusOf(call, snapshot);
  // A wait for the end reads what memory does not have by itself: on a shared store that is every job.
  if (waitMs > 0 && waitsForEnd(request)) return held(call, DONE);
  return statusRead(call);
}

type Sent = FastifyReply | undefined;

/** Past Fastify's reply where nothing but the body and its usual headers is to be said. */
function sendFound(face: Face, request: FastifyRequest, reply: FastifyReply, snapshot: Snapshot): Promise<Sent> | Sent {
  if (face.engine.mayBeHeldBack(snapshot.job)) return sendHeldBack(face, request, reply, snapshot);
  const { prefer, 'if-none-match': known } = request.raw.headers;
  const isPlain = prefer === undefined && known === undefined && !includesNumber(request);
  if (!isPlain) return face.sendStatus(request, reply, snapshot);
  return face.sendPlain(reply, { code: 200, snapshot, isRemembered: true });
}

async function sendHeldBack(
  face: Face,
  request: FastifyRequest,
  reply: FastifyReply,
  snapshot: Snapshot,
): Promise<FastifyReply> {
  const held = await face.engine.heldBack([snapshot.job]);
  return face.sendStatus(request, reply, snapshot, held.get(snapshot.job.id));
}

interface StatusCall {
  readonly face: Face;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly tenant: string;
  readonly id: string;
  readonly waitMs: number;
}

async function statusRead(call: StatusCall): Promise<FastifyReply | undefined> {
  const { face, tenant, id } = call;
  const snapshot = requireFound((await face.engine.read(tenant, [id]))[0]);
  if (call.waitMs === 0) face.holds.look(principalOf(call.request), snapshot.job);
  return statusOf(call, snapshot);
}

function statusOf(call: StatusCall, snapshot: Snapshot): Promise<FastifyReply | undefined> | FastifyReply {
  const { face, request, reply, waitMs } = call;
  const until = untilOf(face, request, snapshot);
  return waitMs === 0 || until === null ? sendOrNot(face, request, reply, snapshot) : held(call, until);
}

/** With 304 for who has it. */
function sendOrNot(
  face: Face,
  request: FastifyRequest,
  reply: FastifyReply,
  snapshot: Snapshot,
): Promise<FastifyReply> | FastifyReply {
  if (face.engine.mayBeHeldBack(snapshot.job)) return sendHeldBack(face, request, reply, snapshot);
  return face.sendStatus(request, reply, snapshot);
}

/** Without steps of its own: ten thousand of them are held at once, and each step keeps half a kilobyte. */
function held(call: StatusCall, until: Until): Promise<FastifyReply | undefined> {
  const { face, request, reply, tenant, id, waitMs: timeoutMs } = call;
  const waited = holdOrRefuse(face, request, reply, (signal) =>
    face.engine.wait({ tenant, ids: [id], for: 'all', until, timeoutMs, signal }),
  );
  return waited.then(({ lookups }) => sendFound(call.face, call.request, call.reply, requireFound(lookups[0])));
}

const DONE = Object.freeze({ kind: 'done' });

type Until = { readonly kind: 'done' } | { readonly kind: 'change'; readonly since: number };

/** Rather than for any change: unless told, a client that has the job in some state waits for another one. */
function waitsForEnd(request: FastifyRequest): boolean {
  return (
    ((request.query as JobQuery).until ?? (request.raw.headers['if-none-match'] === undefined ? 'done' : 'change')) ===
    'done'
  );
}

/** What to wait for from this snapshot on; null where it is there already. */
function untilOf(face: Face, request: FastifyRequest, snapshot: Snapshot): Until | null {
  const { job } = snapshot;
  if (waitsForEnd(request)) return isFinal(job.state) ? null : DONE;
  const known = request.raw.headers['if-none-match'];
  // The client that has another state than this one, be it only the word for it, is told so at once.
  const etag = etagOf(snapshot, shownState(job, face.engine.clock.now()));
  if (known !== undefined && !matchesEtag(ofRevision(known), etag)) return null;
  return { kind: 'change', since: (known === undefined ? null : revisionOfEtag(known)) ?? job.revision };
}
