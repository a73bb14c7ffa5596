/** Submitting a job once more, and changing one that waits. */

import type { Tags } from '../core/job.ts';
import { jsonProblem } from '../core/json-problem.ts';
import type { CallOptions } from './commanding.ts';
import type { JobRef } from './job-ref.ts';
import { requireKnown } from './known-options.ts';
import { pathOf } from './path-of.ts';
import type { Transport } from './transport.ts';
import type { JobBody, SubmitBody } from './wire.ts';

export interface ResubmitOptions extends CallOptions {
  /** The same key with the same request answers with the job of the first time. */
  readonly idempotencyKey?: string | undefined;
}

/** What is left out stays as it is. */
export interface Amendment {
  readonly priority?: number | undefined;
  readonly tags?: Tags | undefined;
  /** Null is now. */
  readonly runAt?: Date | null | undefined;
  /** Null takes the deadline away. */
  readonly deadlineAt?: Date | null | undefined;
}

export interface AmendOptions extends CallOptions {
  /** Only at this revision of the job; REVISION_OLD where it has another. */
  readonly revision?: number | undefined;
}

export function changing(transport: Transport) {
  return {
    /** Answers with the copy, which names the job as `resubmitOf`. */
    async resubmit(
      id: JobRef,
      changes: Partial<Omit<SubmitBody, 'type'>> = {},
      options: ResubmitOptions = {},
    ): Promise<JobBody> {
      requireKnown('resubmit', options, ['idempotencyKey', 'signal']);
      const problem = jsonProblem(changes, { isStrict: false });
      if (problem !== null)
        throw new TypeError(`resubmit was given ${problem.what} at ${problem.path}, which is no JSON.`);
      const { idempotencyKey, signal } = options;
      const headers = idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey };
      const isRepeatable = idempotencyKey !== undefined;
      const call = {
        method: 'POST',
        path: pathOf(id, 'resubmit'),
        headers,
        json: changes,
        isRepeatable,
        signal,
      } as const;
      return (await transport.call(call)).body as JobBody;
    },

    /** Changes a job that waits; WRONG_STATE where it does not any more. */
    async amend(id: JobRef, changes: Amendment, options: AmendOptions = {}): Promise<JobBody> {
      requireKnown('amend', options, ['revision', 'signal']);
      requireKnown('amend', changes, ['priority', 'tags', 'runAt', 'deadlineAt']);
      const { revision, signal } = options;
      const headers = revision === undefined ? {} : { 'if-match': `"${revision}"` };
      const call = { method: 'PATCH', path: pathOf(id), headers, json: changes, isRepeatable: false, signal } as const;
      return (await transport.call(call)).body as JobBody;
    },
  };
}
