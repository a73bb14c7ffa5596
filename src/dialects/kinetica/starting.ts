/** Starting jobs: a target with what is remembered of its request, and the pages of statements that go together. */
import { isFinal } from '../../core/state.ts';
import type { Snapshot, SubmitRequest } from '../../engine/api.ts';
import { submitOne } from '../submit-one.ts';
import type { Call } from './call.ts';
import type { Remembered } from './mapping.ts';
import { keptJob, type Paging } from './paging.ts';
import { submission, type Target } from './submission.ts';

export interface StartOptions {
  readonly isAsync: boolean;
  readonly removeOnComplete: boolean;
  readonly tag: string | null;
}

/** The request that runs a target; `more` changes what is remembered of it. */
export function requestOf(
  call: Call,
  target: Target,
  { tag, ...options }: StartOptions,
  more: Partial<Remembered> = {},
): SubmitRequest {
  const memory: Remembered = {
    ...target.remembered,
    encoding: target.encoding,
    ...options,
    sourceIp: call.request.ip,
    authId: call.user,
    ...more,
  };
  const { retainMs } = call.context.options;
  return { ...submission(call.principal.tenant, target, memory, tag), retainMs };
}

/**
 * The job of a `/create/job`. One that asks for a page under a name has a job of its own, as every create has, and runs behind
 * the one whose rows its page is cut from.
 */
export async function startJob(call: Call, target: Target, options: StartOptions): Promise<Snapshot> {
  const { engine } = call.context;
  const { paging } = target;
  if (paging === null || !paging.isNamed) {
    return submitOne(engine, requestOf(call, target, options, { pagingTable: '' }));
  }
  const kept = await firstPage(call, target, options, paging);
  if (kept.isOwn) return kept.snapshot;
  const request = requestOf(call, target, options, { pageOf: kept.snapshot.job.id });
  return submitOne(engine, { ...request, sequenceKey: paging.key });
}

/** A kept job that failed keeps nothing: the next page tries anew. */
async function firstPage(call: Call, target: Target, options: StartOptions, paging: Paging) {
  const { engine } = call.context;
  const request = requestOf(call, target, options);
  const kept = await keptJob(call, request, paging);
  const { state } = kept.snapshot.job;
  if (kept.isOwn || !isFinal(state) || state === 'succeeded') return kept;
  await engine.remove(call.principal.tenant, kept.snapshot.job.id);
  return keptJob(call, request, paging);
}
