/**
 * Remote workers: claim, heartbeat, succeed, fail. Every call after the claim carries its fence, and an old one is refused with 409.
 *
 * A result comes in one of three forms: JSON in the envelope (`{"fence":1,"result":…}`); bytes in base64 in the same place
 * (`{"bytes":"…","contentType":"image/png"}` and nothing else); or with `?fence=1` as the body itself, of any content type, which costs no
 * base64. All have `limits.resultBytesMax`.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { BideError } from '../../core/errors.ts';
import type { Json } from '../../core/job.ts';
import { isObject } from '../../core/json-object.ts';
import { isJsonType } from '../../core/media-type.ts';
import { isSignalName } from '../../core/signals.ts';
import type { CallerSignal, ClaimWorkOutcome, Engine, LogEntry, ResultContent } from '../../engine/api.ts';
import { refuseErrors } from '../frame.ts';
import { readJson, takeRawBodies } from '../json-body.ts';
import { compileCheck } from '../schema-check.ts';
import { type Face, holdOrRefuse, JSON_TYPE } from './face.ts';
import { claimedBody, requireHeld, requireJobId, requireTime } from './mapping.ts';
import { principalOf } from './principal.ts';
import { invalid } from './problem.ts';
import { isoTime } from './status.ts';
import { validatorCompiler } from './validate.ts';
import { VOICE } from './voice.ts';
import { waitMsOf } from './wait-of.ts';
import type { ClaimBody, FailBody, HeartbeatBody, ReleaseBody, SucceedBody, SucceedQuery } from './wire.ts';

const RESULT_JSON = 'application/json';
/** Base64 takes four bytes for three; the rest is the envelope. */
const ENVELOPE_BYTES = 1_024;
const NEVER = new AbortController().signal;

export function declareWorkRoutes(app: FastifyInstance, face: Face): void {
  const { wire, guard } = face;
  const options = (summary: string) => ({ onRequest: guard('work'), schema: { tags: ['work'], summary } });
  const claimOptions = options('Claim jobs to work on');
  app.post(
    '/v1/work/claim',
    { ...claimOptions, schema: { ...claimOptions.schema, body: wire.claimBody, response: { 200: wire.claimed } } },
    (request, reply) => claim(face, request, reply),
  );
  const beatOptions = options('Keep a claimed job, report progress, learn of a cancel');
  app.post(
    '/v1/work/:id/heartbeat',
    {
      ...beatOptions,
      schema: {
        ...beatOptions.schema,
        params: wire.idParams,
        body: wire.heartbeatBody,
        response: { 200: wire.heartbeat },
      },
    },
    (request, reply) => heartbeat(face, request, reply),
  );
  const failOptions = options('Report that the work failed');
  app.post(
    '/v1/work/:id/fail',
    {
      ...failOptions,
      schema: { ...failOptions.schema, params: wire.idParams, body: wire.failBody, response: { 200: wire.job } },
    },
    (request, reply) => fail(face, request, reply),
  );
  const releaseOptions = options('Give a claimed job back: until a signal comes, or for later');
  app.post(
    '/v1/work/:id/release',
    {
      ...releaseOptions,
      schema: {
        ...releaseOptions.schema,
        params: wire.idParams,
        body: wire.releaseBody,
        response: { 200: wire.job },
      },
    },
    (request, reply) => release(face, request, reply),
  );
  app.register(async (scope) => declareSucceed(scope, face));
}

/** In a scope of its own, where bodies of any content type are taken as bytes, and may be as large as a result. */
function declareSucceed(app: FastifyInstance, face: Face): void {
  const { wire, guard, engine } = face;
  const bodyLimit = Math.ceil((engine.limits.resultBytesMax * 4) / 3) + ENVELOPE_BYTES;
  refuseErrors(app, VOICE, { limit: 'resultBytesMax', value: engine.limits.resultBytesMax });
  app.removeAllContentTypeParsers();
  takeRawBodies(app, { bodyLimit });
  const check = compileCheck(wire.succeedBody);
  app.post(
    '/v1/work/:id/succeed',
    {
      onRequest: guard('work'),
      bodyLimit,
      schema: {
        tags: ['work'],
        summary: 'Deliver the result',
        params: wire.idParams,
        querystring: wire.succeedQuery,
        body: wire.succeedBody,
        consumes: ['application/json', '*/*'],
        response: { 200: wire.job },
      },
      // The body is bytes here, and read below: which form it has follows from the URL.
      validatorCompiler: (part) => (part.httpPart === 'body' ? () => true : validatorCompiler(part)),
    },
    async (request, reply) => {
      const { fence, result } = deliveryOf(face, request, (value) => {
        const issues = check(value);
        if (issues !== null) throw invalid(issues);
        return value as SucceedBody;
      });
      const ref = { tenant: principalOf(request).tenant, id: workIdOf(request), fence };
      const outcome = requireHeld(await engine.workSucceed({ ...ref, result }), engine.clock.now());
      return face.sendJob(reply, 200, outcome.snapshot);
    },
  );
}

