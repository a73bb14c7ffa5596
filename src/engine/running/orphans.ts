/**
 * What a process that died left running, in a store that nobody else shares.
 *
 * The folder is ours alone, so whoever ran those jobs is gone: their leases end now instead of in half a minute, and the
 * sweeper takes them from there. The attempt counts, as after any lost lease: a job that takes its process down with it must
 * not do so for ever. Jobs of remote workers are left alone, since those workers may well be alive.
 */
import type { Job } from '../../core/job.ts';
import type { EngineBase } from '../engine-base.ts';

export async function endOrphanLeases(
  options: Pick<EngineBase, 'store' | 'types' | 'clock' | 'limits'>,
): Promise<void> {
  const { store, types, clock, limits } = options;
  const local = [...types.values()].filter(({ handler }) => handler !== 'remote').map(({ name }) => name);
  if (store.facts.isShared || local.length === 0) return;
  // Counts are kept, a list is a search: after a clean stop there is none to make.
  if ((await store.count({ tenant: null, types: local, states: ['running'] })).length === 0) return;
  let after: number | undefined;
  for (;;) {
    const cursor = after === undefined ? {} : { after };
    const page: readonly Job[] = await store.list({
      tenant: null,
      states: ['running'],
      types: local,
      order: 'oldest',
      limit: limits.batchMax,
      ...cursor,
    });
    if (page.length === 0) return;
    await store.extend(page.map(({ id, fence }) => ({ id, fence, leaseUntil: clock.now() })));
    after = page.at(-1)?.number;
    if (page.length < limits.batchMax) return;
  }
}
