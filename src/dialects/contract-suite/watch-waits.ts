/** Sees when waits begin and end inside of an engine, so that a test can await "the request is held" instead of sleeping. */
import type { Engine, WaitOutcome, WaitRequest } from '../../engine/api.ts';

export interface WatchedEngine {
  /** The engine itself but for `wait`. */
  readonly engine: Engine;
  /** Resolves once the number of waits under way satisfies `condition`. */
  reached(condition: (waits: number) => boolean): Promise<void>;
}

/** @param isPatient false ends every wait at once, with the state that the job has */
export function watchWaits(engine: Engine, isPatient: boolean): WatchedEngine {
  let waits = 0;
  const watchers = new Set<() => void>();

  function count(change: number): void {
    waits += change;
    for (const watcher of [...watchers]) watcher();
  }

  async function wait(request: WaitRequest): Promise<WaitOutcome> {
    const outcome = engine.wait(isPatient ? request : { ...request, timeoutMs: 0 });
    count(1);
    try {
      return await outcome;
    } finally {
      count(-1);
    }
  }

  return {
    engine: Object.create(engine, { wait: { value: wait } }) as Engine,
    reached: (condition) =>
      new Promise((resolve) => {
        const watcher = () => {
          if (!condition(waits)) return;
          watchers.delete(watcher);
          resolve();
        };
        watchers.add(watcher);
        watcher();
      }),
  };
}
