/** What must be written down: the changes that a follower or the job's callback wants, those of a job in order; and how far they were fanned out. */
import assert from 'node:assert/strict';
import type { Job } from '../../src/core/job.ts';
import type { EventKind, Follower, FollowerRef, JobEvent } from '../../src/store/contract.ts';

type Change = Omit<JobEvent, 'position'> & {
  /** Only a follower that has lapsed wants it: it may be there or not. */
  readonly isOptional: boolean;
};

export interface EventOracle {
  changed(kind: EventKind, at: number, job: Job): void;
  /** @param newest the newest position there is; @returns `since` */
  follow(follower: Follower & { readonly now: number }, newest: number): number;
  unfollow(ref: FollowerRef): void;
  /** Takes a page behind the mark over as fanned out. */
  fannedOut(events: readonly JobEvent[], limit: number): void;
  /** @returns how many events go */
  prune(now: number, before: number): number;
  /** Compares all that a reader finds. */
  read(events: readonly JobEvent[]): void;
}

export function createEventOracle(): EventOracle {
  let followers: (Follower & { readonly since: number })[] = [];
  let waiting: Change[] = [];
  let done: readonly JobEvent[] = [];
  let last = 0;

  const isSame = (a: FollowerRef, b: FollowerRef) => a.tenant === b.tenant && a.name === b.name;
  const isAlive = ({ until }: Follower, now: number) => until === null || until > now;

  /** Takes the change out that the event tells of, and what of its job could have come before it. */
  function taken(left: readonly Change[], { position, ...event }: JobEvent): readonly Change[] {
    const ofJob = left.filter(({ job }) => job.id === event.job.id);
    const place = ofJob.findIndex(({ job }) => job.revision === event.job.revision);
    const change = ofJob[place];
    assert.ok(change !== undefined, `event ${position} (${event.kind} of ${event.job.number}) tells of nothing new`);
    const { isOptional: _, ...wanted } = change;
    assert.deepEqual(event, wanted);
    const skipped = ofJob.slice(0, place);
    assert.ok(
      skipped.every(({ isOptional }) => isOptional),
      `event ${position} comes before an earlier one of its job`,
    );
    return left.filter((one) => one !== change && !skipped.includes(one));
  }

  function inOrder(events: readonly JobEvent[], after: number): void {
    for (const [index, { position }] of events.entries()) {
      const before = events[index - 1]?.position ?? after;
      assert.ok(position > before, `position ${position} after ${before}`);
    }
  }

  return {
    changed(kind, at, job) {
      const wanting = followers.filter(({ tenant, wants }) => tenant === job.tenant && wants.includes(kind));
      const isWanted = job.callbackUrl !== null || wanting.some((follower) => isAlive(follower, at));
      if (isWanted || wanting.length > 0) waiting.push({ kind, at, job, isOptional: !isWanted });
    },
    follow({ now, ...follower }, newest) {
      const there = followers.find((one) => isSame(one, follower));
      const isKept =
        there !== undefined && isAlive(there, now) && follower.wants.every((kind) => there.wants.includes(kind));
      const since = isKept ? there.since : newest;
      followers = [...followers.filter((one) => !isSame(one, follower)), { ...follower, since }];
      return since;
    },
    unfollow(ref) {
      followers = followers.filter((one) => !isSame(one, ref));
    },
    fannedOut(events, limit) {
      inOrder(events, last);
      let left: readonly Change[] = waiting;
      for (const event of events) left = taken(left, event);
      if (events.length < limit) {
        assert.ok(
          left.every(({ isOptional }) => isOptional),
          'an event that somebody wants is not there',
        );
        left = [];
      }
      waiting = [...left];
      done = [...done, ...events];
      last = events.at(-1)?.position ?? last;
    },
    prune(now, before) {
      followers = followers.filter((follower) => isAlive(follower, now));
      const kept = done.findIndex(({ at }) => at >= before);
      const count = kept === -1 ? done.length : kept;
      done = done.slice(count);
      return count;
    },
    read(events) {
      inOrder(events, 0);
      assert.deepEqual(events.slice(0, done.length), done);
      let left: readonly Change[] = waiting;
      for (const event of events.slice(done.length)) left = taken(left, event);
      assert.ok(
        left.every(({ isOptional }) => isOptional),
        'an event that somebody wants is not there',
      );
    },
  };
}
