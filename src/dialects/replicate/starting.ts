/** Requests that start predictions: of a version, of a model, of a deployment; held where the client prefers to wait. */
import { BideError } from '../../core/errors.ts';
import type { Json } from '../../core/job.ts';
import { isFinal } from '../../core/state.ts';
import type { Snapshot } from '../../engine/api.ts';
import { jobDone } from '../job-done.ts';
import type { Bodies } from './bodies.ts';
import { type Answer, type Call, param } from './call.ts';
import type { Models } from './models.ts';
import { requestOf, startPrediction, type Wanted, waitMsOf } from './submission.ts';

export interface Desk {
  readonly bodies: Bodies;
  readonly models: Models;
}

const CREATED = 201;
const NOT_DONE = 202;

export async function createOfVersion(call: Call, desk: Desk, body: Json | undefined): Promise<Answer> {
  const request = requestOf(body);
  const version = request.version ?? null;
  if (version === null) throw new BideError('INPUT_INVALID', '- version: is missing');
  const model = desk.models.ofVersion(version);
  if (model === null) {
    throw new BideError(
      'INPUT_INVALID',
      'The specified version does not exist: a version is a job type of this server.',
    );
  }
  return created(call, desk, await startPrediction(call, request, { model, version }));
}

/** Models and deployments alike are types under a name. */
export async function createOfModel(call: Call, desk: Desk, body: Json | undefined): Promise<Answer> {
  const model = desk.models.named(param(call, 'owner'), param(call, 'name'));
  if (model === null) throw new BideError('TYPE_NOT_FOUND', 'The requested resource could not be found.');
  const wanted: Wanted = { model, version: null };
  return created(call, desk, await startPrediction(call, requestOf(body), wanted));
}

/**
 * After a wait that was too short the status is `starting`, whatever the job does meanwhile, as at the vendor: its client takes any other word
 * for the end, and would return the output of a prediction that has none yet.
 */
async function created(call: Call, { bodies }: Desk, snapshot: Snapshot): Promise<Answer> {
  const waitMs = waitMsOf(call.request.headers.prefer);
  if (waitMs === null) return { status: CREATED, text: await bodies.of(call, snapshot) };
  const { waitMsMax } = call.context.engine.limits;
  const lookup = await jobDone(call, snapshot.job.id, Math.min(waitMs, waitMsMax));
  const latest = lookup.kind === 'found' ? lookup.snapshot : snapshot;
  if (isFinal(latest.job.state)) return { status: CREATED, text: await bodies.of(call, latest) };
  return { status: NOT_DONE, text: await bodies.of(call, latest, 'starting') };
}
