/**
 * One command on its way: decide, write what was decided if nothing changed meanwhile, and decide again if something did.
 *
 * A job's end goes through here whatever else is under way, so the way that nearly all take (the job is at hand, the first write lands)
 * makes no promise: this object is the batch's call itself, and tells whoever asked.
 */
import { type Command, decide, expectedStates, type JobEvent, type RefusalReason } from '../../core/decide.ts';
import { BideError } from '../../core/errors.ts';
import type { Job, JobPatch } from '../../core/job.ts';
import type { StoredState } from '../../core/state.ts';
import type { ApplyOutcome, Freed, GuardedPatch, ResultContent } from '../../store/contract.ts';
import type { Snapshot } from '../api.ts';
import type { Batcher, Call } from '../batcher.ts';
import type { EngineBase } from '../engine-base.ts';
import { doubtAfter } from '../failed-write.ts';
import type { Lines } from '../lines.ts';
import type { Found, Reader } from '../reading/reader.ts';
import { announceFreed } from '../settling/announce-freed.ts';

export type Carried =
  | { readonly kind: 'applied'; readonly snapshot: Snapshot; readonly event: JobEvent }
  | { readonly kind: 'refused'; readonly reason: RefusalReason; readonly snapshot: Snapshot }
  | Exclude<Found, { kind: 'found' }>;

/** Who asked for a command. Neither of the two may throw. */
export interface Asker {
  carried(carried: Carried): void;
  failed(error: unknown): void;
}

export interface CarryContext extends EngineBase {
  readonly reader: Reader;
  readonly applies: Batcher<GuardedPatch, ApplyOutcome>;
  /** By job, of those that were overtaken: the way that nearly all take knows nothing of it. */
  readonly lines: Lines;
}

/** What is asked for. */
export interface Order {
  readonly id: string;
  readonly command: Command;
  /** The job as the caller last saw it, which saves a read. */
  readonly seen?: Job | undefined;
  /** Stored with `succeed`. */
  readonly result?: ResultContent | null | undefined;
}

/** A job and whether that is certainly its newest revision. */
interface View {
  readonly snapshot: Snapshot;
  readonly isCurrent: boolean;
}

export class Carry implements Call<GuardedPatch, ApplyOutcome> {
  readonly #context: CarryContext;
  readonly #order: Order;
  #asker: Asker;
  #isInLine = false;
  #tries = 0;
  #before: StoredState = 'waiting';
  #event: JobEvent = 'progressed';
  #item: GuardedPatch | null = null;

  constructor(context: CarryContext, order: Order, asker: Asker) {
    this.#context = context;
    this.#order = order;
    this.#asker = asker;
  }

  get item(): GuardedPatch {
    return this.#item as GuardedPatch;
  }

  begin(): void {
    try {
      const view = this.#firstView();
      if (view === null) void this.#look();
      else this.#decide(view);
    } catch (error) {
      this.#asker.failed(error);
    }
  }

  resolve(outcome: ApplyOutcome): void {
    try {
      if (outcome.kind === 'applied') this.#landed(outcome);
      else if (outcome.kind === 'stale') this.#overtaken(outcome.job);
      else void this.#look();
    } catch (error) {
      this.#asker.failed(error);
    }
  }

  reject(error: unknown): void {
    const { changes, snapshots } = this.#context;
    // Of children that were freed with it, nobody knows which.
    const forget = this.#item?.frees === true ? snapshots.clear : () => snapshots.drop(this.#order.id);
    doubtAfter(error, changes, forget);
    this.#asker.failed(error);
  }

  #decide({ snapshot, isCurrent }: View): void {
    const { clock, limits } = this.#context;
    const { id, command, result } = this.#order;
    this.#tries += 1;
    if (this.#tries > limits.applyAttemptsMax)
      throw new BideError('CHANGED_MEANWHILE', undefined, { id, attempts: limits.applyAttemptsMax });
    const { job } = snapshot;
    const now = clock.now();
    const decision = decide(job, command, now);
    if (decision.kind === 'refused') {
      // A refusal counts only when it was decided on a certainly current job.
      if (isCurrent) this.#asker.carried({ kind: 'refused', reason: decision.reason, snapshot });
      else void this.#look();
      return;
    }
    if (this.#tries > 1 && !this.#isInLine) {
      this.#line(snapshot);
      return;
    }
    this.#before = job.state;
    this.#event = decision.event;
    // An end says its own time; the event of any other change would be told with that of the store, which may be another machine's.
    const item = guarded(job, command, decision.patch, result);
    this.#item = decision.patch.finishedAt == null ? { ...item, now } : item;
    this.#push();
  }

