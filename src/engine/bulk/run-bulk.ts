/**
 * Changes many jobs, batch by batch, each once. Retries go oldest first, since a child that is retried before its parents fails again: what is submitted or
 * ends after the beginning stands behind their last page. All else goes newest first, so that a cancel comes to children before the end of their
 * parents does: what comes later stands before the first page. An attempt that comes after a crash goes on where the record says (`bulk-record.ts`), so that the numbers are right.
 */
import { BideError } from '../../core/errors.ts';
import type { Job } from '../../core/job.ts';
import type { Limits } from '../../core/limits.ts';
import type { Store } from '../../store/contract.ts';
import type { Attempt, AttemptOutcome } from '../api.ts';
import type { Audit } from '../auditing/audit.ts';
import type { Clock } from '../clock.ts';
import type { Commands } from '../commanding/commands.ts';
import type { Removals } from '../commanding/removals.ts';
import { estimate } from '../reading/estimate.ts';
import { pageOfJobs } from '../reading/job-pages.ts';
import type { Reader } from '../reading/reader.ts';
import { type BulkCounts, type BulkRecord, type Records, recordsOf, removeRecords } from './bulk-record.ts';
import { BULK_DEEDS, type BulkAction, type BulkInput, isWantedType, type JobFilter, narrowed } from './bulk-request.ts';

export interface BulkParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly limits: Limits;
  readonly commands: Commands;
  readonly removals: Removals;
  readonly reader: Reader;
  readonly audit: Audit;
}

/** Jobs per record. A removal is seven statements in as many places, and other writers wait for a batch. */
const BATCH: Readonly<Record<BulkAction, number>> = { cancel: 200, retry: 200, remove: 50 };
/** Pages without a job that fits, after which the place is written down all the same. */
const EMPTY_PAGES_MAX = 20;

export async function runBulk(parts: BulkParts, attempt: Attempt): Promise<AttemptOutcome> {
  const { job } = attempt;
  const input = JSON.parse(attempt.input) as BulkInput;
  const filter = narrowed(input);
  const bulk: Bulk = { parts, attempt, input, filter, records: recordsOf(parts.store, job, () => parts.clock.now()) };
  const known = await bulk.records.read();
  await note(bulk, null);
  let record = known ?? (await begin(bulk));
  if (known !== null) record = await resumed(bulk, known);
  for (;;) {
    report(attempt, record);
    if (attempt.signal.aborted) {
      // What was counted is kept for the next attempt, and said where there is none.
      await note(bulk, record.counts.changed);
      return (await bulk.records.write(record)) ? { kind: 'aborted' } : OVERTAKEN;
    }
    const next = await nextBatch(bulk, record);
    if (next === null) break;
    if (!(await bulk.records.write(next.record))) return OVERTAKEN;
    record = { ...next.record, counts: await changeAll(bulk, next.jobs, record.counts), batch: [] };
  }
  return end(bulk, record);
}

interface Bulk {
  readonly parts: BulkParts;
  readonly attempt: Attempt;
  readonly input: BulkInput;
  readonly filter: JobFilter;
  readonly records: Records;
}

/** Its outcome is refused by the fence in any case. */
const OVERTAKEN: AttemptOutcome = {
  kind: 'failed',
  failure: { code: 'OVERTAKEN', message: 'Another attempt of this job goes on with it.', details: null },
  isRetryable: true,
};

async function begin({ parts, attempt, filter, records }: Bulk): Promise<BulkRecord> {
  const { tenant } = attempt.job;
  const at = parts.clock.now();
  const [newest] = await parts.store.list({ tenant, limit: 1 });
  const end = { number: newest?.number ?? 0, at };
  const { count } = await estimate(parts, { ...filter, tenant }, at, isWantedType(filter));
  const record = { total: count, end, counts: { changed: 0, skipped: 0, failed: 0 }, place: null, batch: [] };
  await records.write(record);
  return record;
}

async function end(bulk: Bulk, record: BulkRecord): Promise<AttemptOutcome> {
  const { parts, attempt, input } = bulk;
  await bulk.records.write(record);
  await note(bulk, record.counts.changed);
  await removeRecords(parts.store, attempt.job.tenant, async (id) => {
    const [found] = await parts.reader.look([id]);
    return id !== attempt.job.id && (found?.kind !== 'found' || found.snapshot.job.finishedAt !== null);
  });
  const bytes = Buffer.from(JSON.stringify({ action: input.action, ...record.counts }));
  return { kind: 'succeeded', result: { contentType: 'application/json', bytes } };
}

