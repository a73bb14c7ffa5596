/** Nothing is stuck: with all keys open, and somebody who claims and succeeds, every job ends. */
import assert from 'node:assert/strict';
import { decide, expectedStates } from '../../src/core/decide.ts';
import type { Job } from '../../src/core/job.ts';
import { isFinal } from '../../src/core/state.ts';
import type { GuardedPatch } from '../../src/store/contract.ts';
import { TENANTS, TYPES } from './domains.ts';
import { KEY_LIMITS } from './limit-oracle.ts';
import type { Play } from './play.ts';
import { free } from './play-links.ts';

/** Beyond the time after which a key is looked at though nothing has happened, and a ticket that nobody took is another one's. */
const APART_MS = 45_000;
/** Without anything that ends. */
const ROUNDS_MAX = 4;

export async function drain(play: Play): Promise<void> {
  await openKeys(play);
  for (let rounds = 0; rounds < ROUNDS_MAX; rounds += 1) {
    const left = unfinished(play).length;
    if (left === 0) return;
    play.now += APART_MS;
    await endAll(play);
    while (await free(play, { limit: 1_000, until: 'drop' }));
    await claimAll(play);
    if (unfinished(play).length < left) rounds = -1;
  }
  assert.deepEqual(unfinished(play), [], 'jobs that never end');
}

const unfinished = ({ oracle }: Play) => oracle.jobs().filter(({ state }) => !isFinal(state));

async function openKeys({ store, oracle, now }: Play): Promise<void> {
  for (const tenant of TENANTS) {
    for (const { key } of KEY_LIMITS) {
      const write = { tenant, key, now, keysMax: 100, closedUntil: null };
      oracle.limits.wrote(write, (await store.limitWrite(write)).kind);
    }
  }
}

/** What runs succeeds. */
async function endAll({ store, oracle, now }: Play): Promise<void> {
  const batch = unfinished({ store, oracle, now, ids: [] }).flatMap((job) => successOf(job, now) ?? []);
  if (batch.length > 0) assert.deepEqual(await store.apply(batch), oracle.apply(batch));
}

function successOf(job: Job, now: number): GuardedPatch | null {
  const decision = decide(job, { kind: 'succeed', fence: job.fence, result: null }, now);
  if (decision.kind === 'refused') return null;
  const expect = { states: expectedStates('succeed'), revision: job.revision };
  return { id: job.id, expect, patch: decision.patch, now };
}

async function claimAll({ store, oracle, now }: Play): Promise<void> {
  await store.limitSettle({ now, limit: 1_000 });
  const wants = TYPES.map((type) => ({ type, max: 1_000 }));
  const request = { wants, max: 2_000, tenant: null, leaseMs: 10, worker: 'w', now };
  oracle.claims.claim(request, await store.claim(request));
}
