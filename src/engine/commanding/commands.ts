/**
 * Carries out commands: read, decide, write what was decided if nothing changed meanwhile, and decide again if something did.
 *
 * The write is guarded by the states of the table, the fence, and the revision that was decided on. `succeed` alone goes
 * without the revision: what it writes follows from nothing but state and fence, so a progress report that lands in between
 * must not cost it a second round. A refusal counts only when it was decided on a certainly current job.
 */
import { type Command, decide, expectedStates, type JobEvent, type RefusalReason } from '../../core/decide.ts';
import { BideError } from '../../core/errors.ts';
import type { Job } from '../../core/job.ts';
import type { StoredState } from '../../core/state.ts';
import type { ApplyOutcome, GuardedPatch, ResultContent } from '../../store/contract.ts';
import type { Snapshot } from '../api.ts';
import { createBatcher, WRITES_IN_FLIGHT } from '../batcher.ts';
import type { EngineBase } from '../engine-base.ts';
import { doubtAfter } from '../failed-write.ts';
import { inlineText } from '../reading/inline-result.ts';
import type { Found, Reader } from '../reading/reader.ts';

export type Carried =
  | { readonly kind: 'applied'; readonly snapshot: Snapshot; readonly event: JobEvent }
  | { readonly kind: 'refused'; readonly reason: RefusalReason; readonly snapshot: Snapshot }
  | Exclude<Found, { kind: 'found' }>;

export interface Commands {
  /**
   * @param seen the job as the caller last saw it, which saves a read
   * @param result stored with `succeed`
   */
  carryOut(id: string, command: Command, seen?: Job, result?: ResultContent | null): Promise<Carried>;
}

export interface CommandsOptions extends EngineBase {
  readonly reader: Reader;
}

/** A job and whether that is certainly its newest revision. */
interface View {
  readonly snapshot: Snapshot;
  readonly isCurrent: boolean;
}

export function createCommands(options: CommandsOptions): Commands {
  const { store, snapshots, changes, reader, clock, limits } = options;
  const applies = createBatcher<GuardedPatch, ApplyOutcome>({
    ...options,
    name: 'apply',
    inFlightMax: WRITES_IN_FLIGHT,
    send: (batch) => store.apply(batch),
    bytesOf: (item) => item.result?.bytes.byteLength ?? 0,
  });

  return {
    async carryOut(id, command, seen, result) {
      let view = await firstView(id, seen);
      for (let attempt = 1; attempt <= limits.applyAttemptsMax; attempt += 1) {
        if (!('isCurrent' in view)) return view;
        const job = view.snapshot.job;
        const decision = decide(job, command, clock.now());
        if (decision.kind === 'refused') {
          if (view.isCurrent) return { kind: 'refused', reason: decision.reason, snapshot: view.snapshot };
          view = await freshView(id);
          continue;
        }
        const outcome = await apply(guarded(job, command, decision.patch, result));
        if (outcome.kind === 'applied') return landed(outcome.job, job.state, decision.event, result);
        view = outcome.kind === 'stale' ? await staleView(outcome.job) : await freshView(id);
      }
      throw new BideError('CHANGED_MEANWHILE', undefined, { id, attempts: limits.applyAttemptsMax });
    },
  };

  async function apply(patch: GuardedPatch): Promise<ApplyOutcome> {
    try {
      return await applies.add(patch);
    } catch (error) {
      doubtAfter(error, changes, () => snapshots.drop(patch.id));
      throw error;
    }
  }
  function landed(job: Job, before: StoredState, event: JobEvent, result?: ResultContent | null): Carried {
    const text = job.state === 'succeeded' ? inlineText(result, limits) : null;
    const snapshot = snapshots.put(job, text);
    changes.announce({ kind: 'changed', snapshot, job, before, cause: event });
    return { kind: 'applied', snapshot, event };
  }
  async function firstView(id: string, seen: Job | undefined): Promise<View | Exclude<Found, { kind: 'found' }>> {
    const current = reader.peek(id);
    // What a sweep has just found may be newer than memory, after a write whose answer was lost.
    if (current !== undefined && current.job.revision >= (seen?.revision ?? 0))
      return { snapshot: current, isCurrent: true };
    if (seen === undefined) return freshView(id);
    const known = snapshots.get(id);
    const isNewer = known !== undefined && known.job.revision >= seen.revision;
    return { snapshot: isNewer ? known : { job: seen, resultText: null }, isCurrent: false };
  }
  async function freshView(id: string): Promise<View | Exclude<Found, { kind: 'found' }>> {
    const [found] = await reader.fresh([id]);
    if (found === undefined || found.kind !== 'found') return found ?? { kind: 'missing' };
    return { snapshot: found.snapshot, isCurrent: true };
  }
  async function staleView(job: Job): Promise<View> {
    const known = snapshots.get(job.id);
    if (known !== undefined && known.job.revision >= job.revision) return { snapshot: known, isCurrent: true };
    const [found] = job.result === null ? [] : await reader.fresh([job.id]);
    if (found?.kind === 'found') return { snapshot: found.snapshot, isCurrent: true };
    const snapshot = snapshots.put(job, null);
    if (known !== undefined)
      changes.announce({ kind: 'changed', snapshot, job: snapshot.job, before: known.job.state, cause: 'learnt' });
    return { snapshot, isCurrent: true };
  }
}

function guarded(
  job: Job,
  command: Command,
  patch: GuardedPatch['patch'],
  result: ResultContent | null | undefined,
): GuardedPatch {
  return {
    id: job.id,
    expect: {
      states: expectedStates(command.kind),
      fence: job.fence,
      ...(command.kind === 'succeed' ? {} : { revision: job.revision }),
    },
    patch,
    ...(command.kind === 'succeed' && result ? { result } : {}),
  };
}
