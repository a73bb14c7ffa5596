/**
 * Collects what is said in one turn of the event loop and posts it as one array.
 *
 * A message costs 10 to 20 µs to post and to receive whatever its size, so hundreds of results in a turn are cheaper as one. Two
 * messages at least a millisecond apart leave at once: a handler that computes for seconds between two progress calls never gives
 * the turn back, and its progress would show only at its end.
 */
import type { Transferable } from 'node:worker_threads';

const APART_MS = 1;

export interface Outbox<Message> {
  push(message: Message, transfer?: Transferable): void;
  flush(): void;
}

export function outbox<Message>(post: (messages: Message[], transfer: Transferable[]) => void): Outbox<Message> {
  let messages: Message[] = [];
  let transfer: Transferable[] = [];
  let pending: NodeJS.Immediate | null = null;
  let flushedAt = performance.now();
  const flush = () => {
    if (pending !== null) clearImmediate(pending);
    pending = null;
    flushedAt = performance.now();
    if (messages.length === 0) return;
    const [outgoing, handedOver] = [messages, transfer];
    messages = [];
    transfer = [];
    post(outgoing, handedOver);
  };
  return {
    push(message, transferable) {
      messages.push(message);
      if (transferable !== undefined) transfer.push(transferable);
      if (performance.now() - flushedAt > APART_MS) flush();
      else pending ??= setImmediate(flush);
    },
    flush,
  };
}
