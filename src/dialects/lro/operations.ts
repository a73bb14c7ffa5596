/** Google's side: start, get, list, wait, cancel, delete. */
import { BideError } from '../../core/errors.ts';
import { jobIdOf } from '../../core/id.ts';
import { workingState } from '../../core/signals.ts';
import type { Lookup, Snapshot } from '../../engine/api.ts';
import { jobDone, jobNow } from '../job-done.ts';
import { jsonBodyOf } from '../json-body.ts';
import { resultAtHand, resultOf } from '../result-of.ts';
import { type Answer, type Call, type Context, ok, paramOf } from './call.ts';
import { filterOf } from './filter.ts';
import { operationName } from './mapping.ts';
import { operationOf } from './operation.ts';
import { pageSizeOf, queryText, timeoutOf } from './query.ts';
import { namedBefore, startJob } from './submission.ts';
import type { Operation } from './wire.ts';

const PAGE_SIZE = 50;
/** Results of a page, after which it ends: AIP-158 lets it have fewer than were asked for. */
const PAGE_BYTES_MAX = 4 * 1_024 * 1_024;

export async function startOperation(call: Call): Promise<Answer> {
  const type = namedBefore(paramOf(call, 'type'), 'start');
  const idempotencyKey = queryText(call, 'requestId') ?? null;
  const body = jsonBodyOf(call);
  // `google-gax` sends an empty text for a message without fields.
  const snapshot = await startJob(call, { type, input: body === '' ? {} : body, idempotencyKey });
  return ok(await bodyOf(call, snapshot));
}

export async function getOperation(call: Call): Promise<Answer> {
  const id = jobIdOf(nameOf(call));
  return ok(await bodyOf(call, found(call, id === null ? null : await jobNow(call, id))));
}

/** `google-gax` by itself, without the paths of a generated client, puts the whole name into one segment: `operations%2F{id}`. */
function nameOf(call: Call): string {
  return paramOf(call, 'operation').replace(/^operations\//, '');
}

/** The whole answer to a poll where the snapshot alone says it; undefined where the result must be read. */
export function polledOperation({ engine, options }: Context, snapshot: Snapshot): string | undefined {
  const result = resultAtHand(snapshot);
  const { job } = snapshot;
  if (result === undefined) return undefined;
  return JSON.stringify(operationOf(job, workingState(job, engine.clock.now()), result, messagesOf(options, job.type)));
}

/** `POST /v1/operations/{id}:{verb}` */
export async function operationVerb(call: Call): Promise<Answer> {
  const name = nameOf(call);
  const verb = name.slice(name.lastIndexOf(':') + 1);
  const id = jobIdOf(namedBefore(name, verb));
  const body = jsonBodyOf(call);
  switch (verb) {
    case 'wait': {
      const timeoutMs = timeoutOf(body, call.context.engine.limits.waitMsMax);
      return ok(await bodyOf(call, found(call, id === null ? null : await jobDone(call, id, timeoutMs))));
    }
    case 'cancel':
      return cancelOperation(call, id);
    default:
      throw new BideError('ROUTE_NOT_FOUND', 'An operation knows the verbs cancel and wait.');
  }
}

/** Of one that has ended there is nothing to cancel, which is no mistake of the caller. */
async function cancelOperation(call: Call, id: string | null): Promise<Answer> {
  const { engine } = call.context;
  const outcome = id === null ? null : await engine.cancel(call.principal.tenant, id);
  if (outcome === null || outcome.kind === 'missing' || outcome.kind === 'gone') throw notFound(call);
  return ok({});
}

/** It cancels nothing: one that runs is refused. */
export async function deleteOperation(call: Call): Promise<Answer> {
  await removeJob(call);
  return ok({});
}

export async function removeJob(call: Call): Promise<void> {
  const id = jobIdOf(nameOf(call));
  const outcome = id === null ? null : await call.context.engine.remove(call.principal.tenant, id);
  if (outcome === null || outcome.kind === 'missing' || outcome.kind === 'gone') throw notFound(call);
  if (outcome.kind === 'wrongState') {
    throw new BideError('WRONG_STATE', 'The operation is not done: cancel it, or wait for its end.');
  }
}

export async function listOperations(call: Call): Promise<Answer> {
  const { engine, auth } = call.context;
  const { tenant } = call.principal;
  const filter = filterOf(queryText(call, 'filter') ?? '');
  const limit = pageSizeOf(call, PAGE_SIZE, engine.limits.listPageMax);
  const after = await afterOf(call, queryText(call, 'pageToken'));
  const page = filter.states?.length === 0 ? null : await engine.list({ tenant, ...filter, limit, ...after });
  const { taken, next } = page === null ? { taken: [], next: null } : within(page.snapshots, page.next?.number ?? null);
  const operations: Operation[] = [];
  // One after another: a page of large results must not be in memory at once with all that others read.
  for (const snapshot of taken) operations.push(await bodyOf(call, snapshot));
  return ok({ operations, nextPageToken: next === null ? '' : await auth.numbers.seal(tenant, next) });
}

/** As many as the bytes of their results allow, one at least; and where the next page begins. */
function within(snapshots: readonly Snapshot[], next: number | null) {
  let bytes = 0;
  const end = snapshots.findIndex(({ job }, at) => {
    bytes += job.result?.bytes ?? 0;
    return at > 0 && bytes > PAGE_BYTES_MAX;
  });
  if (end === -1) return { taken: snapshots, next };
  return { taken: snapshots.slice(0, end), next: snapshots[end - 1]?.job.number ?? null };
}

async function afterOf({ context, principal }: Call, token: string | undefined): Promise<{ readonly after?: number }> {
  if (token === undefined) return {};
  const after = await context.auth.numbers.open(principal.tenant, token);
  if (after === null) throw new BideError('INVALID_CURSOR', 'The pageToken is not one that this list gave out.');
  return { after };
}

async function bodyOf(call: Call, snapshot: Snapshot): Promise<Operation> {
  const { engine, options } = call.context;
  const { job } = snapshot;
  const result = await resultOf(engine, snapshot);
  return operationOf(job, workingState(job, engine.clock.now()), result, messagesOf(options, job.type));
}

function messagesOf({ messages }: Context['options'], type: string) {
  return Object.hasOwn(messages, type) ? messages[type] : undefined;
}

function found(call: Call, lookup: Lookup | null): Snapshot {
  if (lookup?.kind !== 'found') throw notFound(call);
  return lookup.snapshot;
}

function notFound(call: Call): BideError {
  const [id = ''] = nameOf(call).split(':');
  return new BideError('JOB_NOT_FOUND', `Operation not found: ${operationName(id.slice(0, 100))}`);
}
