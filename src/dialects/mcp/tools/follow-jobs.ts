/** Calls of the tools that follow jobs: wait for one, look at one, cancel one. */
import { jobIdOf } from '../../../core/id.ts';
import type { Lookup, Snapshot } from '../../../engine/api.ts';
import { requireScope } from '../../credentials.ts';
import { jobNow } from '../../job-done.ts';
import { type Call, type Reply, result } from '../call.ts';
import { cardOf, hold } from '../holding.ts';
import type { Place } from '../place.ts';
import type { Members } from '../rpc.ts';
import { HOLD_SECONDS_MAX, type OwnToolName } from './own-tools.ts';
import { argumentsOf } from './start-job.ts';
import { toolError } from './tool-result.ts';

/** What is wrong with its arguments is told as the tool's own error, which a model can put right. */
export async function callOwnTool(call: Call, name: OwnToolName, place: Omit<Place, 'kind' | 'jobId'>): Promise<Reply> {
  const given = argumentsOf(call.params);
  requireScope(call.principal, name === 'cancel_job' ? 'submit' : 'read');
  const id = typeof given.job_id === 'string' ? jobIdOf(given.job_id) : null;
  if (id === null) return unfit(call, 'job_id must be the id of a job, as the call that started it answered.');
  if (name === 'cancel_job') return cancel(call, id);
  const holdMs = name === 'wait_for_job' ? holdMsOf(given) : 0;
  if (holdMs === null) return unfit(call, `wait_seconds must be a number from 0 to ${HOLD_SECONDS_MAX}.`);
  const snapshot = await snapshotOf(call, id, holdMs);
  if (snapshot === null) return unknown(call);
  if (holdMs === 0) return result(call, await cardOf(call, snapshot));
  return hold(call, { ...place, kind: 'wait', jobId: id }, snapshot, holdMs);
}

function holdMsOf({ wait_seconds: seconds = HOLD_SECONDS_MAX }: Members): number | null {
  return typeof seconds === 'number' && seconds >= 0 && seconds <= HOLD_SECONDS_MAX
    ? Math.round(seconds * 1_000)
    : null;
}

/** A look that waits is not counted as a poll. */
async function snapshotOf(call: Call, id: string, holdMs: number): Promise<Snapshot | null> {
  const { engine } = call.context;
  const { tenant } = call.principal;
  const lookup: Lookup | undefined = holdMs === 0 ? await jobNow(call, id) : (await engine.read(tenant, [id]))[0];
  return lookup?.kind === 'found' ? lookup.snapshot : null;
}

async function cancel(call: Call, id: string): Promise<Reply> {
  const outcome = await call.context.engine.cancel(call.principal.tenant, id);
  if (outcome.kind === 'missing' || outcome.kind === 'gone') return unknown(call);
  return result(call, await cardOf(call, outcome.snapshot));
}

function unknown(call: Call): Reply {
  return unfit(call, 'There is no job with this job_id, or it is kept no longer.');
}

function unfit(call: Call, message: string): Reply {
  return result(call, toolError(message));
}
