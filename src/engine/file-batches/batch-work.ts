/**
 * Goes on with batches of files. Every process looks for those that are due, and whoever writes its lease into one first works on it: lines are
 * looked at, submitted and written by `fileBatchSlots` at a time, one of a tenant; to wait for groups takes no slot.
 *
 * A process that dies is followed when its lease is over. One that lost its lease stops at its next write.
 */
import type { Document } from '../../store/contract.ts';
import type { LineWords } from '../api.ts';
import { createLoop, type Loop } from '../loop.ts';
import { createPollTimer } from '../poll-timer.ts';
import type { BatchWorkOptions } from './batch-options.ts';
import { BATCH_KIND, batchIn, batchRef, refIn } from './batch-shelf.ts';
import { HeldBatch, LostBatch } from './held-batch.ts';
import { awaitGroup, takeStep } from './step.ts';

export interface BatchWork {
  readonly loop: Loop;
  speak(dialect: string, words: LineWords): void;
  /** It was changed by a caller of this process, who has made it due. */
  changed(id: string): void;
}

/** Batches looked at in one turn. */
const DUE = 200;

interface Task {
  readonly tenant: string;
  readonly isHeavy: boolean;
  readonly stop: AbortController;
  ended: Promise<void>;
}

export function createBatchWork(options: BatchWorkOptions): BatchWork {
  const { store, clock, limits } = options;
  const words = new Map<string, LineWords>();
  const tasks = new Map<string, Task>();
  const poll = createPollTimer(options);
  const loop = createLoop({ ...options, name: 'file batches', run });

  /** Where nobody else works on the store, whoever has a lease when this process comes is dead. */
  let hasHeirs = !store.facts.isShared;

  async function run(): Promise<number | null> {
    poll.isDue();
    const now = clock.now();
    const request = { kind: BATCH_KIND, now, limit: DUE };
    const due = await store.documentDue(hasHeirs ? { ...request, now: now + limits.leaseMs } : request);
    for (const document of due) if (batchIn(document).phase !== 'over' || isDue(document, now)) await take(document);
    hasHeirs = hasHeirs && words.size === 0;
    return poll.sleepMs(await store.documentNextDue(request));
  }

  async function take(document: Document): Promise<void> {
    const { id, tenant } = refIn(document);
    const batch = batchIn(document);
    if (batch.phase === 'over') {
      await store.documentRemove(batchRef({ id, tenant }));
      return;
    }
    const spoken = words.get(batch.dialect);
    const isHeavy = !isRunning({ batch });
    if (spoken === undefined || tasks.has(id) || (isHeavy && !hasSlot(tenant))) return;
    const task: Task = { tenant, isHeavy, stop: new AbortController(), ended: Promise.resolve() };
    const held = new HeldBatch(document, options, task.stop.signal);
    tasks.set(id, task);
    task.ended = work(options, held, spoken)
      .catch((error: unknown) => tell(id, error))
      .finally(() => {
        tasks.delete(id);
        loop.wake();
      });
  }

  function hasSlot(tenant: string): boolean {
    const heavy = [...tasks.values()].filter((task) => task.isHeavy);
    return heavy.length < limits.fileBatchSlots && !heavy.some((task) => task.tenant === tenant);
  }

  function tell(id: string, error: unknown): void {
    if (error instanceof LostBatch) return;
    options.telemetry.emit({ kind: 'internalError', where: `file batch ${id}`, error });
  }

  return {
    loop: {
      ...loop,
      async stop() {
        await loop.stop();
        for (const { stop } of tasks.values()) stop.abort();
        await Promise.all([...tasks.values()].map(({ ended }) => ended));
      },
    },
    speak(dialect, spoken) {
      words.set(dialect, spoken);
      loop.wake();
    },
    changed(id) {
      tasks.get(id)?.stop.abort();
      loop.wake();
    },
  };
}

function isDue({ dueAt }: Document, now: number): boolean {
  return dueAt !== null && dueAt <= now;
}

async function work(options: BatchWorkOptions, held: HeldBatch, words: LineWords): Promise<void> {
  // The lease.
  await held.write(held.batch);
  if (isRunning(held)) return awaitGroup(options, held);
  while (await takeStep(options, held, words));
  // For whoever waits for the group: without a slot, and at once.
  if (isRunning(held)) await held.write(held.batch, 0);
}

function isRunning({ batch }: Pick<HeldBatch, 'batch'>): boolean {
  return batch.phase === 'running';
}
