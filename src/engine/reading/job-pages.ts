/**
 * Jobs that fit a filter, a page of the store at a time: what the store can tell apart it leaves out, the rest is judged here (the words of waiting
 * jobs, which follow from the time, and text). So a page may bring few jobs or none and not be the last.
 */
import type { Job } from '../../core/job.ts';
import { type ShownState, type StoredState, shownState } from '../../core/state.ts';
import type { ListFilter, Store } from '../../store/contract.ts';
import type { ListPlace, ListRequest } from '../api.ts';

export interface JobPage {
  /** Those that fit, in their order. */
  readonly jobs: readonly Job[];
  /** How many the store gave. */
  readonly seen: number;
  /** The last of those; null where there was none. */
  readonly last: ListPlace | null;
}

export type PageRequest = Omit<ListRequest, 'hasResults'>;

/** @param after goes on behind this place, in place of what the request says */
export async function pageOfJobs(
  store: Pick<Store, 'list'>,
  request: PageRequest,
  now: number,
  after: ListPlace | null,
): Promise<JobPage> {
  const found = await store.list({ ...storeFilter(request), ...(after === null ? {} : placed(request, after)) });
  const fits = fitOf(request, now);
  const last = found.at(-1);
  return {
    jobs: fits === null ? found : found.filter(fits),
    seen: found.length,
    last: last === undefined ? null : placeOf(last),
  };
}

export function placeOf({ number, finishedAt }: Job): ListPlace {
  return { number, finishedAt };
}

/** What of a filter the store knows. */
export function storeFilter({ states, text: _, ...rest }: PageRequest): ListFilter {
  return states === undefined ? rest : { ...rest, states: storedStates(states) };
}

/** Whether the store gives just what is asked for. */
export function isStoresOwn({ states = [], text }: Pick<PageRequest, 'states' | 'text'>): boolean {
  const words = WAITING.filter((word) => states.includes(word)).length;
  return text === undefined && (words === 0 || words === WAITING.length);
}

const WAITING: readonly ShownState[] = ['scheduled', 'queued', 'retrying'];

function placed({ finished }: PageRequest, { number, finishedAt }: ListPlace): Pick<ListFilter, 'after' | 'finished'> {
  if (finished === undefined) return { after: number };
  return { finished: { ...finished, after: { number, finishedAt: finishedAt ?? 0 } } };
}

function storedStates(words: readonly ShownState[]): readonly StoredState[] {
  return [...new Set(words.map((word): StoredState => (WAITING.includes(word) ? 'waiting' : (word as StoredState))))];
}

/** Null where everything fits. */
function fitOf(request: PageRequest, now: number): ((job: Job) => boolean) | null {
  if (isStoresOwn(request)) return null;
  const { states, text } = request;
  const says = text === undefined ? () => true : saying(text);
  return (job) => (states === undefined || states.includes(shownState(job, now))) && says(job);
}

/** Text in the id, a tag (as `name:value`) or the message of the error, in whatever case. */
function saying(text: string): (job: Job) => boolean {
  const wanted = text.toLowerCase();
  const has = (where: string) => where.toLowerCase().includes(wanted);
  return ({ id, tags, error }) =>
    id.includes(wanted) ||
    (error !== null && has(error.message)) ||
    Object.entries(tags).some(([name, value]) => has(`${name}:${value}`));
}
