/** A bulk cancel whose server is killed in the middle, twice: it goes on by itself, and its numbers are right. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Client, createClient } from '../../src/client/index.ts';
import { startServer } from '../process/server-process.ts';

const JOBS = 5_000;
const CONFIG =
  "export default { limits: { leaseMs: 1_000, sweepIntervalMs: 50 }, types: { far: { kind: 'remote' } } };\n";

const cancelled = async (client: Client) => (await client.counts({ types: ['far'] })).total.cancelled;

test('a bulk cancel of 5,000 jobs that is killed in the middle ends right', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'bide-bulk-kill-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'bide.config.mjs'), CONFIG);
  const start = () => startServer({ data: join(folder, 'data'), cwd: folder, args: ['--config', 'bide.config.mjs'] });
  const seen: number[] = [];
  let id = '';
  for (let round = 0; round < 2; round += 1) {
    await using server = await start();
    const client = createClient({ url: server.url, key: server.key });
    if (id === '') {
      await client.submitMany(
        Array.from({ length: JOBS }, (_, index) => ({ type: 'far', tags: { part: `${index % 7}` } })),
      );
      await client.submit({ type: 'far', tags: { part: 'other' }, delayMs: 3_600_000 });
      id = (await client.bulk('cancel', { types: ['far'], states: ['queued'] })).id;
    }
    const before = await cancelled(client);
    while ((await cancelled(client)) === before) assert.equal((await client.get(id)).finishedAt, null);
    await server.end('SIGKILL');
    seen.push(before);
  }
  await using server = await start();
  const client = createClient({ url: server.url, key: server.key });
  seen.push(await cancelled(client));
  const { job } = await client.wait(id);
  t.diagnostic(`cancelled at each start: ${seen.join(', ')}; attempts ${job.attempt}`);
  assert.ok(seen.at(-1) !== undefined && (seen.at(-1) ?? 0) < JOBS && (seen.at(1) ?? 0) > 0, 'killed in the middle');
  assert.deepEqual([job.state, job.result], ['succeeded', { action: 'cancel', changed: JOBS, skipped: 0, failed: 0 }]);
  const { waiting, cancelled: ended } = (await client.counts({ types: ['far'] })).total;
  assert.deepEqual({ waiting, ended }, { waiting: 1, ended: JOBS });
  const deeds = [];
  for await (const { deed, target, count } of client.audit()) deeds.push([deed, target, count]);
  assert.deepEqual(deeds, [['bulk.cancel', id, JOBS]]);
});
