/** Jobs that come after others, as the suite makes, ends and settles them. */
import assert from 'node:assert/strict';
import type { AfterPolicy } from '../../core/after/after.ts';
import type { Job, JobSpec } from '../../core/job.ts';
import { isFinal } from '../../core/state.ts';
import type { Freed, GuardedPatch, Store } from '../contract.ts';
import { type claimSome, first, NOW, readJob } from './fixtures.ts';
import type { Context } from './suite.ts';

export const ALL = { limit: 1_000 };
export const CLAIM = { kind: 'claim', worker: 'w', leaseMs: 1_000 } as const;

export function after(parents: readonly Pick<Job, 'id'>[], policy: AfterPolicy = 'succeeded'): Partial<JobSpec> {
  return { terms: { after: { ids: parents.map(({ id }) => id), policy } } };
}

/** All that follows from ends, as the engine does it; the jobs that were freed. */
export async function settle(store: Store): Promise<readonly Job[]> {
  const freed: Job[] = [];
  for (let portion = await store.endedRead(ALL); portion.length > 0; portion = await store.endedRead(ALL)) {
    const waiting = portion.filter(({ state }) => state === 'waiting').map(({ number }) => number);
    freed.push(...(await store.linkJoin({ children: waiting, now: NOW })));
    for (const end of portion) {
      if (!isFinal(end.state)) continue;
      const open = await store.linkRead({ parents: [end.number], ...ALL });
      for (const { childId, policy } of open) {
        if (policy === 'succeeded' && end.state !== 'succeeded') await giveUp(store, childId, end);
      }
      freed.push(...(await store.linkClose({ links: open, now: NOW })));
    }
    await store.endedDrop(portion);
  }
  return freed;
}

/** Unless another one did. */
async function giveUp(store: Store, id: string, { id: parent, state }: Pick<Job, 'id' | 'state'>): Promise<void> {
  const job = await readJob(store, id);
  if (job.state !== 'waiting') return;
  const details = { parent, state };
  const error = { code: 'PARENT_FAILED', message: 'A parent failed.', details };
  const patch = { state: 'failed', finishedAt: NOW, error } as const;
  await store.apply([{ id, expect: { states: ['waiting'], revision: job.revision }, patch }]);
}

export function jobsOf(claimed: Awaited<ReturnType<typeof claimSome>>, id: string): readonly Job[] {
  return claimed.flatMap(({ job }) => (job.id === id ? [job] : []));
}

/** The end of a job that was claimed, as the engine writes it where somebody waits for it. */
export function freeingPatch(job: Job): GuardedPatch {
  const patch = { state: 'succeeded', finishedAt: NOW, leaseUntil: null } as const;
  return { id: job.id, expect: { states: ['running'], fence: job.fence }, patch, seen: job, frees: true };
}

export async function freeing(store: Store, job: Job): Promise<Freed> {
  const outcome = first(await store.apply([freeingPatch(job)]));
  assert.ok(outcome.kind === 'applied');
  return outcome;
}

export async function handles({ store, opened }: Context): Promise<readonly Store[]> {
  if (opened.another === undefined) return [store];
  return [store, await opened.another(), await opened.another()];
}
