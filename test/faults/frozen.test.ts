/** A process that is stopped for several leases (SIGSTOP) and goes on: on a data folder its jobs are its own and finish at their first attempt. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const INDEX = new URL('../../src/index.ts', import.meta.url).href;
/** More than the two leases after which the sweeper used to take a job from its own process. */
const FROZEN_S = 3.5;

const program = (folder: string) => `
  import { openBide } from ${JSON.stringify(INDEX)};
  const go = Promise.withResolvers();
  const type = { run: async () => { process.send('running'); await go.promise; return 1; } };
  const bide = await openBide({ types: { slow: type }, limits: { leaseMs: 1_000 } }, { data: ${JSON.stringify(folder)} });
  process.once('message', () => go.resolve());
  process.once('SIGCONT', () => bide.engine.clock.after(2_500, () => process.send('two sweeps later')));
  const { id } = await bide.submit('slow', null);
  const job = await bide.wait(id);
  await bide.close();
  process.send([job.state, job.attempt], () => process.disconnect());`;

test('a job is not lost when its process is stopped for several leases, and it ends at its first attempt', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'bide-frozen-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', program(folder)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  t.after(() => child.kill('SIGKILL'));
  assert.deepEqual(await once(child, 'message'), ['running', undefined]);
  const later = once(child, 'message');
  // The kernel's time, which no fake clock turns.
  await once(spawn('sh', ['-c', `kill -STOP ${child.pid}; sleep ${FROZEN_S}; kill -CONT ${child.pid}`]), 'exit');
  assert.equal((await later)[0], 'two sweeps later');
  const told = once(child, 'message');
  child.send('go');
  assert.deepEqual((await told)[0], ['succeeded', 1]);
});
