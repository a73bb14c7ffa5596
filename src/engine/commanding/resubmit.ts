/** Submits a job once more, as it was or with changes; the new job names the old one. */
import type { Json } from '../../core/job.ts';
import type { Store } from '../../store/contract.ts';
import type { ResubmitOutcome, ResubmitRequest, SubmitRequest } from '../api.ts';
import type { Reader } from '../reading/reader.ts';
import { lookupOf } from '../reading/waiters.ts';
import type { Submits } from '../submitting/submit.ts';

export interface ResubmitOptions {
  readonly reader: Reader;
  readonly store: Pick<Store, 'readInput'>;
  readonly submit: Submits['submit'];
}

export function createResubmit(options: ResubmitOptions): (request: ResubmitRequest) => Promise<ResubmitOutcome> {
  const { reader, store, submit } = options;
  return async ({ tenant, id, changes }) => {
    const [found] = await reader.look([id]);
    const lookup = lookupOf(found, tenant);
    if (lookup.kind !== 'found') return lookup;
    const [text = null] = Object.hasOwn(changes, 'input') ? ['null'] : await store.readInput([{ id }]);
    // Removed meanwhile.
    if (text === null) return { kind: 'missing' };
    const { job } = lookup.snapshot;
    const copy: SubmitRequest = {
      tenant,
      type: job.type,
      input: JSON.parse(text) as Json,
      tags: job.tags,
      priority: job.priority,
      timeoutMs: job.timeoutMs,
      deadlineMs: job.deadlineMs,
      retry: job.retry,
      retainMs: job.retainMs,
      // Its events and its secret come with the origin.
      callback: job.callbackUrl === null ? null : { url: job.callbackUrl },
      sequenceKey: job.sequenceKey,
      ...changes,
      origin: { dialect: job.origin?.dialect ?? 'native', data: job.origin?.data ?? null, resubmitOf: id },
    };
    const [outcome] = await submit([copy]);
    if (outcome === undefined) throw new TypeError('A submit was not answered.');
    return outcome;
  };
}