function workIdOf(request: FastifyRequest): string {
  return requireJobId((request.params as { id: string }).id);
}

async function claim(face: Face, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { engine } = face;
  const { tenant, keyId } = principalOf(request);
  const body = request.body as ClaimBody;
  const timeoutMs = waitMsOf(body.wait, engine.limits.waitMsMax);
  const ask = async (signal: CallerSignal) => {
    const outcome = await engine.workClaim({
      tenant,
      types: body.types,
      max: body.max ?? 1,
      leaseMs: body.leaseMs ?? engine.limits.leaseMs,
      worker: body.worker ?? keyId,
      agent: request.raw.headers['user-agent'] ?? null,
      timeoutMs,
      signal,
    });
    // Nobody is there any more to work on them, or nobody who may.
    if (!signal.aborted || outcome.kind !== 'claimed') return outcome;
    void engine.workRelease(outcome.jobs);
    return { kind: 'claimed', jobs: [] } as const;
  };
  const outcome = timeoutMs === 0 ? await ask(NEVER) : await holdOrRefuse(face, request, reply, ask);
  const claimed = requireClaimed(outcome);
  giveBackUnlessSent(face, reply, claimed);
  const jobs = claimed.map(({ job, input }) => claimedBody(job, input));
  return reply.type(JSON_TYPE).send(`{"jobs":[${jobs.join(',')}]}`);
}

/**
 * A worker that went away before the answer was out will never know of these jobs, and their leases would keep them from
 * everybody else. An answer that got lost further on is not seen from here: that takes the lease to run out.
 */
function giveBackUnlessSent(
  { engine }: Face,
  { raw: response }: FastifyReply,
  claimed: Parameters<Engine['workRelease']>[0],
): void {
  if (claimed.length === 0) return;
  const giveBack = () => void engine.workRelease(claimed);
  if (response.destroyed) {
    giveBack();
    return;
  }
  response.once('close', giveBack);
  response.once('finish', () => response.off('close', giveBack));
}

function requireClaimed(outcome: ClaimWorkOutcome) {
  if (outcome.kind === 'claimed') return outcome.jobs;
  if (outcome.kind === 'unknownType') throw new BideError('TYPE_UNKNOWN', undefined, { types: outcome.types });
  throw new BideError('TYPE_NOT_REMOTE', `Jobs of type ${outcome.type} are run by the server itself.`);
}

async function heartbeat(face: Face, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { engine } = face;
  const { fence, progress, leaseMs, wait, log, output } = request.body as HeartbeatBody;
  const now = engine.clock.now();
  const timeoutMs = waitMsOf(wait, engine.limits.waitMsMax);
  const beat = (signal: CallerSignal) =>
    engine.workHeartbeat({
      tenant: principalOf(request).tenant,
      id: workIdOf(request),
      fence,
      timeoutMs,
      signal,
      ...(log === undefined ? {} : { log: log.map((line, index) => logEntryOf(line, index, now)) }),
      ...(output === undefined ? {} : { output: output.map((chunk) => JSON.stringify(chunk)) }),
      ...(leaseMs === undefined ? {} : { leaseMs }),
      ...(progress?.percent === undefined ? {} : { percent: progress.percent }),
      ...(progress?.message === undefined ? {} : { message: progress.message }),
    });
  const outcome = timeoutMs === 0 ? await beat(NEVER) : await holdOrRefuse(face, request, reply, beat);
  const { isCancelRequested, leaseUntil } = requireHeld(outcome, engine.clock.now());
  return reply
    .type(JSON_TYPE)
    .send(JSON.stringify({ cancelRequested: isCancelRequested, leaseUntil: isoTime(leaseUntil) }));
}

/** Whenever a worker's clock says it was said: at most now. */
function logEntryOf(
  { line, level, fields, at }: NonNullable<HeartbeatBody['log']>[number],
  index: number,
  now: number,
): LogEntry {
  const saidAt = at === undefined ? now : requireTime(at, `/log/${index}/at`);
  const text = fields === undefined ? null : JSON.stringify(fields);
  return { at: Math.max(0, Math.min(saidAt, now)), level: level ?? 'info', line, fields: text };
}

