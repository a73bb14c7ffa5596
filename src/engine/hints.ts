/**
 * Tells other processes where to look, and looks where they tell.
 *
 * Hints may be lost, late or doubled: they only make the safety polls rarely matter. What goes out is collected over one turn of
 * the event loop, so that a batch of the store becomes one hint; what comes in is read in one batch, and only jobs that
 * somebody here waits for.
 */
import type { Hint, Unsubscribe } from '../store/contract.ts';
import type { ChangeListener } from './changes.ts';
import type { EngineBase } from './engine-base.ts';
import { madeRoom } from './running/claim-jobs.ts';

export interface HintsOptions extends Pick<EngineBase, 'store' | 'changes' | 'types'> {
  /** These jobs may have changed; null: any may have. */
  readonly onJobs: (ids: readonly string[] | null) => void;
  /** There may be work of these types; null: of any. */
  readonly onWork: (types: readonly string[] | null) => void;
}

/** Starts both directions; returns the way to stop. Does nothing where one process owns the store. */
export function startHints({ store, changes, types: jobTypes, onJobs, onWork }: HintsOptions): Unsubscribe {
  if (!store.facts.isShared || !store.facts.hasHints) return () => {};
  let ids = new Set<string>();
  let types = new Set<string>();
  let queued: NodeJS.Immediate | null = null;

  const send = () => {
    queued = null;
    const hints: Hint[] = [];
    if (ids.size > 0) hints.push({ kind: 'jobs', ids: [...ids] });
    if (types.size > 0) hints.push({ kind: 'work', types: [...types] });
    ids = new Set();
    types = new Set();
    store.hint(hints);
  };
  const collect: ChangeListener = (change) => {
    if (change.kind === 'unsure' || (change.kind === 'changed' && change.cause === 'learnt')) return;
    if (change.kind === 'removed') ids.add(change.id);
    else {
      // Nobody elsewhere can wait yet for a job that was just submitted.
      if (change.cause !== 'submitted') ids.add(change.job.id);
      if (change.job.state === 'waiting' || madeRoom(jobTypes, change)) types.add(change.job.type);
    }
    queued ??= setImmediate(send);
  };
  const hear = (hint: Hint) => {
    if (hint.kind === 'work') return onWork(hint.types);
    onJobs(hint.kind === 'jobs' ? hint.ids : null);
    if (hint.kind === 'everything') onWork(null);
  };
  const stops = [changes.listen(collect), store.changes(hear)];
  return () => {
    for (const stop of stops) stop();
    if (queued !== null) clearImmediate(queued);
    if (queued !== null) send();
  };
}
