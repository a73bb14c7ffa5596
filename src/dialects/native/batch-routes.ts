/** Calls about many jobs at once: bulk submit with an answer per item, and one wait for all or any of them. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { BideError } from '../../core/errors.ts';
import { jobIdOf } from '../../core/id.ts';
import { isFinal } from '../../core/state.ts';
import type { SubmitOutcome } from '../../engine/api.ts';
import { type Check, compileCheck } from '../schema-check.ts';
import { type Face, holdOrRefuse, JSON_TYPE } from './face.ts';
import { AS_IT_IS, heldBackAmong } from './held-bodies.ts';
import { idempotencyKeyOf } from './idempotency-key.ts';
import { submitError, submitRequestOf, unknownBody } from './mapping.ts';
import { principalOf, priorityError } from './principal.ts';
import { invalid, problemOf } from './problem.ts';
import { waitMsOf } from './wait-of.ts';
import type { BulkBody, SubmitBody, WaitBody } from './wire.ts';

const WAIT_SECONDS = 30;

export function declareBatchRoutes(app: FastifyInstance, face: Face): void {
  const { wire, guard } = face;
  const check = compileCheck(wire.submit);
  app.post(
    '/v1/jobs/bulk',
    {
      onRequest: guard('submit'),
      schema: {
        tags: ['jobs'],
        summary: 'Submit many jobs, each answered on its own',
        body: wire.bulkBody,
        response: { 200: wire.bulk },
      },
    },
    (request, reply) => bulk(face, check, request, reply),
  );
  app.post(
    '/v1/jobs/wait',
    {
      onRequest: guard('read'),
      schema: {
        tags: ['jobs'],
        summary: 'Wait for many jobs in one call',
        body: wire.waitBody,
        response: { 200: wire.waited },
      },
    },
    (request, reply) => waitForMany(face, request, reply),
  );
}

/** An item that cannot be taken says why in its own place, and the others are stored all the same. */
async function bulk(face: Face, check: Check, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { tenant } = principalOf(request);
  const items = (request.body as BulkBody).jobs;
  const refused = items.map((item) => {
    const issues = check(item);
    return issues === null ? priorityError(principalOf(request), (item as SubmitBody).priority) : invalid(issues);
  });
  const keyOf = itemKeys(request, items.length, face.engine.limits.idempotencyKeyLengthMax);
  const good = items.flatMap((item, index) => {
    if (refused[index] !== null) return [];
    const body = item as SubmitBody;
    // What an item says of itself counts more than what is said of all.
    return [submitRequestOf(tenant, body, body.idempotencyKey ?? keyOf(index))];
  });
  const outcomes = await face.engine.submit(good);
  const bodyOf = await submittedBodies(face, outcomes);
  let taken = 0;
  const answers = items.map((item, index) => {
    const error = refused[index];
    if (error !== null && error !== undefined) return errorItem(error);
    const outcome = outcomes[taken];
    taken += 1;
    return outcomeItem(bodyOf, outcome, (item as SubmitBody).type);
  });
  return reply.type(JSON_TYPE).send(`{"items":[${answers.join(',')}]}`);
}

/** What holds them back is asked once for all. They are stored: where that cannot be read it is not said. */
async function submittedBodies(face: Face, outcomes: readonly SubmitOutcome[]): Promise<Face['bodyOf']> {
  const stored = outcomes.flatMap((outcome) => ('snapshot' in outcome ? [outcome.snapshot] : []));
  const add = await heldBackAmong(face, stored).catch(() => AS_IT_IS);
  const bodyOf = bodiesWithin(face);
  return (snapshot) => add(snapshot, bodyOf(snapshot));
}

/** The header's key, made one per item by its place: a bulk that is sent again answers with the jobs of the first time. */
function itemKeys(request: FastifyRequest, count: number, lengthMax: number): (index: number) => string | undefined {
  const key = idempotencyKeyOf(request, lengthMax - `#${count - 1}`.length);
  return (index) => (key === undefined ? undefined : `${key}#${index}`);
}

function outcomeItem(bodyOf: Face['bodyOf'], outcome: SubmitOutcome | undefined, type: string): string {
  if (outcome === undefined) return errorItem(new BideError('INTERNAL'));
  if (outcome.kind !== 'created' && outcome.kind !== 'existing') return errorItem(submitError(outcome, type));
  const { snapshot } = outcome;
  return `{"status":${isFinal(snapshot.job.state) ? 200 : 202},"job":${bodyOf(snapshot)}}`;
}

function errorItem(error: BideError): string {
  const { status, body } = problemOf(error);
  return JSON.stringify({ status, error: body });
}

async function waitForMany(face: Face, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { engine } = face;
  const { tenant } = principalOf(request);
  const body = request.body as WaitBody;
  const timeoutMs = waitMsOf(body.timeout ?? WAIT_SECONDS, engine.limits.waitMsMax);
  const named = body.ids.map(jobIdOf);
  const ids = named.filter((id) => id !== null);
  const wait = { tenant, ids, for: body.for ?? 'all', until: { kind: 'done' }, timeoutMs } as const;
  // A wait of no time at all is a read of many, and holds nothing.
  const { isSatisfied, lookups } =
    timeoutMs === 0
      ? await engine.wait({ ...wait, signal: NEVER })
      : await holdOrRefuse(face, request, reply, (signal) => engine.wait({ ...wait, signal }));
  const unfinished = lookups.find((lookup) => lookup.kind === 'found' && !isFinal(lookup.snapshot.job.state));
  // One look, however many jobs it is at.
  if (timeoutMs === 0 && unfinished?.kind === 'found') face.holds.look(principalOf(request), unfinished.snapshot.job);
  const bodyOf = bodiesWithin(face);
  const add = await heldBackAmong(
    face,
    lookups.flatMap((lookup) => (lookup.kind === 'found' ? [lookup.snapshot] : [])),
  );
  let read = 0;
  const jobs = body.ids.map((text, index) => {
    if (named[index] === null) return unknownBody(text);
    const lookup = lookups[read];
    read += 1;
    return lookup?.kind === 'found' ? add(lookup.snapshot, bodyOf(lookup.snapshot)) : unknownBody(text);
  });
  const isEnough = isSatisfied && (wait.for === 'any' || ids.length === body.ids.length);
  return reply.type(JSON_TYPE).send(`{"satisfied":${isEnough},"jobs":[${jobs.join(',')}]}`);
}

/**
 * Bodies for one answer about many: once they have `pageBytesMax` together, further ones come without their results, as those of large
 * results always do, and the client fetches them one by one. A thousand inline results were 64 MB.
 */
function bodiesWithin({ engine, bodyOf }: Face): Face['bodyOf'] {
  let left = engine.limits.pageBytesMax;
  return (snapshot) => {
    const isBare = snapshot.resultText !== null && left < snapshot.resultText.length;
    const body = bodyOf(isBare ? { job: snapshot.job, resultText: null } : snapshot);
    left -= body.length;
    return body;
  };
}

const NEVER = new AbortController().signal;
