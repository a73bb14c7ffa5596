/**
 * Requests that are held until a job is done: a call without a task, the tool that waits, the result of a task.
 *
 * As events where the client reads them, else as one answer. A call and the tool that waits are held up to a bound, and then answered with the job
 * as it is, and how to wait for it. In the wire of 2026 a call also ends when a person is to be asked: its client asks them, and calls again.
 */
import { BideError } from '../../core/errors.ts';
import { jobIdOf } from '../../core/id.ts';
import { isFinal } from '../../core/state.ts';
import type { Snapshot } from '../../engine/api.ts';
import { hasScope } from '../credentials.ts';
import { jobDone, waitFor } from '../job-done.ts';
import { resultOf } from '../result-of.ts';
import { answerStream } from './answer-stream.ts';
import { type Call, complete, type Reply, result } from './call.ts';
import { requestsOf } from './inputs.ts';
import { taskIdOf } from './mapping.ts';
import { createNotices } from './notices.ts';
import { type Place, placeText } from './place.ts';
import { errorText, INTERNAL_ERROR, type Members, RpcError, resultText } from './rpc.ts';
import { answerOf, asksFor, found, notFound, resultUrl } from './tasks.ts';
import { bareCard, cardResult } from './tools/job-card.ts';
import { HOLD_SECONDS_MAX } from './tools/own-tools.ts';
import { toolError } from './tools/tool-result.ts';
import { META, RESUMABLE_SINCE, type ToolResult } from './wire.ts';

/** @param holdMs how long, where that is not as long as may be */
export async function hold(call: Call, place: Place, snapshot: Snapshot, holdMs?: number): Promise<Reply> {
  const readsEvents = call.request.headers.accept?.includes('text/event-stream') === true;
  if (readsEvents && !isEnough(call, place, snapshot)) return holdAsEvents(call, place, snapshot, holdMs);
  const boundMs = Math.min(holdMs ?? HOLD_MS, call.context.engine.limits.waitMsMax);
  const latest = await heldFor(call, place, snapshot, boundMs);
  if (!isEnough(call, place, latest)) await cancelAbandoned(call, place, latest);
  const { value, error } = await answerTo(call, place, latest);
  if (error !== undefined) throw error;
  return result(call, value);
}

const HOLD_MS = HOLD_SECONDS_MAX * 1_000;

async function heldFor(call: Call, place: Place, first: Snapshot, boundMs: number): Promise<Snapshot> {
  const { id } = first.job;
  if (!asksMeanwhile(call, place)) return found(await jobDone(call, id, boundMs));
  const { clock } = call.context.engine;
  const endsAt = clock.now() + boundMs;
  let snapshot = first;
  while (!isEnough(call, place, snapshot) && clock.now() < endsAt) {
    const { revision } = snapshot.job;
    const until = { kind: 'change', since: revision } as const;
    const { lookups } = await waitFor(call, { ids: [id], for: 'all', until, timeoutMs: endsAt - clock.now() });
    snapshot = found(lookups[0] ?? null);
    // The client went away, the server shuts down, or holds as much as it may.
    if (snapshot.job.revision === revision) break;
  }
  return snapshot;
}

/** Whether the call ends when a person is to be asked. */
function asksMeanwhile({ peer }: Call, { kind }: Place): boolean {
  return !peer.isLegacy && kind === 'call' && peer.canElicit;
}

function isEnough(call: Call, place: Place, snapshot: Snapshot): boolean {
  return isFinal(snapshot.job.state) || (asksMeanwhile(call, place) && asksFor(call, snapshot).length > 0);
}

export function holdAsEvents(call: Call, place: Place, snapshot: Snapshot, holdMs?: number): Reply {
  const { clock, limits, closing } = call.context.engine;
  const boundMs = holdMs ?? (place.kind === 'result' ? limits.eventsMsMax : Math.min(HOLD_MS, limits.eventsMsMax));
  const eventId = call.peer.isLegacy && call.peer.version >= RESUMABLE_SINCE ? placeText(place) : null;
  let isAnswered = false;
  const stream = answerStream(call, {
    snapshot,
    endsAt: clock.now() + boundMs,
    eventId,
    isEnough: (latest) => isEnough(call, place, latest),
    notices: createNotices(call, place),
    gone: errorText(place.requestId, notFound()),
    async answer(latest) {
      isAnswered = true;
      const isCut = !isFinal(latest.job.state) && (place.kind === 'result' || closing.aborted);
      return isCut && eventId !== null ? null : answerText(call, place, latest);
    },
  });
  void stream.closed.then(() => (isAnswered ? undefined : cancelAbandoned(call, place, snapshot))).catch(() => {});
  if (place.kind === 'result') return { kind: 'stream', stream };
  // The job is there already, and whoever started it has to learn its id.
  return { kind: 'stream', stream, otherwise: async () => result(call, await cardOf(call, snapshot)).text };
}

