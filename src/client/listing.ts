/** Listing: an async iterator over all jobs that fit, fetched page by page as it is read. */
import type { ShownState } from '../core/state.ts';
import { requireKnown } from './known-options.ts';
import type { Transport } from './transport.ts';
import type { JobBody } from './wire.ts';

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

export interface Page {
  readonly jobs: readonly JobBody[];
  readonly next: string | null;
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
  const query = queryOf(options);
  for (let cursor: string | null | undefined; cursor !== null; ) {
    if (cursor !== undefined) query.set('cursor', cursor);
    const call = { method: 'GET', path: '/v1/jobs', query, isRepeatable: true, signal: options.signal } as const;
    const page = (await transport.call(call)).body as Page;
    yield* page.jobs;
    cursor = page.next;
  }
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
