/**
 * Jobs that come after others: which links are open, who is free, and of which ends the store has to tell.
 *
 * How often an end is told of is the store's own choice. Whoever still waits for one has to be able to find it.
 */
import assert from 'node:assert/strict';
import { awaitsParents } from '../../src/core/after/after.ts';
import type { Job, JobSpec } from '../../src/core/job.ts';
import { isFinal } from '../../src/core/state.ts';
import type { EndedJob, Freed, OpenLink } from '../../src/store/contract.ts';
import type { Book } from './book.ts';
import type { EventOracle } from './event-oracle.ts';

export interface LinkOracle {
  /** The first parent that its tenant does not have. */
  missing(spec: JobSpec): string | undefined;
  /** A job has come in, or looks at its parents anew. */
  link(child: Job): void;
  open(parents: readonly number[], limit: number): readonly OpenLink[];
  /** @returns who is free now, by number */
  close(links: readonly OpenLink[], now: number): readonly Job[];
  join(children: readonly number[], now: number): readonly Job[];
  children(parent: number): readonly number[];
  /** A job has changed its state, maybe: one that waits again looks at its parents anew, which nobody may free before. */
  changed(before: Job, now: Job): void;
  /** A parent has ended by a patch that frees: judges whom, and takes it over. */
  ended(parent: Job, answer: Freed, now: number): Freed;
  /** Takes a child's links along. */
  removed(number: number): void;
  /** Judges what the store tells of. @param isAll whether it is everything */
  told(ended: readonly EndedJob[], isAll: boolean): void;
}

type Link = OpenLink & { isOpen: boolean };

export function createLinkOracle(book: Book, events: EventOracle): LinkOracle {
  let links: Link[] = [];
  /** Retried, and not joined since. */
  const looking = new Set<number>();

  const parentOf = ({ tenant }: Pick<Job, 'tenant'>, id: string) => {
    const job = book.entry(id)?.job;
    return job?.tenant === tenant ? job : undefined;
  };
  const isOpen = (child: number) => links.some((link) => link.child === child && link.isOpen);

  function link(child: Job): void {
    for (const id of child.terms?.after?.ids ?? []) {
      const parent = parentOf(child, id);
      if (parent === undefined) continue;
      const { policy = 'succeeded' } = child.terms?.after ?? {};
      links = links.filter((one) => one.child !== child.number || one.parent !== parent.number);
      links.push({ parent: parent.number, child: child.number, childId: child.id, policy, isOpen: true });
      if (isFinal(parent.state) || parent.marks?.isAwaited === true) continue;
      book.change({ ...parent, marks: { ...parent.marks, isAwaited: true }, revision: parent.revision + 1 });
    }
  }

  function free(children: readonly number[], now: number): readonly Job[] {
    const freed: Job[] = [];
    for (const number of new Set(children)) {
      const job = book.job(number);
      if (job === undefined || !awaitsParents(job) || isOpen(number) || looking.has(number)) continue;
      const next = { ...job, marks: { ...job.marks, awaitsParents: false }, revision: job.revision + 1 };
      book.change(next);
      events.changed('changed', now, next);
      freed.push(next);
    }
    return freed.toSorted((a, b) => a.number - b.number);
  }

  /** Of every open link whose parent has ended, and of every job that is to look at its parents anew. */
  function owed(): readonly (readonly [number: number, isEnd: boolean])[] {
    const ends = links.filter((one) => one.isOpen && isFinal(book.job(one.parent)?.state ?? 'failed'));
    const anew = book.jobs().filter((job) => awaitsParents(job) && (looking.has(job.number) || !isOpen(job.number)));
    return [...ends.map((one) => [one.parent, true] as const), ...anew.map(({ number }) => [number, false] as const)];
  }

  return {
    missing: (spec) => spec.terms?.after?.ids.find((id) => parentOf(spec, id) === undefined),
    link,
    open(parents, limit) {
      const open = links.filter((one) => one.isOpen && parents.includes(one.parent));
      const inOrder = open.toSorted((a, b) => a.parent - b.parent || a.child - b.child);
      return inOrder.slice(0, limit).map(({ isOpen: _, ...shown }) => shown);
    },
    close(closed, now) {
      for (const { parent, child } of closed) {
        const there = links.find((one) => one.parent === parent && one.child === child);
        if (there !== undefined) there.isOpen = false;
      }
      return free(
        closed.map(({ child }) => child),
        now,
      );
    },
    join(children, now) {
      for (const number of children) {
        looking.delete(number);
        const job = book.job(number);
        if (job !== undefined && awaitsParents(job)) link(job);
      }
      return free(children, now);
    },
    children: (parent) => links.flatMap((one) => (one.parent === parent ? [one.child] : [])).toSorted((a, b) => a - b),
    changed(before, job) {
      if (isFinal(before.state) && awaitsParents(job)) looking.add(job.number);
    },
    ended(parent, { freed = [], isSettled = false }, now) {
      const isMine = (link: Link) => link.isOpen && link.parent === parent.number;
      for (const { number } of freed) {
        const open = links.filter((link) => link.isOpen && link.child === number);
        assert.ok(
          open.length === 1 && open.every(isMine),
          `job ${number} waits for others, or not for ${parent.number}`,
        );
        assert.ok(!looking.has(number), `job ${number} was freed before it had looked at its parents anew`);
      }
      const isTaken = (link: Link) => isMine(link) && (isSettled || freed.some(({ number }) => number === link.child));
      for (const link of links.filter(isTaken)) link.isOpen = false;
      const wanted = free(
        freed.map(({ number }) => number),
        now,
      );
      assert.deepEqual(
        freed.toSorted((a, b) => a.number - b.number),
        wanted,
      );
      return { freed, isSettled };
    },
    removed(number) {
      links = links.filter(({ child }) => child !== number);
    },
    told(ended, isAll) {
      for (const { place, number, revision, ...told } of ended) {
        const job = book.at(number, revision);
        assert.deepEqual(told, job && { id: job.id, tenant: job.tenant, state: job.state }, `end at ${place}`);
      }
      if (!isAll) return;
      for (const [number, isEnd] of owed()) {
        const isTold = ended.some((end) => end.number === number && isFinal(end.state) === isEnd);
        assert.ok(isTold, `nothing is told of job ${number}, which somebody waits for`);
      }
    },
  };
}
