/** Azure's side: start with the header of the caller's choice, status monitor, result, resource, cancel, delete. */
import { BideError } from '../../core/errors.ts';
import { jobIdOf } from '../../core/id.ts';
import { workingState } from '../../core/signals.ts';
import { isFinal } from '../../core/state.ts';
import type { Lookup, Snapshot } from '../../engine/api.ts';
import { hasScope } from '../credentials.ts';
import { jobDone, jobNow } from '../job-done.ts';
import { jsonBodyOf } from '../json-body.ts';
import { type JobResult, resultAtHand, resultOf } from '../result-of.ts';
import { type Answer, type Call, type Context, paramOf } from './call.ts';
import { azureAnswer, azureCode, failureOf } from './mapping.ts';
import { removeJob } from './operations.ts';
import { queryText, waitSecondsOf } from './query.ts';
import { monitorOf, resourceOf } from './status-monitor.ts';
import { namedBefore, pollHeaderOf, startJob } from './submission.ts';
import type { PollHeader } from './wire.ts';

/** Of the resource that a job was started for. */
const RESOURCE_TAG = 'azure-resource';
const NAME_LENGTH_MAX = 90;

export async function startPolling(call: Call): Promise<Answer> {
  const type = namedBefore(paramOf(call, 'type'), 'start');
  const header = pollHeaderOf(queryText(call, 'poll'));
  const waitSeconds = waitSecondsOf(call);
  const idempotencyKey = requestIdOf(call);
  const snapshot = await startJob(call, { type, input: jsonBodyOf(call), idempotencyKey });
  const headers = {
    ...pollHeaders(call, snapshot.job.id, header, waitSeconds),
    ...retryAfter(call.context, snapshot),
    ...(idempotencyKey === null ? {} : { 'repeatability-result': 'accepted' }),
  };
  return { status: 202, text: JSON.stringify(await monitor(call, snapshot)), headers };
}

/** The URL where the state is read, and where it is an older style, that of the result beside it. */
function pollHeaders(call: Call, id: string, header: PollHeader, waitSeconds: number): Record<string, string> {
  const held = waitSeconds === 0 ? '' : `?wait=${waitSeconds}`;
  const url = `${call.context.publicUrl(call.request)}/azure/operations/${id}`;
  if (header === 'location') return { location: `${url}/result${held}` };
  if (header === 'azure-asyncoperation') return { [header]: `${url}${held}`, location: `${url}/result` };
  return { [header]: `${url}${held}` };
}

function requestIdOf({ request }: Call): string | null {
  const id = request.headers['repeatability-request-id'];
  return typeof id === 'string' && id !== '' ? id : null;
}

export async function getMonitor(call: Call): Promise<Answer> {
  const snapshot = found(await looked(call));
  return {
    status: 200,
    text: JSON.stringify(await monitor(call, snapshot)),
    headers: retryAfter(call.context, snapshot),
  };
}

/** The whole answer to a poll where the snapshot alone says it; undefined where the result must be read. */
export function polledMonitor({ engine }: Context, snapshot: Snapshot): string | undefined {
  const result = resultAtHand(snapshot);
  const { job } = snapshot;
  return result === undefined
    ? undefined
    : JSON.stringify(monitorOf(job, workingState(job, engine.clock.now()), result));
}

/** What `Location` points to: 202 until there is a result, then the result itself. */
export async function getResult(call: Call): Promise<Answer> {
  const snapshot = found(await looked(call));
  if (!isFinal(snapshot.job.state)) {
    const headers = {
      location: `${call.context.publicUrl(call.request)}${belowBase(call)}`,
      ...retryAfter(call.context, snapshot),
    };
    return { status: 202, text: JSON.stringify(await monitor(call, snapshot)), headers };
  }
  const failure = failureOf(snapshot.job);
  if (failure !== null) return failed(failure.rpc === 'CANCELLED' ? 409 : 422, failure.code, failure.message);
  return resultAnswer(await resultOf(call.context.engine, snapshot));
}

/** Where clients of this style look for the state there is only the code of HTTP; below 500, which clients would try again. */
function failed(status: number, code: string, message: string): Answer {
  const { body, headers = {} } = azureAnswer(status, azureCode(code), message);
  return { status, text: JSON.stringify(body), headers };
}

function resultAnswer(result: JobResult): Answer {
  if (result.kind !== 'bytes') return { status: 200, text: result.kind === 'json' ? result.text : 'null' };
  return { status: 200, text: result.bytes, headers: { 'content-type': result.contentType } };
}

