/** Which jobs a job comes after, and which come after it. */
import { BideError } from '../../core/errors.ts';
import type { Job, Json, ResultMeta } from '../../core/job.ts';
import { isJsonType } from '../../core/media-type.ts';
import type { Children, ChildrenRequest, Lookup, ParentJob, Parents } from '../api.ts';
import type { EngineBase } from '../engine-base.ts';
import { inlineText } from './inline-result.ts';
import type { Reader } from './reader.ts';
import { lookupOf } from './waiters.ts';

/** What a handler is told of the jobs that its own one comes after. */
export type ParentJobs = (job: Pick<Job, 'tenant' | 'terms'>) => Promise<readonly ParentJob[]>;

export interface Relations {
  parents(tenant: string, id: string): Promise<Parents>;
  children(request: ChildrenRequest): Promise<Children>;
}

type ParentOptions = Pick<EngineBase, 'store' | 'limits'>;

/** JSON results whole, and bounded together: a function that works with small ones must not get null for a large one without a word. */
export function createParentJobs(options: ParentOptions, reader: Reader): ParentJobs {
  return async ({ tenant, terms }) => {
    const ids = terms?.after?.ids ?? [];
    const found = ids.length === 0 ? [] : await reader.look(ids);
    const lookups = ids.map((_, place) => lookupOf(found[place], tenant));
    refuseTooMuch(lookups, options.limits.parentsBytesMax);
    const parents: ParentJob[] = [];
    // One after another: of large ones no two are parsed in one turn of the event loop.
    for (const [place, id] of ids.entries()) parents.push(await parentOf(options, id, lookups[place] as Lookup));
    return parents;
  };
}

function refuseTooMuch(lookups: readonly Lookup[], value: number): void {
  const bytes = lookups.reduce((sum, lookup) => sum + (resultOf(lookup)?.bytes ?? 0), 0);
  if (bytes <= value) return;
  const message = `The results of the parents are ${bytes} bytes together, and parentsBytesMax is ${value}.`;
  throw new BideError('PARENTS_TOO_LARGE', message, { limit: 'parentsBytesMax', value, bytes });
}

/** Null where there is none, or it is not JSON. */
function resultOf(lookup: Lookup): ResultMeta | null {
  const result = lookup.kind === 'found' ? lookup.snapshot.job.result : null;
  return result !== null && isJsonType(result.contentType) ? result : null;
}

async function parentOf({ store, limits }: ParentOptions, id: string, lookup: Lookup): Promise<ParentJob> {
  if (lookup.kind !== 'found') return { id, state: 'unknown', result: null, resultBytes: null, error: null };
  const { job, resultText } = lookup.snapshot;
  let text = resultText;
  if (text === null && resultOf(lookup) !== null) {
    const [content] = await store.readResult([{ id }]);
    text = inlineText(content, { ...limits, resultInlineBytesMax: limits.parentsBytesMax });
  }
  return {
    id,
    state: job.state,
    result: text === null ? null : (JSON.parse(text) as Json),
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
