/**
 * Those that want to write the same thing, one after another. Each writes at the revision that it has read, so of many at once all but one are in vain; in a
 * line each has to give way to other processes alone. Of this process, and for the time that they last: nothing is correct because of it.
 */
export interface Lines {
  /** Calls at once where the line of the key is empty, else when all before have left. */
  enter(key: string, goOn: () => void): void;
  /** Once, by whoever has been called. */
  leave(key: string): void;
}

export function createLines(): Lines {
  const lines = new Map<string, (() => void)[]>();
  return {
    enter(key, goOn) {
      const line = lines.get(key);
      if (line !== undefined) {
        line.push(goOn);
        return;
      }
      lines.set(key, []);
      goOn();
    },
    leave(key) {
      const next = lines.get(key)?.shift();
      if (next === undefined) lines.delete(key);
      else next();
    },
  };
}

export async function inLine<T>(lines: Lines, key: string, run: () => Promise<T>): Promise<T> {
  await new Promise<void>((goOn) => lines.enter(key, goOn));
  try {
    return await run();
  } finally {
    lines.leave(key);
  }
}
