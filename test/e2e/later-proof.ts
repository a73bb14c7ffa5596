/** "Later" said in a handler thread of a real server: the key closes for that long, for all of its jobs, and no attempt is used. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createClient } from '../../src/client/index.ts';
import { startServer } from '../process/server-process.ts';

const LATER_MS = 700;
const JOBS = 4;
const RETRY_LATER = new URL('../../src/core/retry-later.ts', import.meta.url).href;

const CONFIG = `
import { appendFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
import { RetryLater } from ${JSON.stringify(RETRY_LATER)};
const run = ({ name }, { attempt }) => {
  const isFirst = globalThis.isTold === undefined && name === 0;
  globalThis.isTold = true;
  const what = isFirst ? 'later' : 'ran';
  appendFileSync('ran.txt', [what, name, attempt, isMainThread, Date.now()].join(' ') + '\\n');
  if (isFirst) throw new RetryLater(${LATER_MS});
  return name;
};
export default { limits: { threads: 1 }, types: { call: { run, slots: 4 } } };
`;

/** @param args of `bide serve`: where the database is */
export async function proveLater(folder: string, args: readonly string[]): Promise<void> {
  mkdirSync(folder);
  writeFileSync(join(folder, 'bide.config.mjs'), CONFIG);
  await using server = await startServer({
    ...{ data: join(folder, 'data'), cwd: folder },
    args: ['--config', 'bide.config.mjs', ...args],
  });
  const client = createClient({ url: server.url, key: server.key });
  const bodies = Array.from({ length: JOBS }, (_, name) => {
    return { type: 'call', input: { name }, limit: { key: 'upstream', concurrency: 1 }, retry: { attempts: 1 } };
  });
  const ids = (await client.submitMany(bodies)).map(({ job }) => job?.id ?? '');
  for (const id of ids) {
    const { job } = await client.wait(id);
    assert.deepEqual([job.state, job.attempt], ['succeeded', 1]);
  }
  const lines = readFileSync(join(folder, 'ran.txt'), 'utf8').trim().split('\n');
  const [first, ...others] = lines.map((line) => line.split(' '));
  assert.deepEqual(first?.slice(0, 4), ['later', '0', '1', 'false']);
  assert.deepEqual(
    others.map((words) => words.slice(0, 4)),
    [0, 1, 2, 3].map((name) => ['ran', String(name), '1', 'false']),
  );
  const waitedMs = others.map((words) => Number(words[4]) - Number(first?.[4]));
  assert.ok(
    waitedMs.every((ms) => ms >= LATER_MS),
    `began ${waitedMs} ms after it was said`,
  );
}
