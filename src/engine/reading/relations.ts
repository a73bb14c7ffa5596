/** Which jobs a job comes after, and which come after it. */
import type { Children, ChildrenRequest, Lookup, Parents } from '../api.ts';
import type { EngineBase } from '../engine-base.ts';
import type { Reader } from './reader.ts';
import { lookupOf } from './waiters.ts';

export interface Relations {
  parents(tenant: string, id: string): Promise<Parents>;
  children(request: ChildrenRequest): Promise<Children>;
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
