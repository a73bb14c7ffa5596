/** Listing: an async iterator over all jobs that fit, fetched page by page as it is read. */
import type { ShownState } from '../core/state.ts';
import { requireKnown } from './known-options.ts';
import type { Transport } from './transport.ts';
import type { EstimateBody, JobBody } from './wire.ts';

/** By the time of the submit, or of the end: then only finished jobs are listed. */
export type ListSort = 'newest' | 'oldest' | 'newestFinished' | 'oldestFinished';

/** Which jobs are meant. */
export interface JobFilter {
  readonly states?: readonly ShownState[] | undefined;
  readonly types?: readonly string[] | undefined;
  /** Every one of them must match. */
  readonly tags?: Readonly<Record<string, string>> | undefined;
  readonly createdFrom?: Date | undefined;
  readonly createdBefore?: Date | undefined;
  readonly finishedFrom?: Date | undefined;
  readonly finishedBefore?: Date | undefined;
  /** Failed, expired or cancelled with this error. */
  readonly errorCode?: string | undefined;
  /** In the id, a tag (as `name:value`) or the message of the error, in whatever case. */
  readonly text?: string | undefined;
}

export interface ListOptions extends JobFilter {
  /** `newest` unless told; filters by end and error sort by end, the newest first. */
  readonly sort?: ListSort | undefined;
  /** Only the job with this number; for admins. */
  readonly number?: number | undefined;
  /** Jobs fetched per request, not jobs in all. */
  readonly pageSize?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface ListPageOptions extends ListOptions {
  /** The `next` of the page before. */
  readonly cursor?: string | undefined;
  /** Whether the answer says how many jobs fit in all. */
  readonly total?: boolean | undefined;
}

export interface ListPage {
  readonly jobs: readonly JobBody[];
  /** For the page behind this one; null where this is the last. */
  readonly next: string | null;
  /** Set where a search for text looked at as many jobs as one call may: `next` goes on. */
  readonly searchStopped?: true;
  /** Where it was asked for. */
  readonly total?: EstimateBody;
}

export const FILTER_OPTIONS = [
  ...(['states', 'types', 'tags', 'createdFrom', 'createdBefore', 'finishedFrom', 'finishedBefore'] as const),
  ...(['errorCode', 'text'] as const),
] as const;
const OPTIONS = [...FILTER_OPTIONS, 'sort', 'number', 'pageSize', 'signal'] as const;

/** Newest first unless told. Jobs that are submitted while it is read do not show up, jobs that are removed may be missing. */
export function listJobs(transport: Transport, options: ListOptions = {}): AsyncGenerator<JobBody> {
  requireKnown('list', options, OPTIONS);
  return pages(transport, options);
}

async function* pages(transport: Transport, options: ListOptions): AsyncGenerator<JobBody> {
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page = await fetchPage(transport, { ...options, cursor });
    yield* page.jobs;
    cursor = page.next;
  }
}

/** One page, `pageSize` jobs long. Pages that are read by their cursors do not move when jobs are submitted meanwhile. */
export async function listPage(transport: Transport, options: ListPageOptions = {}): Promise<ListPage> {
  requireKnown('listPage', options, [...OPTIONS, 'cursor', 'total']);
  return fetchPage(transport, options);
}

async function fetchPage(transport: Transport, { cursor, total, ...options }: ListPageOptions): Promise<ListPage> {
  const query = queryOf(options);
  if (cursor !== undefined) query.set('cursor', cursor);
  if (total === true) query.set('total', 'true');
  const call = { method: 'GET', path: '/v1/jobs', query, isRepeatable: true, signal: options.signal } as const;
  return (await transport.call(call)).body as ListPage;
}

function queryOf(options: ListOptions): URLSearchParams {
  const query = new URLSearchParams(filterWords(options).map(([name, value]): [string, string] => [name, value]));
  if (options.sort !== undefined) query.set('sort', options.sort);
  if (options.number !== undefined) query.set('number', String(options.number));
  if (options.pageSize !== undefined) query.set('limit', String(options.pageSize));
  return query;
}

/** The filter in the words of the API. */
export function filterWords(filter: JobFilter): readonly (readonly [string, string])[] {
  const { states = [], types = [], tags = {}, errorCode, text } = filter;
  const times = [
    ['createdFrom', filter.createdFrom],
    ['createdBefore', filter.createdBefore],
    ['finishedFrom', filter.finishedFrom],
    ['finishedBefore', filter.finishedBefore],
  ] as const;
  return [
    ...states.map((state) => ['state', state] as const),
    ...types.map((type) => ['type', type] as const),
    ...Object.entries(tags).map(([name, value]) => ['tag', `${name.replace(/[:\\]/g, '\\$&')}:${value}`] as const),
    ...times.flatMap(([name, at]) => (at === undefined ? [] : [[name, at.toISOString()] as const])),
    ...(errorCode === undefined ? [] : [['errorCode', errorCode] as const]),
    ...(text === undefined ? [] : [['text', text] as const]),
  ];
}