  /** Goes on when those that were overtaken before are done. The job as it was overtaken is of use where nobody is. */
  #line(overtaken: Snapshot): void {
    const { lines, snapshots } = this.#context;
    const { id } = this.#order;
    const asker = this.#asker;
    this.#isInLine = true;
    this.#asker = {
      carried(carried) {
        asker.carried(carried);
        lines.leave(id);
      },
      failed(error) {
        asker.failed(error);
        lines.leave(id);
      },
    };
    // What was tried was in vain because of those that go first.
    this.#tries = 0;
    lines.enter(id, () => {
      try {
        this.#decide({ snapshot: snapshots.get(id) ?? overtaken, isCurrent: false });
      } catch (error) {
        this.#asker.failed(error);
      }
    });
  }

  #push(): void {
    try {
      this.#context.applies.push(this);
    } catch (error) {
      this.reject(error);
    }
  }

  #landed({ job, freed, isSettled }: { readonly job: Job } & Freed): void {
    const { snapshots, changes } = this.#context;
    const { result = null } = this.#order;
    // What is running is written again soon, by its worker, and decided on what was written last.
    const snapshot =
      job.state === 'running'
        ? snapshots.put(job, null)
        : snapshots.follow(job, job.state === 'succeeded' ? result : null);
    const told = isSettled === true ? { isSettled } : undefined;
    changes.announce({ kind: 'changed', snapshot, job, before: this.#before, cause: this.#event, ...told });
    if (freed !== undefined) announceFreed(this.#context, freed);
    this.#asker.carried({ kind: 'applied', snapshot, event: this.#event });
  }

  /** Null where the job must be read. */
  #firstView(): View | null {
    const { reader, snapshots } = this.#context;
    const { id, seen } = this.#order;
    const current = reader.peek(id);
    // What a sweep has just found may be newer than memory, after a write whose answer was lost.
    if (current !== undefined && current.job.revision >= (seen?.revision ?? 0))
      return { snapshot: current, isCurrent: true };
    if (seen === undefined) return null;
    const known = snapshots.get(id);
    const isNewer = known !== undefined && known.job.revision >= seen.revision;
    return { snapshot: isNewer ? known : { job: seen, resultText: null }, isCurrent: false };
  }

  /** Reads the job and decides anew. */
  async #look(): Promise<void> {
    try {
      const [found] = await this.#context.reader.fresh([this.#order.id]);
      if (found?.kind === 'found') this.#decide({ snapshot: found.snapshot, isCurrent: true });
      else this.#asker.carried(found ?? { kind: 'missing' });
    } catch (error) {
      this.#asker.failed(error);
    }
  }

  #overtaken(job: Job): void {
    const { snapshots, changes } = this.#context;
    const known = snapshots.get(job.id);
    const isKnown = known !== undefined && known.job.revision >= job.revision;
    if (!isKnown && job.result !== null) {
      // Its snapshot would want its result.
      void this.#look();
      return;
    }
    const snapshot = isKnown ? known : snapshots.put(job, null);
    if (!isKnown && known !== undefined)
      changes.announce({ kind: 'changed', snapshot, job: snapshot.job, before: known.job.state, cause: 'learnt' });
    this.#decide({ snapshot, isCurrent: true });
  }
}

function guarded(job: Job, command: Command, patch: JobPatch, result: ResultContent | null | undefined): GuardedPatch {
  const states = expectedStates(command.kind);
  const { id, fence } = job;
  if (command.kind !== 'succeed') return { id, expect: { states, fence, revision: job.revision }, patch, seen: job };
  const item = {
    id,
    expect: { states, fence },
    patch,
    seen: job,
    ...(job.marks?.isAwaited ? { frees: true } : undefined),
  };
  return result ? { ...item, result } : item;
}