/** The path and query of this request below the dialect, as it was asked. */
function belowBase(call: Call): string {
  const seconds = waitSecondsOf(call);
  return `/azure/operations/${paramOf(call, 'operation')}/result${seconds === 0 ? '' : `?wait=${seconds}`}`;
}

/** One job for each name: the same PUT again finds it, another one is refused. */
export async function putResource(call: Call): Promise<Answer> {
  const type = paramOf(call, 'type');
  const name = resourceName(call);
  const snapshot = await startJob(call, {
    type,
    input: jsonBodyOf(call),
    idempotencyKey: `azure-resource ${type} ${name}`,
    tags: { [RESOURCE_TAG]: name },
  });
  return resourceAnswer(call, 201, name, snapshot);
}

export async function getResource(call: Call): Promise<Answer> {
  const { engine, holds } = call.context;
  const name = resourceName(call);
  const [snapshot] = (
    await engine.list({
      tenant: call.principal.tenant,
      types: [paramOf(call, 'type')],
      tags: { [RESOURCE_TAG]: name },
      limit: 1,
    })
  ).snapshots;
  if (snapshot === undefined) throw new BideError('JOB_NOT_FOUND', `There is no resource ${name}.`);
  holds.look(call.principal, snapshot.job);
  return resourceAnswer(call, 200, name, snapshot);
}

async function resourceAnswer(call: Call, status: number, name: string, snapshot: Snapshot): Promise<Answer> {
  const { engine } = call.context;
  const shown = workingState(snapshot.job, engine.clock.now());
  const body = resourceOf(name, snapshot.job, shown, await resultOf(engine, snapshot));
  return { status, text: JSON.stringify(body), headers: retryAfter(call.context, snapshot) };
}

function resourceName(call: Call): string {
  const name = paramOf(call, 'name');
  if (name.length <= NAME_LENGTH_MAX && /^[\w.-]+$/.test(name)) return name;
  throw new BideError(
    'INVALID_REQUEST',
    `The name of a resource has 1 to ${NAME_LENGTH_MAX} letters, digits, dots, hyphens and underscores.`,
  );
}

/** `POST /azure/operations/{id}:cancel`: cancelled at once where it waits, else when its handler lets go; the monitor says. */
export async function cancelPolling(call: Call): Promise<Answer> {
  const id = jobIdOf(namedBefore(paramOf(call, 'operation'), 'cancel'));
  const { engine } = call.context;
  const outcome = id === null ? null : await engine.cancel(call.principal.tenant, id);
  if (outcome === null || outcome.kind === 'missing' || outcome.kind === 'gone') throw notFound();
  const { snapshot } = outcome;
  const headers = {
    ...pollHeaders(call, snapshot.job.id, 'operation-location', 0),
    ...retryAfter(call.context, snapshot),
  };
  const body = hasScope(call.principal, 'read') ? await monitor(call, snapshot) : bareMonitor(call, snapshot);
  return { status: 202, text: JSON.stringify(body), headers };
}

/** For a key that may not read: where the job stands, and nothing of what came of it. */
function bareMonitor({ context: { engine } }: Call, { job }: Snapshot) {
  return monitorOf({ ...job, error: null }, workingState(job, engine.clock.now()), { kind: 'none' });
}

export async function deletePolling(call: Call): Promise<Answer> {
  await removeJob(call);
  return { status: 204, text: '' };
}

async function looked(call: Call): Promise<Lookup | null> {
  const id = jobIdOf(paramOf(call, 'operation'));
  const waitMs = Math.min(waitSecondsOf(call) * 1_000, call.context.engine.limits.waitMsMax);
  if (id === null) return null;
  return waitMs === 0 ? jobNow(call, id) : jobDone(call, id, waitMs);
}

async function monitor(call: Call, snapshot: Snapshot) {
  const { engine } = call.context;
  return monitorOf(snapshot.job, workingState(snapshot.job, engine.clock.now()), await resultOf(engine, snapshot));
}

/** Whole seconds, while there is anything to wait for. */
export function retryAfter({ engine }: Context, snapshot: Snapshot): Record<string, string> {
  if (isFinal(snapshot.job.state)) return {};
  return { 'retry-after': String(Math.max(1, Math.ceil(engine.retryAfterMs(snapshot) / 1_000))) };
}

function found(lookup: Lookup | null): Snapshot {
  if (lookup?.kind !== 'found') throw notFound();
  return lookup.snapshot;
}

function notFound(): BideError {
  return new BideError('JOB_NOT_FOUND', 'There is no such operation.');
}
