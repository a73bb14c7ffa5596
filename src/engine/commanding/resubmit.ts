/** Submits a job once more, as it was or with changes; the new job names the old one. */
import type { Job, Json } from '../../core/job.ts';
import type { Store } from '../../store/contract.ts';
import type { ResubmitOutcome, ResubmitRequest, SubmitRequest } from '../api.ts';
import type { Reader } from '../reading/reader.ts';
import { lookupOf } from '../reading/waiters.ts';
import type { Submits } from '../submitting/submit.ts';
import { NATIVE, withoutCallback } from '../webhooks/callback.ts';

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
      // Its events and its secret come with the origin, unless there is another callback.
      callback: job.callbackUrl === null ? null : { url: job.callbackUrl },
      sequenceKey: job.sequenceKey,
      limit: job.terms?.limit ?? null,
      trace: job.terms?.trace ?? null,
      ...changes,
      origin: { dialect: job.origin?.dialect ?? NATIVE, data: remembered(job, changes), resubmitOf: id },
    };
    const [outcome] = await submit([copy]);
    if (outcome === undefined) throw new TypeError('A submit was not answered.');
    return outcome;
  };
}

function remembered({ origin }: Job, changes: ResubmitRequest['changes']): Json {
  return Object.hasOwn(changes, 'callback') ? withoutCallback(origin) : (origin?.data ?? null);
}