/** One line for all attempts: it says when the first began, and how many were changed in the end. */
async function note({ parts, attempt, input }: Bulk, count: number | null): Promise<void> {
  const { action, by, filter } = input;
  const { tenant, id } = attempt.job;
  const request = { filter: JSON.parse(JSON.stringify(filter)) };
  await parts.audit.note({ tenant, by, deed: BULK_DEEDS[action], target: id, count, request }, `bulk:${id}`);
}

function report(attempt: Attempt, { total, counts }: BulkRecord): void {
  const done = counts.changed + counts.skipped + counts.failed;
  // 100 is for the end: jobs that come to fit meanwhile may make them more.
  attempt.report(
    total === 0 ? 0 : Math.min(99, Math.floor((done / total) * 100)),
    `${done} of ${Math.max(total, done)}`,
  );
}

interface Batch {
  readonly jobs: readonly Job[];
  readonly record: BulkRecord;
}

/** Null when there is none left. */
async function nextBatch({ parts, attempt, input, filter }: Bulk, record: BulkRecord): Promise<Batch | null> {
  const { tenant, id } = attempt.job;
  const limit = BATCH[input.action];
  const isWanted = isWantedType(filter);
  const { end } = record;
  const isUp = input.action === 'retry';
  const request = {
    ...filter,
    tenant,
    limit,
    ...(isUp ? { ...endedUpTo(filter, end.at), order: 'oldest' as const } : {}),
  };
  let { place } = record;
  for (let page = 1; ; page += 1) {
    const found = await pageOfJobs(parts.store, request, parts.clock.now(), place);
    const jobs = found.jobs.filter((job) => job.id !== id && (!isUp || job.number <= end.number) && isWanted(job.type));
    place = found.last ?? place;
    const isEnd = found.seen < limit || (isUp && filter.finished === undefined && (place?.number ?? 0) >= end.number);
    if (jobs.length === 0 && isEnd) return null;
    if (jobs.length === 0 && page < EMPTY_PAGES_MAX && !attempt.signal.aborted) continue;
    return { jobs, record: { ...record, place, batch: jobs.map((job) => [job.id, job.revision]) } };
  }
}

/** Those that ended before it began: what it retries may end again. */
function endedUpTo({ finished }: JobFilter, at: number): Pick<JobFilter, 'finished'> {
  if (finished === undefined) return {};
  return { finished: { ...finished, before: Math.min(finished.before ?? Number.POSITIVE_INFINITY, at + 1) } };
}

type Change = keyof BulkCounts;

async function changeAll(bulk: Bulk, jobs: readonly Job[], before: BulkCounts): Promise<BulkCounts> {
  const changes = await Promise.all(jobs.map((job) => change(bulk, job)));
  return added(before, changes);
}

function added(before: BulkCounts, changes: readonly Change[]): BulkCounts {
  const counts: Record<Change, number> = { ...before };
  for (const one of changes) counts[one] += 1;
  return counts;
}

/** A store that does not answer fails the attempt, and the next one goes on; anything else is that one job's. */
async function change({ parts, input }: Bulk, job: Job): Promise<Change> {
  const { action } = input;
  if (action === 'remove') return (await parts.removals.remove(job)) === 'removed' ? 'changed' : 'skipped';
  try {
    const carried = await parts.commands.carryOut(job.id, { kind: action }, job);
    return carried.kind === 'applied' ? 'changed' : 'skipped';
  } catch (error) {
    if (error instanceof BideError && error.code === 'CHANGED_MEANWHILE') return 'failed';
    throw error;
  }
}

/** The batch that an earlier attempt was about when it ended: what moved on was its doing, the rest is done now. */
async function resumed(bulk: Bulk, record: BulkRecord): Promise<BulkRecord> {
  const { parts, input } = bulk;
  const ids = record.batch.map(([id]) => id);
  const found = ids.length === 0 ? [] : await parts.reader.fresh(ids);
  const changes = await Promise.all(
    record.batch.map(async ([, revision], at): Promise<Change> => {
      const now = found[at];
      if (now?.kind !== 'found') return input.action === 'remove' ? 'changed' : 'skipped';
      const { job } = now.snapshot;
      return isDone(input.action, job, revision) ? 'changed' : change(bulk, job);
    }),
  );
  return { ...record, counts: added(record.counts, changes), batch: [] };
}

function isDone(action: BulkAction, job: Job, revision: number): boolean {
  if (job.revision === revision) return false;
  if (action === 'cancel') return job.state === 'cancelled' || job.cancelRequestedAt !== null;
  return action === 'retry';
}