async function fail(face: Face, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { fence, error, retryable, retryAfterMs } = request.body as FailBody;
  const outcome = await face.engine.workFail({
    tenant: principalOf(request).tenant,
    id: workIdOf(request),
    fence,
    failure: { code: error.code, message: error.message, details: (error.details ?? null) as Json },
    isRetryable: retryable ?? true,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
  return face.sendJob(reply, 200, requireHeld(outcome, face.engine.clock.now()).snapshot);
}

async function release(face: Face, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { engine } = face;
  const { fence, reason, closeMs } = request.body as ReleaseBody;
  const ref = { tenant: principalOf(request).tenant, id: workIdOf(request), fence };
  if ((reason === undefined) === (closeMs === undefined))
    throw invalid([{ path: '', message: 'must have either reason or closeMs' }]);
  if (reason === undefined) {
    const { snapshot } = requireHeld(await engine.workLater({ ...ref, waitMs: closeMs ?? 1 }), engine.clock.now());
    return face.sendJob(reply, 200, snapshot);
  }
  const { signal, timeoutMs = engine.limits.signalTimeoutMs } = reason;
  if (!isSignalName(signal, engine.limits.signalNameLengthMax))
    throw invalid([{ path: '/reason/signal', message: 'must be letters, digits and ._- after a letter or digit' }]);
  const outcome = requireHeld(await engine.workPark({ ...ref, signal, timeoutMs }), engine.clock.now());
  return face.sendJob(reply, 200, outcome.snapshot);
}

// --- Results --------------------------------------------------------------------------------------------------------------

interface Delivered {
  readonly fence: number;
  /** Null for work that has nothing to show. */
  readonly result: ResultContent | null;
}

function deliveryOf(face: Face, request: FastifyRequest, checked: (value: unknown) => SucceedBody): Delivered {
  const { limits } = face.engine;
  const { fence } = request.query as SucceedQuery;
  const body = (request.body ?? Buffer.alloc(0)) as Buffer;
  const contentType = request.headers['content-type'];
  const delivered =
    fence === undefined
      ? envelopeOf(contentType, body, (bytes) => checked(readJson(bytes, limits.jsonDepthMax)))
      : { fence, result: rawResult(contentType, body) };
  if ((delivered.result?.bytes.byteLength ?? 0) > limits.resultBytesMax) throw resultTooLarge(limits.resultBytesMax);
  return delivered;
}

/** As it came: the engine looks into what calls itself JSON, large ones in a thread. */
function rawResult(contentType: string | undefined, bytes: Buffer): ResultContent | null {
  if (bytes.length === 0 && contentType === undefined) return null;
  return { contentType: contentType ?? 'application/octet-stream', bytes };
}

function envelopeOf(contentType: string | undefined, body: Buffer, read: (body: Buffer) => SucceedBody): Delivered {
  if (!isJsonType(contentType)) {
    throw new BideError(
      'MEDIA_TYPE_UNSUPPORTED',
      'Send JSON, or name the fence in the URL to send the result itself.',
      {
        accepts: [RESULT_JSON, '*/* with ?fence='],
      },
    );
  }
  const { fence, result } = read(body);
  if (result === undefined) return { fence, result: null };
  return { fence, result: bytesOf(result) ?? { contentType: RESULT_JSON, bytes: Buffer.from(JSON.stringify(result)) } };
}

/** The bytes of `{"bytes": base64, "contentType": type}`; null for any other value, which is a JSON result. */
function bytesOf(result: unknown): ResultContent | null {
  if (!isObject(result) || Object.keys(result).length !== 2) return null;
  const { bytes, contentType } = result;
  if (typeof bytes !== 'string' || typeof contentType !== 'string') return null;
  const isBase64 = bytes.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(bytes);
  if (!isBase64) throw invalid([{ path: '/result/bytes', message: 'must be base64' }]);
  if (!/^[\x21-\x7e][\x20-\x7e]{0,200}$/.test(contentType)) {
    throw invalid([{ path: '/result/contentType', message: 'must be a content type' }]);
  }
  return { contentType, bytes: Buffer.from(bytes, 'base64') };
}

function resultTooLarge(value: number): BideError {
  const limit = 'resultBytesMax';
  return new BideError('RESULT_TOO_LARGE', `A result may have at most ${value} bytes (${limit}).`, { limit, value });
}
