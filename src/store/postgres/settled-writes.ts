/** The writes after which keys with a limit may have room, or too little: each settles the keys that it touched before it answers. */
import type { NewJob, Store } from '../contract.ts';
import { amendJobs } from './amend-jobs.ts';
import { applyPatches, latestOf } from './apply-patches.ts';
import type { Session } from './connection/session.ts';
import { addToGroup, insertGroup } from './group-members.ts';
import type { HintSender } from './hints/hint-sender.ts';
import { insertJobs } from './insert-jobs.ts';
import { keysOfAmend, keysOfApply, keysOfInsert, keysOfNew, keysOfRecords, settleAfter } from './limits.ts';
import { restoreRecords } from './restore-records.ts';
import type { SeenJobs } from './seen-jobs.ts';
import { stepDocument } from './step-document.ts';

export type SettledWrites = Pick<
  Store,
  'insert' | 'apply' | 'amend' | 'restore' | 'documentStep' | 'groupInsert' | 'groupAdd'
>;

interface Writing {
  readonly session: Session;
  readonly seen: SeenJobs;
  readonly sender: HintSender | null;
  /** The door that every call goes through. */
  pass<A extends unknown[], T>(call: (...args: A) => Promise<T>): (...args: A) => Promise<T>;
}

export function settledWrites({ session, seen, sender, pass }: Writing): SettledWrites {
  // Also of the types of the batch itself: this process may have no slots free, or none at all, as where remote workers end jobs.
  const tellOthers = (types: readonly string[]) => {
    if (types.length > 0) sender?.send([{ kind: 'work', types }]);
  };
  const came = (jobs: readonly NewJob[]) => settleAfter(session, keysOfNew(jobs), latestNew(jobs));
  return {
    documentStep: pass(async (step) => {
      const outcome = await stepDocument(session, step);
      if (outcome.kind === 'written') await came(step.jobs);
      return outcome;
    }),
    groupInsert: pass(async (insert) => {
      const written = await insertGroup(session, insert);
      await came(insert.jobs);
      return written;
    }),
    groupAdd: pass(async (add) => {
      const written = await addToGroup(session, add);
      await came(add.jobs);
      return written;
    }),
    insert: pass(async (batch) => {
      const outcomes = await insertJobs(session, batch);
      await settleAfter(session, keysOfInsert(batch, outcomes), latestNew(batch));
      return outcomes;
    }),
    apply: pass(async (batch) => {
      const outcomes = await applyPatches(session, seen, batch);
      const types = await settleAfter(session, keysOfApply(batch, outcomes), latestOf(batch));
      tellOthers(types);
      return outcomes;
    }),
    amend: pass(async (batch) => {
      const outcomes = await amendJobs(session, batch);
      await settleAfter(session, keysOfAmend(outcomes), Math.max(...batch.map(({ now }) => now)));
      return outcomes;
    }),
    restore: pass(async (batch) => {
      const outcomes = await restoreRecords(session, batch);
      await settleAfter(session, keysOfRecords(batch), Date.now());
      return outcomes;
    }),
  };
}

function latestNew(jobs: readonly NewJob[]): number {
  return Math.max(...jobs.map(({ spec }) => spec.createdAt));
}
