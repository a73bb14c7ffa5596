/** Changing many jobs in one call: those that fit a filter, in the words of `list`. */
import type { CallOptions } from './commanding.ts';
import { requireKnown } from './known-options.ts';
import { FILTER_OPTIONS, filterWords, type JobFilter } from './listing.ts';
import type { Transport } from './transport.ts';
import type { EstimateBody, JobBody } from './wire.ts';

export type BulkAction = 'cancel' | 'retry' | 'remove';

export interface BulkOptions extends CallOptions {
  /** Needed where the filter fits all jobs. */
  readonly confirm?: 'all' | undefined;
  /** The same key with the same request answers with the job of the first time. */
  readonly idempotencyKey?: string | undefined;
}

export function bulkCalls(transport: Transport) {
  return {
    /** Answers with the job that does it: `wait` waits for it, its result says how many were changed, skipped and failed. */
    async bulk(action: BulkAction, filter: JobFilter, options: BulkOptions = {}): Promise<JobBody> {
      requireKnown('bulk', options, ['confirm', 'idempotencyKey', 'signal']);
      const { confirm, idempotencyKey, signal } = options;
      const answer = await transport.call({
        method: 'POST',
        path: `/v1/jobs/${action}`,
        headers: idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey },
        json: { filter: wordsOf(filter), ...(confirm === undefined ? {} : { confirm }) },
        isRepeatable: idempotencyKey !== undefined,
        signal,
      });
      return answer.body as JobBody;
    },

    /** How many jobs it would change. */
    async bulkCount(action: BulkAction, filter: JobFilter, options: CallOptions = {}): Promise<EstimateBody> {
      const json = { filter: wordsOf(filter), dryRun: true };
      const path = `/v1/jobs/${action}`;
      const call = { method: 'POST', path, json, isRepeatable: true, signal: options.signal } as const;
      return (await transport.call(call)).body as EstimateBody;
    },
  };
}

/** As a filter has them: what comes once alone, what may come more often as an array. */
function wordsOf(filter: JobFilter): Readonly<Record<string, string | readonly string[]>> {
  requireKnown('bulk', filter, FILTER_OPTIONS);
  const words: Record<string, string | string[]> = {};
  for (const [name, value] of filterWords(filter)) {
    const isList = name === 'state' || name === 'type' || name === 'tag';
    if (!isList) words[name] = value;
    else words[name] = [...(words[name] ?? []), value];
  }
  return words;
}
