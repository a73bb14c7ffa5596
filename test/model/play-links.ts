/** What follows from the ends of jobs for those that come after them, as the engine does it, up to any of its steps. */
import assert from 'node:assert/strict';
import { parentEnded } from '../../src/core/after/after.ts';
import { decide, expectedStates } from '../../src/core/decide.ts';
import { isFinal } from '../../src/core/state.ts';
import type { EndedJob, GuardedPatch, OpenLink } from '../../src/store/contract.ts';
import type { FreeCommand } from './commands.ts';
import type { Play } from './play.ts';

/** @returns whether there was anything */
export async function free(play: Play, { limit, until }: Omit<FreeCommand, 'kind'>): Promise<boolean> {
  const { store, oracle, now } = play;
  const ended = await store.endedRead({ limit });
  oracle.links.told(ended, ended.length < limit);
  const children = ended.flatMap(({ state, number }) => (state === 'waiting' ? [number] : []));
  const joined = await store.linkJoin({ children, now });
  assert.deepEqual(byNumber(joined), oracle.links.join(children, now));
  if (until === 'join') return true;
  const ends = new Map(ended.flatMap((end) => (isFinal(end.state) ? [[end.number, end]] : [])));
  const request = { parents: [...ends.keys()], limit: 1_000 };
  const links = await store.linkRead(request);
  assert.deepEqual(links, oracle.links.open(request.parents, request.limit));
  for (const link of links) await giveUp(play, link, ends);
  if (until === 'giveUp') return true;
  const freed = await store.linkClose({ links, now });
  assert.deepEqual(byNumber(freed), oracle.links.close(links, now));
  if (until === 'close') return true;
  await store.endedDrop(ended);
  return ended.length > 0;
}

async function giveUp({ store, oracle, now }: Play, link: OpenLink, ends: ReadonlyMap<number, EndedJob>) {
  const parent = ends.get(link.parent);
  const job = oracle.jobs().find(({ id }) => id === link.childId);
  if (parent === undefined || job === undefined || !isFinal(parent.state)) return;
  if (parentEnded(link.policy, parent.state) === 'free') return;
  const decision = decide(job, { kind: 'giveUp', parent }, now);
  if (decision.kind === 'refused') return;
  const expect = { states: expectedStates('giveUp'), revision: job.revision };
  const batch: GuardedPatch[] = [{ id: job.id, expect, patch: decision.patch, now }];
  assert.deepEqual(await store.apply(batch), oracle.apply(batch));
}

/** All that is told of, whoever asks for it: see the oracle's `told`. */
export async function compareLinks({ store, oracle }: Play): Promise<void> {
  oracle.links.told(await store.endedRead({ limit: 10_000 }), true);
  for (const { number } of oracle.jobs()) {
    const children = await store.linkChildren({ parent: number, after: 0, limit: 1_000 });
    assert.deepEqual(children, oracle.links.children(number));
  }
}

function byNumber<T extends { readonly number: number }>(jobs: readonly T[]): readonly T[] {
  return jobs.toSorted((a, b) => a.number - b.number);
}
