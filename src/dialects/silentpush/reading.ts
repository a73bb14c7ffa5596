/** Polls: the status of a job or its result, held where the caller waits. */
import { BideError } from '../../core/errors.ts';
import { jobIdOf } from '../../core/id.ts';
import { isFinal } from '../../core/state.ts';
import type { Lookup, Snapshot } from '../../engine/api.ts';
import { requireScope } from '../credentials.ts';
import { jobDone, jobNow } from '../job-done.ts';
import { sendPlainJson } from '../send-plain.ts';
import { inEnvelope, outcomeRead } from './bodies.ts';
import { type Answer, baseUrl, type Call, paramsOf, send } from './call.ts';
import { askedOf, envelope, JOB_NOT_FOUND, jobStatus } from './mapping.ts';
import { type PollFlags, pollFlags } from './query.ts';

/** The hot path: a job in memory that is not waited for is answered without a promise. */
export function poll(call: Call): Answer | Promise<Answer> {
  requireScope(call.principal, 'read');
  const flags = pollFlags(call.query, call.context.options.maxWait);
  const id = jobIdOf(paramsOf(call).job_id ?? '');
  if (id === null) return unknownJob(call, null, 'missing');
  const snapshot = call.context.engine.peek(call.principal.tenant, id);
  if (snapshot !== undefined && (flags.waitSeconds === 0 || isFinal(snapshot.job.state))) {
    const text = polledText(call, snapshot, flags);
    if (text !== undefined) {
      call.context.holds.look(call.principal, snapshot.job);
      return sendPlainJson(call.reply, text);
    }
  }
  return pollLater(call, id, flags);
}

function pollLater(call: Call, id: string, flags: PollFlags): Promise<Answer> {
  const looking = flags.waitSeconds === 0 ? jobNow(call, id) : jobDone(call, id, flags.waitSeconds * 1_000);
  return looking.then((lookup) => answerPoll(call, id, flags, lookup));
}

async function answerPoll(call: Call, id: string, flags: PollFlags, lookup: Lookup): Promise<Answer> {
  if (lookup.kind !== 'found') return unknownJob(call, id, lookup.kind);
  const { snapshot } = lookup;
  const text =
    polledText(call, snapshot, flags) ??
    (await outcomeRead(call.context.engine, snapshot, metadataOf(snapshot, flags), inEnvelope));
  return sendPlainJson(call.reply, text);
}

function polledText(call: Call, snapshot: Snapshot, flags: PollFlags): string | undefined {
  const isStatus = flags.isStatusOnly || !isFinal(snapshot.job.state);
  if (isStatus) return call.bodies.status(snapshot, baseUrl(call), inEnvelope);
  return call.bodies.outcome(snapshot, metadataOf(snapshot, flags), inEnvelope);
}

function metadataOf({ job }: Snapshot, { forcedMetadata }: PollFlags): boolean {
  return forcedMetadata ?? askedOf(job).withMetadata;
}

function unknownJob(call: Call, id: string | null, kind: 'missing' | 'gone'): Answer {
  const isPending = call.context.options.unknownJobs === 'pending' && id !== null && kind === 'missing';
  if (!isPending) throw new BideError('JOB_NOT_FOUND', JOB_NOT_FOUND);
  return send(call, JSON.stringify(envelope({ job_status: jobStatus(id, 'PENDING', baseUrl(call)) })));
}
