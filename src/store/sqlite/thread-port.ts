/**
 * The outside of a store thread: calls in, promises out.
 *
 * Calls of one turn of the event loop travel in one message, sent by `setImmediate`, which runs right after the turn's I/O: a
 * lone call waits for nothing, and sixty-four callers that were read in one turn make one message. The thread keeps the process
 * alive only while a call is under way.
 */
import { Worker } from 'node:worker_threads';
import { BideError } from '../../core/errors.ts';
import { CLOSE, errorOfWire, type Greeting, type WireReply, type WireRequest } from './thread-protocol.ts';

/** What a thread does: a function of its payload per operation. */
export type OperationTable = Readonly<Record<string, (payload: never) => unknown>>;

export interface ThreadPort<Table extends OperationTable> {
  /** @param items how many items the payload holds: what the queue is measured by */
  call<Name extends keyof Table & string>(
    operation: Name,
    payload: Parameters<Table[Name]>[0],
    items: number,
  ): Promise<ReturnType<Table[Name]>>;
  /** Resolves when everything called before is answered and the thread has ended. */
  close(): Promise<void>;
}

interface Pending {
  readonly items: number;
  resolve(answer: unknown): void;
  reject(error: BideError): void;
}

export interface ThreadOptions {
  /** The entry of the thread. */
  readonly entry: URL;
  readonly data: unknown;
  /** Items that may wait for an answer; past it a call is refused with OVERLOADED. */
  readonly itemsMax: number;
}

/** Starts the thread. Rejects with the error that kept it from opening its connection. */
export async function openThread<Table extends OperationTable>(options: ThreadOptions): Promise<ThreadPort<Table>> {
  // No flags of the process: they are for its own entry (--input-type, --import of a loader), and break or slow this one.
  const worker = new Worker(options.entry, { workerData: options.data, name: 'bide-store', execArgv: [] });
  await greeted(worker);
  return portOf<Table>(worker, options.itemsMax);
}

function greeted(worker: Worker): Promise<void> {
  return new Promise((resolve, reject) => {
    const exited = () => reject(new BideError('STORE_UNAVAILABLE', 'The thread of the store ended while it started.'));
    worker.once('error', reject);
    worker.once('exit', exited);
    worker.once('message', (greeting: Greeting) => {
      worker.off('error', reject);
      worker.off('exit', exited);
      if (greeting.kind === 'ready') resolve();
      else reject(errorOfWire(greeting.error));
    });
  });
}

function portOf<Table extends OperationTable>(worker: Worker, itemsMax: number): ThreadPort<Table> {
  const pending = pendingCalls();
  let outbox: WireRequest[] = [];
  let failure: BideError | null = null;
  const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));

  /** The thread is gone: nobody knows whether its last transaction was committed, so nothing of it is acknowledged. */
  function fail(cause: unknown): void {
    failure ??= new BideError('STORE_UNAVAILABLE', 'The thread of the store has ended.', {}, { cause });
    pending.rejectAll(failure);
  }

  function flush(): void {
    const requests = outbox;
    outbox = [];
    if (requests.length > 0) worker.postMessage(requests);
  }

  worker.on('message', (replies: readonly WireReply[]) => {
    for (const reply of replies) pending.settle(reply);
    if (pending.isEmpty()) worker.unref();
  });
  worker.on('error', fail);
  worker.on('exit', (code) => fail(new Error(`Exit code ${code}.`)));
  worker.unref();

  return {
    call(operation, payload, items) {
      if (failure !== null) return Promise.reject(failure);
      if (!pending.hasRoomFor(items, itemsMax)) {
        return Promise.reject(new BideError('OVERLOADED', `More than ${itemsMax} operations wait for the store.`));
      }
      return new Promise((resolve, reject) => {
        if (pending.isEmpty()) worker.ref();
        if (outbox.length === 0) setImmediate(flush);
        const id = pending.add({ items, resolve: resolve as (answer: unknown) => void, reject });
        outbox.push([id, operation, payload, items]);
      });
    },
    async close() {
      flush();
      worker.ref();
      worker.postMessage(CLOSE);
      await exited;
    },
  };
}

/** Calls that wait for their answers, by id, and how many items they hold in all. */
function pendingCalls() {
  const calls = new Map<number, Pending>();
  let nextId = 1;
  let itemsPending = 0;
  return {
    isEmpty: () => calls.size === 0,
    /** A call larger than the queue gets through when nothing else waits. */
    hasRoomFor: (items: number, itemsMax: number) => itemsPending === 0 || itemsPending + items <= itemsMax,
    add(call: Pending): number {
      const id = nextId++;
      calls.set(id, call);
      itemsPending += call.items;
      return id;
    },
    settle([id, answer, error]: WireReply): void {
      const call = calls.get(id);
      if (call === undefined) return;
      calls.delete(id);
      itemsPending -= call.items;
      if (error === undefined) call.resolve(answer);
      else call.reject(errorOfWire(error));
    },
    rejectAll(error: BideError): void {
      for (const call of calls.values()) call.reject(error);
      calls.clear();
      itemsPending = 0;
    },
  };
}

/** The file of a thread beside `importer`: TypeScript when the importer is, else what it was built to. */
export function threadEntry(name: string, importer: string): URL {
  return new URL(`./${name}${importer.endsWith('.ts') ? '.ts' : '.js'}`, importer);
}
