/**
 * Collects the garbage of this thread and of all others in the process, as far as their heaps are large, one after another.
 *
 * Through the inspector, from the thread that asks: unlike `gc()` that needs no flag of V8 and no code in the other threads, and it gives the
 * pages back at once; those of a plain collection stay in V8's pool for 8 s. A thread answers between two turns of its event loop: one that is
 * busy for longer than `ANSWER_MS_MAX` keeps its garbage, and its turn is over.
 */
import type { Session } from 'node:inspector/promises';
import { getHeapStatistics } from 'node:v8';

const MIB = 1_048_576;
const ANSWER_MS_MAX = 2_000;

export interface HeapSizes {
  /** Of the thread that asks. A server that has done nothing yet has about 60 MB. */
  readonly ownBytesMin: number;
  /** Of any other thread. One that has done nothing yet has about 10 MB. */
  readonly threadBytesMin: number;
}

const LARGE: HeapSizes = { ownBytesMin: 96 * MIB, threadBytesMin: 24 * MIB };

/** Rejects where Node has no inspector. */
export async function collectHeaps({ ownBytesMin, threadBytesMin }: HeapSizes = LARGE): Promise<void> {
  const inspector = await import('node:inspector/promises');
  const session = new inspector.Session();
  session.connect();
  try {
    if (getHeapStatistics().total_heap_size >= ownBytesMin) await session.post('HeapProfiler.collectGarbage');
    for (const ask of await otherThreads(session)) {
      const usage = await ask('Runtime.getHeapUsage');
      if ((usage?.totalSize ?? 0) >= threadBytesMin) await ask('HeapProfiler.collectGarbage');
    }
  } finally {
    session.disconnect();
  }
}

type Result = { readonly totalSize?: number };
/** Undefined where the thread has no answer in time. */
type Ask = (method: string) => Promise<Result | undefined>;

async function otherThreads(session: Session): Promise<readonly Ask[]> {
  const threadIds: string[] = [];
  session.on('NodeWorker.attachedToWorker', ({ params: { sessionId } }) => threadIds.push(sessionId));
  await session.post('NodeWorker.enable', { waitForDebuggerOnStart: false });
  return threadIds.map((sessionId) => (method) => askThread(session, sessionId, method));
}

/** One question at a time: the answer has no other mark than the thread that it comes from. */
async function askThread(session: Session, sessionId: string, method: string): Promise<Result | undefined> {
  const { promise, resolve } = Promise.withResolvers<Result | undefined>();
  const timer = setTimeout(resolve, ANSWER_MS_MAX, undefined);
  session.on('NodeWorker.receivedMessageFromWorker', ({ params }) => {
    if (params.sessionId === sessionId) resolve((JSON.parse(params.message) as { readonly result?: Result }).result);
  });
  session.once('NodeWorker.detachedFromWorker', ({ params }) => {
    if (params.sessionId === sessionId) resolve(undefined);
  });
  try {
    await session.post('NodeWorker.sendMessageToWorker', { sessionId, message: JSON.stringify({ id: 1, method }) });
    return await promise;
  } catch {
    // It ended before it was asked.
    return undefined;
  } finally {
    clearTimeout(timer);
    session.removeAllListeners('NodeWorker.receivedMessageFromWorker');
    session.removeAllListeners('NodeWorker.detachedFromWorker');
  }
}
