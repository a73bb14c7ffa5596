/** A batch that this process works on: every write says what is known by now, and that somebody works on it. */
import { BideError } from '../../core/errors.ts';
import type { FileBatch } from '../../core/file-batches/file-batch.ts';
import type { Document, Store } from '../../store/contract.ts';
import type { Clock } from '../clock.ts';
import type { EngineBase } from '../engine-base.ts';
import { type BatchRef, batchIn, refIn, writeOf } from './batch-shelf.ts';

/** Signs of life in a lease, and looks at a group that has not ended. */
const BEATS = 3;

/** Somebody else has changed the batch, or goes on with it: this process is to stop. */
export class LostBatch extends Error {}

export class HeldBatch {
  readonly ref: BatchRef;
  readonly signal: AbortSignal;
  batch: FileBatch;
  #revision: number;
  #beatAt: number;
  readonly #leaseMs: number;
  readonly #store: Pick<Store, 'documentWrite'>;
  readonly #clock: Pick<Clock, 'now'>;

  constructor(
    document: Document,
    { store, clock, limits }: Pick<EngineBase, 'store' | 'clock' | 'limits'>,
    signal: AbortSignal,
  ) {
    this.ref = refIn(document);
    this.batch = batchIn(document);
    this.signal = signal;
    this.#revision = document.revision;
    this.#store = store;
    this.#clock = clock;
    this.#leaseMs = limits.leaseMs;
    this.#beatAt = clock.now();
  }

  /** @param dueMs when somebody has to look at it if this process does not */
  async write(batch: FileBatch, dueMs = this.#leaseMs): Promise<void> {
    this.goOn();
    const now = this.#clock.now();
    const write = writeOf(this.ref, batch, { expectRevision: this.#revision, now, dueAt: now + dueMs });
    const outcome = await this.#store.documentWrite(write);
    if (outcome.kind !== 'written') throw new LostBatch();
    this.#revision = outcome.document.revision;
    this.#beatAt = now;
    this.batch = batch;
  }

  get beatMs(): number {
    return this.#leaseMs / BEATS;
  }

  /** A sign of life, where it is time for one. */
  async beat(): Promise<void> {
    this.goOn();
    if (this.#clock.now() - this.#beatAt >= this.beatMs) await this.write(this.batch);
  }

  /** Throws where this process is to stop. */
  goOn(): void {
    if (this.signal.aborted) throw new LostBatch();
  }
}

/** What keeps all batches from going on, and not this one alone. */
export function isOfStore(error: unknown): boolean {
  return !(error instanceof BideError) || ['unavailable', 'busy', 'internal'].includes(error.kind);
}
