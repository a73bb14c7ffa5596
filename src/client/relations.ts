/** The jobs that a job comes after, and those that come after it. */
import type { CallOptions } from './commanding.ts';
import type { JobRef } from './job-ref.ts';
import { requireKnown } from './known-options.ts';
import { pathOf } from './path-of.ts';
import type { Transport } from './transport.ts';
import type { JobBody, UnknownJob } from './wire.ts';

export interface ChildrenOptions extends CallOptions {
  /** Jobs fetched per request, not jobs in all. */
  readonly pageSize?: number | undefined;
}

export function relating(transport: Transport) {
  return {
    /** In the order in which they were named; one that has been removed is `unknown`. */
    async parents(id: JobRef, options: CallOptions = {}): Promise<readonly (JobBody | UnknownJob)[]> {
      requireKnown('parents', options, ['signal']);
      const call = { method: 'GET', path: pathOf(id, 'parents'), isRepeatable: true, signal: options.signal } as const;
      return ((await transport.call(call)).body as { readonly jobs: readonly (JobBody | UnknownJob)[] }).jobs;
    },

    children(id: JobRef, options: ChildrenOptions = {}): AsyncGenerator<JobBody, void, undefined> {
      requireKnown('children', options, ['pageSize', 'signal']);
      return childrenOf(transport, id, options);
    },
  };
}

async function* childrenOf(
  transport: Transport,
  id: JobRef,
  { pageSize, signal }: ChildrenOptions,
): AsyncGenerator<JobBody, void, undefined> {
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const query = new URLSearchParams();
    if (pageSize !== undefined) query.set('limit', String(pageSize));
    if (cursor !== undefined) query.set('cursor', cursor);
    const call = { method: 'GET', path: pathOf(id, 'children'), query, isRepeatable: true, signal } as const;
    const page = (await transport.call(call)).body as {
      readonly jobs: readonly JobBody[];
      readonly next: string | null;
    };
    yield* page.jobs;
    cursor = page.next;
  }
}
