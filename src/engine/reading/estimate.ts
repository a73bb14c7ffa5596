/**
 * How many jobs fit a filter, with bounded work: out of numbers that are kept where there are some (at once, whatever the number), else counted up to
 * `countedJobsMax`, and where jobs have to be judged one by one up to `listSearchMax`. What stops at its bound is "at least so many".
 */
import type { Limits } from '../../core/limits.ts';
import type { Store } from '../../store/contract.ts';
import type { Estimate, ListPlace } from '../api.ts';
import { isStoresOwn, type PageRequest, pageOfJobs, storeFilter } from './job-pages.ts';

export interface EstimateOptions {
  readonly store: Pick<Store, 'count' | 'list'>;
  readonly limits: Pick<Limits, 'countedJobsMax' | 'listSearchMax' | 'listPageMax'>;
}

/** @param isWanted types that count; the others are left out of it */
export async function estimate(
  options: EstimateOptions,
  request: Omit<PageRequest, 'limit'>,
  now: number,
  isWanted: (type: string) => boolean = () => true,
): Promise<Estimate> {
  if (!isStoresOwn(request)) return search(options, request, now, isWanted);
  const { limit: _, ...filter } = storeFilter({ ...request, limit: 0 });
  const max = options.limits.countedJobsMax;
  const counts = await options.store.count({ ...filter, max });
  const seen = counts.reduce((sum, { count }) => sum + count, 0);
  const count = counts.reduce((sum, group) => sum + (isWanted(group.type) ? group.count : 0), 0);
  return { count, isExact: seen < max || isKept(request) };
}

/** Whether the number is kept by type and state: then no job is looked at. */
function isKept({ tags, createdFrom, createdBefore, finished }: Omit<PageRequest, 'limit'>): boolean {
  return (tags ?? createdFrom ?? createdBefore ?? finished) === undefined;
}

async function search(
  { store, limits }: EstimateOptions,
  request: Omit<PageRequest, 'limit'>,
  now: number,
  isWanted: (type: string) => boolean,
): Promise<Estimate> {
  const limit = limits.listPageMax;
  let place: ListPlace | null = null;
  let count = 0;
  for (let seen = 0; seen < limits.listSearchMax; ) {
    const page = await pageOfJobs(store, { ...request, limit }, now, place);
    count += page.jobs.filter(({ type }) => isWanted(type)).length;
    if (page.seen < limit) return { count, isExact: true };
    seen += page.seen;
    place = page.last;
  }
  return { count, isExact: false };
}
