/** What can be asked of jobs: single reads, results, inputs, lists and counts. All for one tenant; another tenant's job is missing. */
import { jobBytes } from '../../core/heap-bytes.ts';
import type { Job } from '../../core/job.ts';
import type { Limits } from '../../core/limits.ts';
import { isFinal, type ShownState, type StoredState, shownState } from '../../core/state.ts';
import type { ByteSlice, Engine, ListPage, ListRequest, Lookup, ResultOutcome, Snapshot } from '../api.ts';
import type { EngineBase } from '../engine-base.ts';
import { isInline } from './inline-result.ts';
import type { Reader } from './reader.ts';
import { lookupOf } from './waiters.ts';

export type Queries = Pick<
  Engine,
  'peek' | 'peekByNumber' | 'read' | 'readByNumber' | 'readResult' | 'readInput' | 'list' | 'count'
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

function storedStates(words: readonly ShownState[]): readonly StoredState[] {
  const states = words.map(
    (word): StoredState => (word === 'scheduled' || word === 'queued' || word === 'retrying' ? 'waiting' : word),
  );
  return [...new Set(states)];
}

async function listJobs(options: QueriesOptions, request: ListRequest): Promise<ListPage> {
  const { store, reader, clock, limits } = options;
  const { states: words, hasResults = true, ...rest } = request;
  const limit = Math.min(request.limit, limits.listPageMax);
  const now = clock.now();
  const isWanted = (job: Job) => words === undefined || words.includes(shownState(job, now));
  const states = words === undefined ? {} : { states: storedStates(words) };
  const jobs: Job[] = [];
  let after = request.after;
  let isEnd = false;
  const room = createRoom(limit, hasResults ? limits : { ...limits, resultInlineBytesMax: -1 });
  for (let page = 0; page < PAGES_MAX && !room.isFull && !isEnd; page += 1) {
    const cursor = after === undefined ? {} : { after };
    const found = await store.list({ ...rest, ...states, ...cursor, limit });
    const taken = room.fill(found.filter(isWanted));
    jobs.push(...taken);
    // A full page ends at the last job that was taken; what was found beyond it is found again by the next call.
    const last = room.isFull ? taken.at(-1) : found.at(-1);
    isEnd = found.length < limit && last === found.at(-1);
    after = last?.number ?? after;
  }
  return { snapshots: hasResults ? await reader.view(jobs) : reader.bare(jobs), next: isEnd ? null : (after ?? null) };
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
