/**
 * Self-clocking batches: concurrency turns into batches by itself.
 *
 * While batches are in flight (one, or `inFlightMax`) the next one collects; it is sent the moment one returns. There is no
 * timer, so an idle batcher adds no latency beyond the current turn of the event loop (which lets the callers of one turn
 * share a batch), and under load one transaction carries hundreds of callers.
 *
 * A batch that the store rejects as `internal` is sent again in halves: one poisonous item must not fail its neighbours.
 * That is safe because a rejected batch wrote nothing. `unavailable` and `busy` reject everybody in it at once.
 */
import { BideError } from '../core/errors.ts';
import type { EngineBase } from './engine-base.ts';

/**
 * Writes have two batches in flight: with one, the store had nothing to do from its answer until this thread had answered the
 * callers and sent the next batch, which under HTTP load was as long as the transaction itself.
 */
export const WRITES_IN_FLIGHT = 2;

/** Who has an item in a batch. An object rather than a promise: a completion goes through here for every job, and a promise costs more. */
export interface Call<Item, Answer> {
  readonly item: Item;
  /** Neither of the two may throw. */
  resolve(answer: Answer): void;
  reject(error: unknown): void;
}

export interface Batcher<Item, Answer> {
  add(item: Item): Promise<Answer>;
  /** As `add`. Throws where too many wait. */
  push(call: Call<Item, Answer>): void;
  /** Answers in the order of `items`. They may travel in several batches. */
  addAll(items: readonly Item[]): Promise<readonly Answer[]>;
  /** Items that wait or are in flight. */
  readonly depth: number;
}

export interface BatcherOptions<Item, Answer> extends Pick<EngineBase, 'limits' | 'telemetry'> {
  readonly name: string;
  readonly send: (items: readonly Item[]) => Promise<readonly Answer[]>;
  /** Bytes of one item, where items may be large. */
  readonly bytesOf?: (item: Item) => number;
  /** Batches under way at once; 1 unless told. */
  readonly inFlightMax?: number;
  /** Whether the event loop has a turn between two batches: for those that the store answers on this thread, each for some ms. */
  readonly isPaced?: boolean;
}

export function createBatcher<Item, Answer>(options: BatcherOptions<Item, Answer>): Batcher<Item, Answer> {
  const { limits, inFlightMax = 1, isPaced = false } = options;
  let waiting: Call<Item, Answer>[] = [];
  let itemsInFlight = 0;
  let batchesInFlight = 0;
  let isQueued = false;

  const flush = () => {
    isQueued = false;
    if (waiting.length === 0 || batchesInFlight >= inFlightMax) return;
    const calls = take();
    batchesInFlight += 1;
    itemsInFlight += calls.length;
    // Nothing in here can reject: sendInHalves hands every failure to its caller.
    void sendInHalves(options, calls).then(() => {
      batchesInFlight -= 1;
      itemsInFlight -= calls.length;
      if (!isPaced) return flush();
      isQueued = true;
      setImmediate(flush);
    });
    if (waiting.length > 0) flush();
  };
  const take = (): Call<Item, Answer>[] => {
    const size = batchSize(waiting, options);
    if (size === waiting.length) {
      const all = waiting;
      waiting = [];
      return all;
    }
    return waiting.splice(0, size);
  };
  const push = (call: Call<Item, Answer>) => {
    waiting.push(call);
    if (isQueued || batchesInFlight >= inFlightMax) return;
    isQueued = true;
    setImmediate(flush);
  };
  const refuseIfFull = (more: number) => {
    if (waiting.length + more <= limits.batchQueueMax) return;
    throw new BideError('OVERLOADED', `More than ${limits.batchQueueMax} operations wait for the store.`, {
      limit: 'batchQueueMax',
      value: limits.batchQueueMax,
    });
  };

  return {
    // One promise: the store is what most calls wait for, and each further one is a turn of its own.
    add(item) {
      return new Promise((resolve, reject) => {
        refuseIfFull(1);
        push({ item, resolve, reject });
      });
    },
    push(call) {
      refuseIfFull(1);
      push(call);
    },
    async addAll(items) {
      refuseIfFull(items.length);
      return items.length === 0 ? [] : new Promise((resolve, reject) => pushAll(push, items, { resolve, reject }));
    },
    get depth() {
      return waiting.length + itemsInFlight;
    },
  };
}

/** One promise for all of them. */
function pushAll<Item, Answer>(
  push: (call: Call<Item, Answer>) => void,
  items: readonly Item[],
  { resolve, reject }: { resolve(answers: readonly Answer[]): void; reject(error: unknown): void },
): void {
  const answers = new Array<Answer>(items.length);
  let left = items.length;
  items.forEach((item, index) => {
    push({
      item,
      resolve(answer) {
        answers[index] = answer;
        left -= 1;
        if (left === 0) resolve(answers);
      },
      reject,
    });
  });
}

function batchSize<Item, Answer>(
  waiting: readonly Call<Item, Answer>[],
  { limits, bytesOf }: BatcherOptions<Item, Answer>,
): number {
  const size = Math.min(waiting.length, limits.batchMax);
  if (bytesOf === undefined) return size;
  let bytes = 0;
  for (let index = 0; index < size; index += 1) {
    const call = waiting[index];
    if (call !== undefined) bytes += bytesOf(call.item);
    if (bytes > limits.batchBytesMax) return Math.max(1, index);
  }
  return size;
}

async function sendInHalves<Item, Answer>(
  options: BatcherOptions<Item, Answer>,
  calls: readonly Call<Item, Answer>[],
): Promise<void> {
  const startedAt = performance.now();
  const tell = (error: BideError | null) =>
    options.telemetry.emit({
      kind: 'batchSent',
      batch: options.name,
      items: calls.length,
      ms: performance.now() - startedAt,
      error,
    });
  try {
    const answers = await options.send(calls.map((call) => call.item));
    tell(null);
    for (let index = 0; index < calls.length; index += 1) calls[index]?.resolve(answers[index] as Answer);
  } catch (cause) {
    const error = cause instanceof BideError ? cause : new BideError('INTERNAL', undefined, {}, { cause });
    tell(error);
    if (error.kind === 'internal' && calls.length > 1) {
      const middle = calls.length >> 1;
      await sendInHalves(options, calls.slice(0, middle));
      await sendInHalves(options, calls.slice(middle));
      return;
    }
    for (const call of calls) call.reject(error);
  }
}
