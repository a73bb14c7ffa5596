/**
 * A worker for Bide in JavaScript, with `runWorker` of the client. It takes jobs of the type `count`, four at once.
 *
 *   BIDE_URL=http://127.0.0.1:7070 BIDE_KEY=bide_… node worker.js
 *
 * The key may stand in a file: BIDE_KEY_FILE. SIGTERM or ^C: it takes no more jobs, finishes those that run, and ends.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { createClient, runWorker, WorkError } from 'bide/client';

const { BIDE_URL: url = 'http://127.0.0.1:7070', BIDE_KEY, BIDE_KEY_FILE, BIDE_LEASE_MS = '15000' } = process.env;
const key = BIDE_KEY ?? (BIDE_KEY_FILE === undefined ? '' : readFileSync(BIDE_KEY_FILE, 'utf8').trim());
if (key === '') throw new Error('BIDE_KEY is missing: make one with  bide keys create --scope work');

const stop = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => stop.abort());

await runWorker(createClient({ url, key }), {
  types: ['count'],
  slots: 4,
  leaseMs: Number(BIDE_LEASE_MS),
  signal: stop.signal,
  onTrouble: (error) => process.stderr.write(`${error}\n`),
  async handle({ input }, { signal, progress }) {
    const { to, pauseMs = 100 } = Object(input);
    if (!Number.isInteger(to))
      throw new WorkError('WORK_FAILED', '"to" must be a whole number', { isRetryable: false });
    for (let n = 1; n <= to; n += 1) {
      await pause(pauseMs, null, { signal });
      progress((100 * n) / to, `${n} of ${to}`);
    }
    return { counted: to, by: 'javascript' };
  },
});
