/**
 * The logs of jobs on their way into the store, and the news that there is more to read.
 *
 * What all attempts of a turn say travels in one batch: a line costs a row, never a transaction. News reach the readers of this process at once; where
 * several processes share a store, readers look again at every poll.
 */
import type { LogAppend, LogOutcome } from '../../store/contract.ts';
import { type Call, createBatcher } from '../batcher.ts';
import type { EngineBase } from '../engine-base.ts';

export interface Logs {
  /** Throws where too many wait. */
  push(call: Call<LogAppend, LogOutcome>): void;
  append(item: LogAppend): Promise<LogOutcome>;
  /** Calls `listener` when lines of this job were stored by this process; returns the way to stop. */
  listen(id: string, listener: () => void): () => void;
}

export function createLogs(options: Pick<EngineBase, 'store' | 'limits' | 'telemetry'>): Logs {
  const listeners = new Map<string, Set<() => void>>();
  const appends = createBatcher<LogAppend, LogOutcome>({
    ...options,
    name: 'log',
    async send(batch) {
      const outcomes = await options.store.logAppend(batch);
      // Before the callers hear of it: who reads because of them finds the lines.
      for (const { id } of batch) tell(id);
      return outcomes;
    },
    bytesOf: ({ entries }) => entries.reduce((sum, { line, fields }) => sum + line.length + (fields?.length ?? 0), 0),
  });

  function tell(id: string): void {
    for (const listener of listeners.get(id) ?? []) listener();
  }

  return {
    push: (call) => appends.push(call),
    append: (item) => appends.add(item),
    listen(id, listener) {
      const all = listeners.get(id) ?? new Set();
      listeners.set(id, all.add(listener));
      return () => {
        all.delete(listener);
        if (all.size === 0 && listeners.get(id) === all) listeners.delete(id);
      };
    },
  };
}
