/**
 * Requests that are held until a job is done: a call without a task, the tool that waits, the result of a task.
 *
 * As events where the client reads them, else as one answer. A call and the tool that waits are held up to a bound, and then answered with the job
 * as it is, and how to wait for it.
 */
import { BideError } from '../../core/errors.ts';
import { isFinal } from '../../core/state.ts';
import type { Snapshot } from '../../engine/api.ts';
import { jobDone } from '../job-done.ts';
import { resultOf } from '../result-of.ts';
import { answerStream } from './answer-stream.ts';
import { type Call, complete, type Reply, result } from './call.ts';
import { createNotices } from './notices.ts';
import { type Place, placeText } from './place.ts';
import { errorText, INTERNAL_ERROR, RpcError, resultText } from './rpc.ts';
import { answerOf, asksFor, found, resultUrl } from './tasks.ts';
import { cardResult } from './tools/job-card.ts';
import { HOLD_SECONDS_MAX } from './tools/own-tools.ts';
import { toolError } from './tools/tool-result.ts';
import { META, RESUMABLE_SINCE, type ToolResult } from './wire.ts';

/** @param holdMs how long, where that is not as long as may be */
export async function hold(call: Call, place: Place, snapshot: Snapshot, holdMs?: number): Promise<Reply> {
  const readsEvents = call.request.headers.accept?.includes('text/event-stream') === true;
  if (readsEvents && !isFinal(snapshot.job.state)) return holdAsEvents(call, place, snapshot, holdMs);
  const boundMs = Math.min(holdMs ?? HOLD_MS, call.context.engine.limits.waitMsMax);
  const latest = found(await jobDone(call, snapshot.job.id, boundMs));
  if (!isFinal(latest.job.state)) await cancelAbandoned(call, place, latest);
  const { value, error } = await answerTo(call, place, latest);
  if (error !== undefined) throw error;
  return result(call, value);
}

const HOLD_MS = HOLD_SECONDS_MAX * 1_000;

export function holdAsEvents(call: Call, place: Place, snapshot: Snapshot, holdMs?: number): Reply {
  const { clock, limits, closing } = call.context.engine;
  const boundMs = holdMs ?? (place.kind === 'result' ? limits.eventsMsMax : Math.min(HOLD_MS, limits.eventsMsMax));
  const endsAt = clock.now() + boundMs;
  const eventId = call.peer.isLegacy && call.peer.version >= RESUMABLE_SINCE ? placeText(place) : null;
  let isAnswered = false;
  const stream = answerStream(call, {
    snapshot,
    endsAt,
    eventId,
    notices: createNotices(call, place),
    async answer(latest) {
      isAnswered = true;
      const isCut = !isFinal(latest.job.state) && (place.kind === 'result' || closing.aborted);
      return isCut && eventId !== null ? null : answerText(call, place, latest);
    },
  });
  void stream.closed.then(() => (isAnswered ? undefined : cancelAbandoned(call, place, snapshot))).catch(() => {});
  return { kind: 'stream', stream };
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
  | { readonly value: ToolResult; readonly error?: undefined }
  | { readonly value?: undefined; readonly error: RpcError };

async function answerTo(call: Call, { kind }: Place, snapshot: Snapshot): Promise<Answered> {
  if (kind === 'wait') return { value: await cardOf(call, snapshot) };
  const isDone = isFinal(snapshot.job.state);
  if (kind === 'call' && !isDone) return { value: await cardOf(call, snapshot) };
  if (!isDone) return { error: new RpcError(NOT_DONE, 'The task is not done yet: ask again.') };
  const answer = await answerOf(call, snapshot);
  if (kind === 'call') return { value: answer.kind === 'error' ? toolError(answer.error.message) : answer.result };
  if (answer.kind === 'error') return { error: new RpcError(answer.error.code, answer.error.message) };
  const { _meta: meta, ...rest } = answer.result;
  return { value: { ...rest, _meta: { ...meta, [META.relatedTask]: { taskId: snapshot.job.id } } } };
}

/** As the code of what took too long in HTTP. */
const NOT_DONE = 408;

export async function cardOf(call: Call, snapshot: Snapshot): Promise<ToolResult> {
  const { engine } = call.context;
  const facts = { now: engine.clock.now(), asks: asksFor(call, snapshot), url: resultUrl(call, snapshot.job.id) };
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
