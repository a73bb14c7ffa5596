/** The job types of one reading of the config, whose handlers are closed when they have been replaced and their last runs have ended. */
import type { JobType } from '../engine/api.ts';

export interface Generation {
  readonly jobTypes: readonly JobType[];
  /** Attempts under way. */
  readonly running: number;
  /** No more attempts begin: calls `onGone` when the last one has ended and all handlers are closed. */
  retire(onGone: () => void): void;
}

export function generationOf(types: readonly JobType[]): Generation {
  let running = 0;
  let retired: (() => void) | null = null;

  async function closeIfDone(): Promise<void> {
    if (retired === null || running > 0) return;
    const onGone = retired;
    retired = null;
    // Whatever a handler says on its way out: the next ones must be closed too.
    await Promise.allSettled(types.map(({ handler }) => (handler === 'remote' ? undefined : handler.close?.())));
    onGone();
  }

  return {
    jobTypes: types.map((type) => {
      const { handler } = type;
      if (handler === 'remote') return type;
      return {
        ...type,
        handler: {
          ...handler,
          run: async (attempt) => {
            running += 1;
            try {
              return await handler.run(attempt);
            } finally {
              running -= 1;
              void closeIfDone();
            }
          },
        },
      };
    }),
    get running() {
      return running;
    },
    retire(onGone) {
      retired = onGone;
      void closeIfDone();
    },
  };
}
