/**
 * What the end of a job means for those that come after it: each is freed of it, or fails with PARENT_FAILED, which is an end as any other.
 *
 * In portions, however many come after one: first those that fail, then all links of the portion are closed. A process that dies in between has left
 * its links open, and the next one does the same once more.
 */
import { parentEnded } from '../../core/after/after.ts';
import type { Job } from '../../core/job.ts';
import { isFinal } from '../../core/state.ts';
import type { EndedJob, OpenLink } from '../../store/contract.ts';
import type { Commands } from '../commanding/commands.ts';
import type { EngineBase } from '../engine-base.ts';
import { doubtAfter } from '../failed-write.ts';
import { announceFreed } from './announce-freed.ts';
import type { TakeEnded } from './settling.ts';

/** Children at once: some 50 ms of the store. */
const PORTION = 500;

export function createFreeChildren(options: EngineBase & { readonly commands: Commands }): TakeEnded {
  const { store, clock, snapshots, changes } = options;

  /** @param freed the answer of a store that may have freed them though it fails */
  async function announce(freed: Promise<readonly Job[]>): Promise<void> {
    announceFreed(
      options,
      await freed.catch((error: unknown) => {
        doubtAfter(error, changes, snapshots.clear);
        throw error;
      }),
    );
  }

  return async (ended) => {
    const children = ended.filter(({ state }) => state === 'waiting').map(({ number }) => number);
    if (children.length > 0) await announce(store.linkJoin({ children, now: clock.now() }));
    const parents = finals(ended);
    if (parents.size === 0) return;
    for (;;) {
      const links = await store.linkRead({ parents: [...parents.keys()], limit: PORTION });
      if (links.length === 0) return;
      await Promise.all(links.map((link) => giveUp(options, link, parents.get(link.parent) as EndedJob)));
      await announce(store.linkClose({ links, now: clock.now() }));
      if (links.length < PORTION) return;
    }
  };
}

/** The latest end of each that has ended, by its number. */
function finals(ended: readonly EndedJob[]): ReadonlyMap<number, EndedJob> {
  return new Map(ended.flatMap((end) => (isFinal(end.state) ? [[end.number, end]] : [])));
}

/** Nothing, where the end is as it has to be, and where the child does not wait any more. */
async function giveUp(
  { commands }: { readonly commands: Commands },
  { childId, policy }: OpenLink,
  { id, state }: EndedJob,
): Promise<void> {
  if (!isFinal(state) || parentEnded(policy, state) === 'free') return;
  await commands.carryOut(childId, { kind: 'giveUp', parent: { id, state } });
}
