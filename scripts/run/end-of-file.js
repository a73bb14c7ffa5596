/**
 * Loaded before each test file: one whose tests have all ended and whose process stays is ended here, as failed, with what was still open.
 * Node gives a test a deadline and a file none, so a listener that a failed test has left kept the whole run until its own deadline.
 *
 * Plain JavaScript, so that three hundred processes need not strip it.
 */
import { isMainThread } from 'node:worker_threads';

/** Longer than any file takes to close what its tests have used, on a busy machine too. */
const LEFT_MS_MAX = Number(process.env.BIDE_LEFT_MS_MAX ?? 60_000);
const file = process.argv[1] ?? '';

// What a test starts as a thread or a fork is given the options of its parent, and is no test file.
if (isMainThread && /\.test\.m?[jt]s$/.test(file)) {
  const { after } = await import('node:test');
  after(() => void setTimeout(endWithBlame, LEFT_MS_MAX).unref());
}

function endWithBlame() {
  const open = process.getActiveResourcesInfo().join(', ');
  console.error(
    `The tests of ${file} have ended, and its process did not within ${LEFT_MS_MAX} ms. Still open: ${open}`,
  );
  process.exit(1);
}
