/** Which jobs a job comes after, and which come after it. */
import type { Job, Json } from '../../core/job.ts';
import type { Children, ChildrenRequest, Lookup, ParentJob, Parents } from '../api.ts';
import type { EngineBase } from '../engine-base.ts';
import type { Reader } from './reader.ts';
import { lookupOf } from './waiters.ts';

/** What a handler is told of the jobs that its own one comes after. */
export type ParentJobs = (job: Pick<Job, 'tenant' | 'terms'>) => Promise<readonly ParentJob[]>;

export interface Relations {
  parents(tenant: string, id: string): Promise<Parents>;
  children(request: ChildrenRequest): Promise<Children>;
}

/** Bounded by the most parents of a job, times the largest result that is shown with its job. */
export function createParentJobs(reader: Reader): ParentJobs {
  return async ({ tenant, terms }) => {
    const ids = terms?.after?.ids ?? [];
    const found = ids.length === 0 ? [] : await reader.look(ids);
    return ids.map((id, place) => parentOf(id, lookupOf(found[place], tenant)));
  };
}

function parentOf(id: string, lookup: Lookup): ParentJob {
  if (lookup.kind !== 'found') return { id, state: 'unknown', result: null, resultBytes: null, error: null };
  const { job, resultText } = lookup.snapshot;
  return {
    id,
    state: job.state,
    result: resultText === null ? null : (JSON.parse(resultText) as Json),
    resultBytes: job.result?.bytes ?? null,
    error: job.error,
  };
}

export function createRelations({ store, reader }: EngineBase & { readonly reader: Reader }): Relations {
  const jobOf = async (tenant: string, id: string): Promise<Lookup> => {
    const [found] = await reader.look([id]);
    return lookupOf(found, tenant);
  };
  const read = async (tenant: string, ids: readonly string[]): Promise<readonly Lookup[]> =>
    ids.length === 0 ? [] : (await reader.look(ids)).map((found) => lookupOf(found, tenant));

  return {
    async parents(tenant, id) {
      const child = await jobOf(tenant, id);
      if (child.kind !== 'found') return child;
      const ids = child.snapshot.job.terms?.after?.ids ?? [];
      return { kind: 'found', ids, lookups: await read(tenant, ids) };
    },
    async children({ tenant, id, after, limit }) {
      const parent = await jobOf(tenant, id);
      if (parent.kind !== 'found') return parent;
      const { number } = parent.snapshot.job;
      const numbers = await store.linkChildren({ parent: number, after, limit });
      const found = await store.read(numbers.map((child) => ({ number: child })));
      const lookups = await read(
        tenant,
        found.flatMap((one) => (one.kind === 'found' ? [one.job.id] : [])),
      );
      const snapshots = lookups.flatMap((lookup) => (lookup.kind === 'found' ? [lookup.snapshot] : []));
      return { kind: 'found', snapshots, next: numbers.length < limit ? null : (numbers.at(-1) ?? null) };
    },
  };
}
