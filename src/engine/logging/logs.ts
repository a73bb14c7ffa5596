/**
 * What jobs say, logs and output, on its way into the store, and the news that there is more to read.
 *
 * What all attempts of a turn say travels in one batch: a line costs a row, never a transaction. News reach the readers of this process at once; where
 * several processes share a store, readers look again at every poll.
 */
import type { LogAppend, LogOutcome } from '../../store/contract.ts';
import { type Call, createBatcher } from '../batcher.ts';
import type { EngineBase } from '../engine-base.ts';

export type Told = Pick<LogAppend, 'id' | 'stream'>;

export interface Logs {
  /** Throws where too many wait. */
  push(call: Call<LogAppend, LogOutcome>): void;
  append(item: LogAppend): Promise<LogOutcome>;
  /** Calls `listener` when lines of this job's stream were stored by this process; returns the way to stop. */
  listen(of: Told, listener: () => void): () => void;
}

export function createLogs(options: Pick<EngineBase, 'store' | 'limits' | 'telemetry'>): Logs {
  const listeners = new Map<string, Set<() => void>>();
  const appends = createBatcher<LogAppend, LogOutcome>({
    ...options,
    name: 'log',
    async send(batch) {
      const outcomes = await options.store.logAppend(batch);
      // Before the callers hear of it: who reads because of them finds the lines.
      for (const one of batch) tell(one);
      return outcomes;
    },
    bytesOf: ({ entries }) => entries.reduce((sum, { line, fields }) => sum + line.length + (fields?.length ?? 0), 0),
  });

  function tell(told: Told): void {
    for (const listener of listeners.get(keyOf(told)) ?? []) listener();
  }

  return {
    push: (call) => appends.push(call),
    append: (item) => appends.add(item),
    listen(of, listener) {
      const key = keyOf(of);
      const all = listeners.get(key) ?? new Set();
      listeners.set(key, all.add(listener));
      return () => {
        all.delete(listener);
        if (all.size === 0 && listeners.get(key) === all) listeners.delete(key);
      };
    },
  };
}

function keyOf({ id, stream }: Told): string {
  return `${stream} ${id}`;
}
