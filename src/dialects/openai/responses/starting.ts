/** A create: in the background it is answered at once, else once its job has ended. */
import type { FastifyReply } from 'fastify';
import type { Json } from '../../../core/job.ts';
import type { Snapshot } from '../../../engine/api.ts';
import { submitOne } from '../../submit-one.ts';
import { type Answer, type Call, ok } from '../call.ts';
import type { Models } from '../models.ts';
import type { Bodies } from './bodies.ts';
import { withHistory } from './history.ts';
import { jobInputOf } from './job-input.ts';
import { DIALECT, type Remembered } from './mapping.ts';
import { echoOf, requestOf } from './request.ts';
import type { SendStream } from './streaming.ts';
import { heldResponse } from './waiting.ts';
import type { ResponseRequest } from './wire.ts';

export interface Desk {
  readonly bodies: Bodies;
  readonly models: Models;
  readonly sendStream: SendStream;
}

/** How long a response is kept that is not to be stored: until its client has it, whatever happens on the way. */
const UNSTORED_MS = 60_000;

export async function createResponse(call: Call, desk: Desk, body: Json | undefined): Promise<Answer | FastifyReply> {
  const request = requestOf(body);
  const snapshot = await startResponse(call, desk, request);
  if (request.stream === true) return desk.sendStream(call, snapshot);
  if (request.background === true) return ok(await desk.bodies.of(snapshot));
  return heldResponse(call, desk.bodies, snapshot, 0);
}

async function startResponse(call: Call, { models }: Desk, request: ResponseRequest): Promise<Snapshot> {
  const { engine } = call.context;
  const model = models.required(request.model);
  const whole = await withHistory(call, model, request);
  const memory: Remembered = {
    speaks: model.speaks,
    model: model.id,
    background: request.background === true,
    hasInstructions: request.instructions != null,
    echo: echoOf(request) as Record<string, unknown>,
  };
  const key = call.request.headers['idempotency-key'];
  return submitOne(
    engine,
    {
      tenant: call.principal.tenant,
      type: model.type,
      input: jobInputOf(model, whole, engine.limits.jsonDepthMax),
      tags: request.metadata ?? {},
      retainMs: request.store === false ? UNSTORED_MS : null,
      idempotencyKey: typeof key === 'string' ? key : null,
      origin: { dialect: DIALECT, data: { ...memory } as unknown as Json },
    },
    callersName,
  );
}

/** The vendor's name of what stands at a path of the submit. */
function callersName(path: string): string {
  if (path.startsWith('/tags')) return `metadata${path.slice('/tags'.length).replaceAll('/', '.')}`;
  if (path === '/idempotencyKey') return 'Idempotency-Key';
  return `input${path.replaceAll('/', '.')}`;
}
