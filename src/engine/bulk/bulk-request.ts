/** What a bulk call asks for: which jobs, and what is to be done to each. */
import type { Actor, DeedWord } from '../../core/deed.ts';
import { FINAL_STATES, SHOWN_STATES, type ShownState } from '../../core/state.ts';
import type { FinishedFilter, ListFilter } from '../../store/contract.ts';

export const BULK_ACTIONS = ['cancel', 'retry', 'remove'] as const;
export type BulkAction = (typeof BULK_ACTIONS)[number];

/** The type of the job that does it. What begins like this is Bide's own: nobody else's type, and nobody's to submit. */
export const BULK_TYPE = 'bide.bulk';
export const OWN_PREFIX = 'bide.';

export interface JobFilter extends Pick<ListFilter, 'types' | 'tags' | 'group' | 'createdFrom' | 'createdBefore'> {
  readonly states?: readonly ShownState[];
  /** In the id, a tag (`name:value`) or the message of the error, in whatever case. */
  readonly text?: string;
  readonly finished?: Omit<FinishedFilter, 'after'>;
}

export interface BulkRequest {
  readonly tenant: string;
  readonly action: BulkAction;
  readonly filter: JobFilter;
}

/** The input of the job. */
export interface BulkInput extends Omit<BulkRequest, 'tenant'> {
  readonly by: Actor;
}

export const BULK_DEEDS: Readonly<Record<BulkAction, DeedWord>> = {
  cancel: 'bulk.cancel',
  retry: 'bulk.retry',
  remove: 'bulk.remove',
};

/** In which states a job can be changed like this. */
export const BULK_STATES: Readonly<Record<BulkAction, readonly ShownState[]>> = {
  cancel: SHOWN_STATES.filter((state) => !(FINAL_STATES as readonly string[]).includes(state)),
  retry: FINAL_STATES.filter((state) => state !== 'succeeded'),
  remove: FINAL_STATES,
};

/** The filter, and of its states those in which there is something to do. */
export function narrowed({ action, filter }: Omit<BulkRequest, 'tenant'>): JobFilter {
  const states = BULK_STATES[action].filter((state) => filter.states?.includes(state) ?? true);
  return { ...filter, states };
}

/** Whether the filter leaves none of the jobs out that can be changed like this. */
export function fitsAll(request: Omit<BulkRequest, 'tenant'>): boolean {
  const { states = [], ...rest } = narrowed(request);
  const isNarrowed = Object.values(rest).some((part) => part !== undefined && !isEmpty(part));
  return !isNarrowed && states.length === BULK_STATES[request.action].length;
}

function isEmpty(part: unknown): boolean {
  return typeof part === 'object' && part !== null && Object.values(part).every((one) => one === undefined);
}

/** Bide's own jobs are left alone unless they are asked for by name: two bulk calls must not end each other. */
export function isWantedType({ types = [] }: JobFilter): (type: string) => boolean {
  return (type) => !type.startsWith(OWN_PREFIX) || types.includes(type);
}
