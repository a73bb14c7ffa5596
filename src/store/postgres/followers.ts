/**
 * Who wants events of a tenant. Changes of jobs look for followers as they begin, so one that is new is not seen by those that are under way.
 *
 * So a follower is written first, then whoever was changing jobs at that moment is waited for, and only then it is told since when it
 * misses nothing. Nobody is held up for it. Rejected: a lock on the table of followers, which would queue every change of a job behind the slowest
 * one, and behind any backup. A node that ends in between leaves a follower without that answer; the next call finds it.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { BideError } from '../../core/errors.ts';
import type { Follower, FollowerRef, Following } from '../contract.ts';
import { kindsMask } from '../event-row.ts';
import { repeated } from './connection/repeat.ts';
import type { Session } from './connection/session.ts';
import { PLACE_STEPS } from './events.ts';
import { storedText } from './wire-text.ts';

/** A change of jobs takes some ms; one that hangs is ended by the server within its `statement_timeout`, 24 s by default. */
const WAIT_MS_MAX = 30_000;
const LOOK_MS_MAX = 50;

export async function follow(session: Session, follower: Follower & { readonly now: number }): Promise<Following> {
  const { tenant, name, wants, until, now } = follower;
  const ref = [storedText(tenant), storedText(name)];
  const [renewed] = await repeated(() => session.run('follow', [...ref, kindsMask(wants), until, now]));
  const since = renewed?.[0] as number | null;
  if (since !== null) return { since };
  await writersGone(session);
  const steps = [...PLACE_STEPS, { name: 'followSince' as const, values: ref }];
  const [found] = (await repeated(() => session.runAll(steps))).at(-1) ?? [];
  // Somebody took it away meanwhile: what it would have seen is behind the newest position anyway.
  return found === undefined ? follow(session, follower) : { since: found[0] as number };
}

export async function unfollow(session: Session, { tenant, name }: FollowerRef): Promise<void> {
  await repeated(() => session.run('unfollow', [storedText(tenant), storedText(name)]));
}

/** Resolves when those who are changing jobs now have ended. */
async function writersGone(session: Session): Promise<void> {
  const under = async () => new Set((await repeated(() => session.run('eventWriters', []))).map(([id]) => id));
  const left = await under();
  const end = performance.now() + WAIT_MS_MAX;
  for (let ms = 1; left.size > 0; ms = Math.min(2 * ms, LOOK_MS_MAX)) {
    if (performance.now() > end)
      throw new BideError('STORE_UNAVAILABLE', 'A change of jobs has not ended for too long.');
    await pause(ms);
    const still = await under();
    for (const id of left) if (!still.has(id)) left.delete(id);
  }
}
