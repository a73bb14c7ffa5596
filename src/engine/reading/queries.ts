/** What can be asked of jobs: single reads, results, inputs, lists and counts. All for one tenant; another tenant's job is missing. */
import { jobBytes } from '../../core/heap-bytes.ts';
import type { Job } from '../../core/job.ts';
import type { Limits } from '../../core/limits.ts';
import { isFinal } from '../../core/state.ts';
import type { ByteSlice, Engine, ListPage, ListPlace, ListRequest, Lookup, ResultOutcome, Snapshot } from '../api.ts';
import type { EngineBase } from '../engine-base.ts';
import { estimate } from './estimate.ts';
import { isInline } from './inline-result.ts';
import { type JobPage, pageOfJobs, placeOf } from './job-pages.ts';
import type { Reader } from './reader.ts';
import { lookupOf } from './waiters.ts';

export type Queries = Pick<
  Engine,
  'peek' | 'peekByNumber' | 'read' | 'readByNumber' | 'readResult' | 'readInput' | 'list' | 'count' | 'estimate'
>;

/** Store pages that one list call reads while it looks for words that the store cannot tell apart. */
const PAGES_MAX = 5;

export interface QueriesOptions extends Pick<EngineBase, 'store' | 'clock' | 'limits'> {
  readonly reader: Reader;
}

export function createQueries(options: QueriesOptions): Queries {
  const { store, reader } = options;

  return {
    peek: (tenant, id) => ofTenant(reader.peek(id), tenant),
    peekByNumber: (tenant, number) => ofTenant(reader.peekByNumber(number), tenant),
    read: async (tenant, ids) => (await reader.look(ids)).map((found) => lookupOf(found, tenant)),
    readByNumber: async (tenant, numbers) =>
      (await reader.lookByNumber(numbers)).map((found) => lookupOf(found, tenant)),
    readResult,
    async readInput(tenant, id) {
      const [lookup] = (await reader.look([id])).map((found) => lookupOf(found, tenant));
      if (lookup?.kind !== 'found') return null;
      const [input] = await store.readInput([{ id }]);
      return input ?? null;
    },
    list: (request) => listJobs(options, request),
    count: (filter) => store.count(filter),
    estimate: (request) => estimate(options, request, options.clock.now()),
  };

  async function readResult(tenant: string, id: string, slice?: ByteSlice): Promise<ResultOutcome> {
    const [found] = await reader.look([id]);
    const lookup: Lookup = lookupOf(found, tenant);
    if (lookup.kind !== 'found') return lookup;
    const { snapshot } = lookup;
    const { job, resultText } = snapshot;
    if (!isFinal(job.state)) return { kind: 'notReady', snapshot };
    if (job.result === null) return { kind: 'none', snapshot };
    if (resultText !== null) {
      // Inline text is the bytes, decoded without loss: no need to fetch them again.
      const bytes = Buffer.from(resultText);
      const part = slice === undefined ? bytes : bytes.subarray(slice.first, slice.first + slice.length);
      return { kind: 'found', snapshot, result: { contentType: job.result.contentType, bytes: part } };
    }
    const result = await reader.result(
      // A slice may cost the store as much as the whole.
      slice === undefined ? { id, bytes: job.result.bytes } : { id, slice, bytes: job.result.bytes },
    );
    return result ? { kind: 'found', snapshot, result } : { kind: 'missing' };
  }
}

function ofTenant(snapshot: Snapshot | undefined, tenant: string): Snapshot | undefined {
  return snapshot?.job.tenant === tenant ? snapshot : undefined;
}

async function listJobs(options: QueriesOptions, request: ListRequest): Promise<ListPage> {
  const { store, reader, clock, limits } = options;
  const { hasResults = true, ...asked } = request;
  const limit = Math.min(request.limit, limits.listPageMax);
  const isSearch = request.text !== undefined;
  const wanted = { ...asked, limit: isSearch ? limits.listPageMax : limit };
  const seenMax = isSearch ? limits.listSearchMax : PAGES_MAX * limit;
  const jobs: Job[] = [];
  const room = createRoom(limit, hasResults ? limits : { ...limits, resultInlineBytesMax: -1 });
  let place: ListPlace | null = null;
  let seen = 0;
  let isEnd = false;
  while (!room.isFull && !isEnd && seen < seenMax) {
    const page: JobPage = await pageOfJobs(store, wanted, clock.now(), place);
    const taken = room.fill(page.jobs);
    jobs.push(...taken);
    seen += page.seen;
    const isAllTaken = taken.length === page.jobs.length;
    isEnd = page.seen < wanted.limit && isAllTaken;
    // A full page ends at the last job that was taken; what was found beyond it is found again by the next call.
    const last = taken.at(-1);
    place = (room.isFull && last !== undefined ? placeOf(last) : page.last) ?? place;
  }
  return {
    snapshots: hasResults ? await reader.view(jobs) : reader.bare(jobs),
    next: isEnd ? null : place,
    isCutShort: isSearch && !isEnd && !room.isFull,
  };
}

/** What still fits on a page: so many jobs, and so many bytes of them and their inline results. The first one always does. */
function createRoom(limit: number, { pageBytesMax, resultInlineBytesMax }: Limits) {
  let count = 0;
  let bytes = 0;
  let isFull = false;
  return {
    get isFull() {
      return isFull;
    },
    fill(jobs: readonly Job[]): readonly Job[] {
      const taken: Job[] = [];
      for (const job of jobs) {
        bytes += jobBytes(job) + (isInline(job.result, resultInlineBytesMax) ? job.result.bytes : 0);
        isFull ||= count > 0 && bytes > pageBytesMax;
        if (isFull) break;
        taken.push(job);
        count += 1;
        isFull = count === limit;
      }
      return taken;
    },
  };
}
