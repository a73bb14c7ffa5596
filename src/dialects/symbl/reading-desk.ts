/**
 * Where conversations are read: short ones at once, all others in a thread, so that nobody else's answer waits for a long meeting.
 *
 * A tenant has one reading under way and the others wait, costing nothing: what a reading needs of the store is loaded in its turn. The
 * thread has a bounded heap and time, and goes when it has had nothing to do for a while.
 */
import { Worker } from 'node:worker_threads';
import { BideError } from '../../core/errors.ts';
import { threadMemory } from '../../core/thread-memory.ts';
import type { Clock } from '../../engine/clock.ts';
import { answerText, type Material, type Question } from './answers.ts';
import { tooMuch } from './budget.ts';
import type { ReadingOrder, ReadingReply } from './reading-thread.ts';

export interface ReadingDesk {
  /** Runs `read` in the tenant's turn. OVERLOADED where too many of this tenant wait. */
  inTurn<T>(tenant: string, read: (desk: ReadingDesk) => Promise<T>): Promise<T>;
  /** The answer as JSON text; call it in a turn. */
  answer(material: Material, question: Question): Promise<string>;
  close(): Promise<void>;
}

/** 2 KiB may be 700 sentences of 30 µs; a thread that is up answers in 0.1 ms. */
const INLINE_CHARACTERS_MAX = 2_048;
const WAITING_PER_TENANT_MAX = 100;
const READING_MS_MAX = 30_000;
const IDLE_MS = 60_000;
const HEAP_MIB = 512;

const ENTRY = new URL(import.meta.url.endsWith('.ts') ? './reading-thread.ts' : './reading-thread.js', import.meta.url);

export function createReadingDesk(options: { readonly clock: Clock; readonly bytesMax: number }): ReadingDesk {
  const turns = createTurns();
  const thread = createThread(options.clock);
  const desk: ReadingDesk = {
    inTurn: (tenant, read) => turns.take(tenant, () => read(desk)),
    async answer(material, question) {
      const { bytesMax } = options;
      if (charactersOf(material) <= INLINE_CHARACTERS_MAX) return answerText(material, question, bytesMax);
      const reply = await thread.ask({ material, question, bytesMax });
      if (reply.kind === 'text') return reply.text;
      throw new BideError(reply.code, reply.message);
    },
    close: () => thread.end(),
  };
  return desk;
}

function charactersOf({ jobs }: Material): number {
  return jobs.reduce((sum, { result, input }) => sum + (result?.text.length ?? 0) + (input?.length ?? 0), 0);
}

/** One after another per tenant; tenants beside each other. */
function createTurns() {
  const lines = new Map<string, { count: number; tail: Promise<unknown> }>();
  return {
    async take<T>(tenant: string, run: () => Promise<T>): Promise<T> {
      const line = lines.get(tenant) ?? { count: 0, tail: Promise.resolve() };
      if (line.count >= WAITING_PER_TENANT_MAX) {
        throw new BideError('OVERLOADED', 'Too many conversations are being read at once.');
      }
      lines.set(tenant, line);
      line.count += 1;
      const turn = line.tail.then(run, run);
      line.tail = turn;
      try {
        return await turn;
      } finally {
        line.count -= 1;
        if (line.count === 0) lines.delete(tenant);
      }
    },
  };
}

/** One order after another: a tenant has at most one, so that a line of them is as long as there are tenants who read much. */
function createThread(clock: Clock) {
  let worker: Worker | null = null;
  let tail: Promise<unknown> = Promise.resolve();
  let cancelIdle = () => {};

  async function end(): Promise<void> {
    cancelIdle();
    const ending = worker;
    worker = null;
    await ending?.terminate();
  }

  function started(): Worker {
    if (worker !== null) return worker;
    worker = new Worker(ENTRY, { execArgv: [], env: {}, resourceLimits: threadMemory(HEAP_MIB) });
    // Who waits for an answer listens too; what comes at any other time must not end the process.
    worker.on('error', () => {});
    worker.unref();
    return worker;
  }

  async function reply(order: ReadingOrder): Promise<ReadingReply> {
    cancelIdle();
    try {
      const answered = await replyOf(started(), order, clock);
      cancelIdle = clock.after(IDLE_MS, () => void end());
      return answered;
    } catch (error) {
      await end();
      throw error;
    }
  }

  return {
    end,
    ask(order: ReadingOrder): Promise<ReadingReply> {
      const answered = tail.then(() => reply(order));
      tail = answered.catch(() => {});
      return answered;
    },
  };
}

async function replyOf(worker: Worker, order: ReadingOrder, clock: Clock): Promise<ReadingReply> {
  const { promise, resolve, reject } = Promise.withResolvers<ReadingReply>();
  const fail = (error: NodeJS.ErrnoException) =>
    reject(error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? tooMuch(order.bytesMax) : error);
  const leave = () => reject(new BideError('SHUTTING_DOWN'));
  const cancelTimer = clock.after(READING_MS_MAX, () => reject(tooMuch(order.bytesMax)));
  worker.once('message', resolve).once('error', fail).once('exit', leave);
  worker.postMessage(order);
  try {
    return await promise;
  } finally {
    cancelTimer();
    worker.off('message', resolve).off('error', fail).off('exit', leave);
  }
}
