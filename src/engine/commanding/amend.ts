/**
 * Changes what a waiting job was submitted with. Decided on the job as it is in the store and written at that revision, so that it is either
 * wholly there before the job is claimed, or refused.
 */
import { BideError } from '../../core/errors.ts';
import type { Job } from '../../core/job.ts';
import type { Limits } from '../../core/limits.ts';
import { isParked } from '../../core/signals.ts';
import type { Terms } from '../../store/contract.ts';
import type { AmendRequest, AmendResult, Issue, Snapshot } from '../api.ts';
import type { EngineBase } from '../engine-base.ts';
import { doubtAfter } from '../failed-write.ts';
import { inLine } from '../lines.ts';
import type { Reader } from '../reading/reader.ts';
import { lookupOf } from '../reading/waiters.ts';
import { requestIssues } from '../submitting/request-issues.ts';
import type { Commands } from './commands.ts';

export interface AmendOptions extends EngineBase {
  readonly reader: Reader;
  readonly commands: Pick<Commands, 'lines'>;
}

export function createAmend(options: AmendOptions): (request: AmendRequest) => Promise<AmendResult> {
  const { clock, limits, commands } = options;
  return async (request) => {
    const issues = issuesOf(request, clock.now(), limits);
    if (issues.length > 0) return { kind: 'invalidRequest', issues };
    return inLine(commands.lines, request.id, () => amend(options, request));
  };
}

async function amend(options: AmendOptions, request: AmendRequest): Promise<AmendResult> {
  const { reader, clock, limits } = options;
  const { tenant, id, revision } = request;
  for (let attempt = 1; attempt <= limits.applyAttemptsMax; attempt += 1) {
    const [found] = await (attempt === 1 ? reader.look([id]) : reader.fresh([id]));
    const lookup = lookupOf(found, tenant);
    if (lookup.kind !== 'found') return lookup;
    const { snapshot } = lookup;
    const { job } = snapshot;
    if (revision !== undefined && job.revision !== revision) return { kind: 'changed', snapshot };
    if (job.state !== 'waiting') return { kind: 'wrongState', snapshot };
    if (request.runAt !== undefined && isParked(job))
      return { kind: 'parked', snapshot, signal: job.marks?.signal?.name ?? '' };
    const terms = termsWith(job, request, clock.now());
    if (terms === null) return { kind: 'unchanged', snapshot };
    const amended = await write(options, job, terms);
    if (amended !== null) return { kind: 'done', snapshot: amended };
  }
  throw new BideError('CHANGED_MEANWHILE', undefined, { id, attempts: limits.applyAttemptsMax });
}

/** Null where the job had moved on: then it is to be read again. */
async function write(
  { store, clock, snapshots, changes }: AmendOptions,
  job: Job,
  terms: Terms,
): Promise<Snapshot | null> {
  const [outcome] = await store
    .amend([{ id: job.id, revision: job.revision, terms, now: clock.now() }])
    .catch((error: unknown) => {
      doubtAfter(error, changes, () => snapshots.drop(job.id));
      throw error;
    });
  if (outcome?.kind !== 'amended') return null;
  const now = outcome.job;
  const snapshot = snapshots.put(now, null);
  changes.announce({ kind: 'changed', snapshot, job: now, before: 'waiting', cause: 'amended' });
  return snapshot;
}

/** Null where the job has these terms already. */
function termsWith(job: Job, request: AmendRequest, now: number): Terms | null {
  const { priority = job.priority, tags = job.tags, runAt, deadlineAt = job.deadlineAt } = request;
  const deadlineMs = deadlineAt === job.deadlineAt ? job.deadlineMs : deadlineAt && deadlineAt - job.createdAt;
  const due = runAt === undefined ? job.runAt : Math.max(now, Math.round(runAt ?? now));
  const isSame =
    priority === job.priority &&
    deadlineAt === job.deadlineAt &&
    runAt === undefined &&
    (request.tags === undefined || isSameTags(tags, job.tags));
  return isSame ? null : { priority, tags, runAt: due, deadlineMs, deadlineAt };
}

function isSameTags(one: Job['tags'], other: Job['tags']): boolean {
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => one[name] === other[name]);
}

function issuesOf(request: AmendRequest, now: number, limits: Limits): readonly Issue[] {
  const { tenant, priority, tags, runAt, deadlineAt } = request;
  const issues = requestIssues({ tenant, type: '', priority, tags, runAt }, now, limits);
  if (deadlineAt == null) return issues;
  if (!(deadlineAt > now)) return [...issues, { path: '/deadlineAt', message: 'must be in the future' }];
  if (deadlineAt - now <= limits.timeoutMsMax) return issues;
  return [...issues, { path: '/deadlineAt', message: `must be at most ${limits.timeoutMsMax} ms ahead` }];
}
