/**
 * Loads several test files into one process, each as a suite named by its path.
 *
 * Loaded by `require`, which is done when it returns: so what a file declares at its top, hooks included, belongs to its own suite. For the
 * same reason a file that awaits at its top cannot be here; Node says so. What files share and close at their end is loaded before them all,
 * so that it is closed at the end of the last.
 */
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { describe } from 'node:test';
import type { Bundle } from './bundles.ts';
import { ROOT } from './step.ts';

export function loadTogether({ shared, files }: Bundle): void {
  const load = createRequire(import.meta.url);
  for (const path of shared) load(resolve(ROOT, path));
  for (const path of files) {
    describe(path, () => {
      load(resolve(ROOT, path));
    });
  }
}
