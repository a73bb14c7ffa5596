/**
 * The inside of a store thread: takes all requests that have come, has them answered, and posts the answers in one message.
 *
 * While one lot is being answered (for the writer: while the disk syncs) the next one gathers in the port. That makes large
 * transactions out of many small calls without a timer.
 */
import { type MessagePort, parentPort, receiveMessageOnPort } from 'node:worker_threads';
import { storeError } from './driver-errors.ts';
import { CLOSE, type Farewell, type Greeting, type WireReply, type WireRequest, wireError } from './thread-protocol.ts';

export interface Answerer {
  /** Never throws: what fails is a reply with an error. */
  answer(requests: readonly WireRequest[]): readonly WireReply[];
  /** What has to be done after a lot and holds no caller up. When it throws, nothing is answered or closed any more. */
  rest?(): void;
  /** What can be done, in short steps, while nothing is asked; true to be called again. When it throws, as with `rest`. */
  idle?(): boolean;
  close(): void;
}

/**
 * Items of one lot, at most. A transaction of 5,000 takes about 50 ms: longer ones would gain 2 % and keep callers waiting.
 */
const LOT_ITEMS_MAX = 5_000;
/** Without a request for so long, there is time for what can be done at any time. */
const IDLE_MS = 50;

/** @param open makes what answers; when it throws, the opener of the thread gets the error and the thread ends */
export function serveThread(subject: string, open: () => Answerer): void {
  const port = parentPort;
  if (port === null) throw new Error('This file is the entry of a worker thread.');
  const answerer = opened(port, subject, open);
  if (answerer === null) return;
  const inbox: WireRequest[] = [];
  let idling: NodeJS.Timeout | undefined;
  const idle = () => {
    let isMore = false;
    const isSafe = hasRested(port, subject, () => {
      isMore = answerer.idle?.() ?? false;
    });
    if (isSafe && isMore) idling = setTimeout(idle, IDLE_MS);
  };
  port.on('message', (first: Message) => {
    clearTimeout(idling);
    let isClosing = take(inbox, first);
    while (inbox.length > 0) {
      isClosing = drain(port, inbox) || isClosing;
      port.postMessage(answerer.answer(nextLot(inbox)));
      if (!hasRested(port, subject, () => answerer.rest?.())) return;
    }
    if (!isClosing) {
      if (answerer.idle !== undefined) idling = setTimeout(idle, IDLE_MS);
      return;
    }
    answerer.close();
    port.close();
  });
}

/** False: that was the end. The thread stays, deaf and with its connection open, until the process ends. */
function hasRested(port: MessagePort, subject: string, work: () => void): boolean {
  try {
    work();
    return true;
  } catch (error) {
    port.removeAllListeners('message');
    port.postMessage({ kind: 'unsafe', error: wireError(storeError(error, subject)) } satisfies Farewell);
    return false;
  }
}

type Message = readonly WireRequest[] | typeof CLOSE;

function opened(port: MessagePort, subject: string, open: () => Answerer): Answerer | null {
  try {
    const answerer = open();
    port.postMessage({ kind: 'ready' } satisfies Greeting);
    return answerer;
  } catch (error) {
    port.postMessage({ kind: 'failed', error: wireError(storeError(error, subject)) } satisfies Greeting);
    port.close();
    return null;
  }
}

/** True when the message says to close: it is the last one. */
function take(inbox: WireRequest[], message: Message): boolean {
  if (message === CLOSE) return true;
  for (const request of message) inbox.push(request);
  return false;
}

function drain(port: MessagePort, inbox: WireRequest[]): boolean {
  let isClosing = false;
  let next = receiveMessageOnPort(port);
  while (next !== undefined) {
    isClosing = take(inbox, next.message as Message) || isClosing;
    next = receiveMessageOnPort(port);
  }
  return isClosing;
}

/** At least one request, and no more items than a lot may have. */
function nextLot(inbox: WireRequest[]): readonly WireRequest[] {
  let items = 0;
  let length = 0;
  for (const request of inbox) {
    items += request[3];
    if (length > 0 && items > LOT_ITEMS_MAX) break;
    length += 1;
  }
  return inbox.splice(0, length);
}