/** Never throws: the status is out already. */
async function answerText(call: Call, place: Place, snapshot: Snapshot): Promise<string> {
  try {
    const { value, error } = await answerTo(call, place, snapshot);
    return error === undefined
      ? resultText(place.requestId, JSON.stringify(complete(call, value)))
      : errorText(place.requestId, error);
  } catch (error) {
    const message = error instanceof BideError ? error.message : 'The answer could not be read.';
    return errorText(place.requestId, { code: INTERNAL_ERROR, message, data: undefined });
  }
}

type Answered =
  | { readonly value: Members; readonly error?: undefined }
  | { readonly value?: undefined; readonly error: RpcError };

async function answerTo(call: Call, place: Place, snapshot: Snapshot): Promise<Answered> {
  const isDone = isFinal(snapshot.job.state);
  if (place.kind === 'wait') return { value: await cardOf(call, snapshot) };
  if (place.kind === 'result') return isDone ? taskAnswer(call, snapshot) : { error: NOT_DONE };
  if (isDone) return { value: await callAnswer(call, snapshot) };
  const asks = asksMeanwhile(call, place) ? asksFor(call, snapshot) : [];
  return { value: asks.length > 0 ? inputRequired(call, snapshot, asks) : await cardOf(call, snapshot) };
}

/** As the code of what took too long in HTTP. */
const NOT_DONE = new RpcError(408, 'The task is not done yet: ask again.');

async function callAnswer(call: Call, snapshot: Snapshot): Promise<ToolResult> {
  const answer = await answerOf(call, snapshot);
  return answer.kind === 'error' ? toolError(answer.error.message) : answer.result;
}

async function taskAnswer(call: Call, snapshot: Snapshot): Promise<Answered> {
  const answer = await answerOf(call, snapshot);
  if (answer.kind === 'error') return { error: new RpcError(answer.error.code, answer.error.message) };
  const { _meta: meta, ...rest } = answer.result;
  return { value: { ...rest, _meta: { ...meta, [META.relatedTask]: { taskId: taskIdOf(snapshot.job) } } } };
}

/** The state that the client sends back is the job: whose it is says the key. */
function inputRequired({ desk }: Call, { job }: Snapshot, asks: readonly string[]): Members {
  const inputRequests = requestsOf(asks, desk.tools.settingsOf(job.type));
  return { resultType: 'input_required', inputRequests, requestState: stateOf(job) };
}

/** Another one at each round, as clients expect of what evolves. */
function stateOf({ id, revision }: Snapshot['job']): string {
  return `${id}.${revision}`;
}

/** The job of a state that a client sent back; null for what never was one. */
export function jobOfState(state: unknown): string | null {
  const [, id, revision] = typeof state === 'string' ? (/^(.{36})\.(\d{1,15})$/.exec(state) ?? []) : [];
  return id === undefined || revision === undefined ? null : jobIdOf(id);
}

export async function cardOf(call: Call, snapshot: Snapshot): Promise<ToolResult> {
  const { engine } = call.context;
  const facts = { now: engine.clock.now(), asks: asksFor(call, snapshot), url: resultUrl(call, snapshot.job.id) };
  // A key that may cancel and not read is told where the job stands.
  if (!hasScope(call.principal, 'read')) return bareCard(snapshot, facts);
  return cardResult(snapshot, await resultOf(engine, snapshot), facts);
}

/**
 * In the wire of 2026 whoever closes the connection cancels their call: nobody has been told the id of its job, so that nobody could ever read
 * what comes of it. In that of 2025 they may come back.
 */
async function cancelAbandoned({ context: { engine }, peer, reply }: Call, { kind }: Place, { job }: Snapshot) {
  if (peer.isLegacy || kind !== 'call' || !reply.raw.destroyed || engine.draining.aborted) return;
  await engine.cancel(job.tenant, job.id);
}
