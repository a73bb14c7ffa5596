/** Function handlers that run in threads: one pool for all of them, gone with the last one. */
import type { Handler } from '../../engine/api.ts';
import { type PoolOptions, ThreadPool } from './pool.ts';

export interface ThreadedHandlers {
  /** The handler of a type that the module with this index exports. */
  handler(moduleIndex: number): Handler;
}

export function threadedHandlers(options: PoolOptions): ThreadedHandlers {
  const pool = new ThreadPool(options);
  let users = 0;
  return {
    handler(moduleIndex) {
      users += 1;
      return {
        kind: 'function',
        run: (attempt) => pool.run(attempt, moduleIndex),
        async close() {
          users -= 1;
          if (users === 0) await pool.close();
        },
      };
    },
  };
}
