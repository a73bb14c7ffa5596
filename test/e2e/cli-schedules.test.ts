/** `bide schedules` against a server whose config has one, end to end. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createClient } from '../../src/client/index.ts';
import { bide as runBide } from '../process/bide-command.ts';
import { startServer } from '../process/server-process.ts';

const configOf = (schedules: string) =>
  `export default { types: { task: { run: () => 1 } }, schedules: ${schedules} };`;

test('schedules are set, shown, paused, run and removed by the command line; those of the config come and go with it', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'bide-schedules-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const write = (schedules: string) => writeFileSync(join(folder, 'bide.config.mjs'), configOf(schedules));
  const options = { data: join(folder, 'data'), cwd: folder, args: ['--config', 'bide.config.mjs'] };
  write(`{ yearly: { cron: '@yearly', timeZone: 'Asia/Tokyo', job: { type: 'task' } } }`);
  {
    await using server = await startServer(options);
    const bide = (...args: readonly string[]) =>
      runBide(['schedules', ...args], { env: { BIDE_URL: server.url, BIDE_KEY: server.key } });
    const set = await bide(
      'set',
      'often',
      '--cron',
      '0 3 29 2 *',
      '--zone',
      'Europe/Berlin',
      '--type',
      'task',
      '--overlap',
      'skip',
    );
    assert.equal(set.code, 0, set.stderr);
    assert.match(set.stdout, /often +0 3 29 2 \* +Europe\/Berlin +task +20\d\d-02-29T02:00:00.000Z/);
    const job = ['--type', 'task', '--limit-key', 'k', '--limit-rate', '5/1m', '--unique', 'u', '--deadline', '1h'];
    const whole = await bide('set', 'whole', '--cron', '@daily', ...job, '--start', '2030-01-31T12:00:00Z', '--json');
    assert.equal(whole.code, 0, whole.stderr);
    const limit = { key: 'k', rate: { count: 5, perMs: 60_000 } };
    const unique = { key: 'u', mode: 'reject' };
    const put = JSON.parse(whole.stdout);
    assert.deepEqual(put.job, { type: 'task', deadlineMs: 3_600_000, limit, unique });
    assert.equal(put.startAt, '2030-01-31T12:00:00.000Z');
    assert.match(
      (await bide('set', 'x', '--cron', '@daily', '--type', 'task', '--limit-rate', '1/1s')).stderr,
      /go with/,
    );
    assert.match((await bide('list')).stdout, /yearly +@yearly +Asia\/Tokyo/);
    assert.match((await bide('pause', 'often')).stdout, /paused/);
    const id = (await bide('run', 'often')).stdout.trim();
    assert.match((await bide('runs', 'often')).stdout, new RegExp(`^\\S+Z \\w+ ${id}`));
    assert.match((await bide('resume', 'often', '--json')).stdout, /"paused":false/);
    const refused = await bide('remove', 'yearly');
    assert.match(refused.stderr, /config/);
    for (const name of ['often', 'whole']) assert.equal((await bide('remove', name)).code, 0);
    assert.match((await bide('set', 'x', '--cron', '0 0 30 2 *', '--type', 'task')).stderr, /No date fits/);
    assert.match((await bide('resum', 'x')).stderr, /did you mean `bide schedules resume`/);
    assert.equal(await server.end('SIGTERM'), 0);
  }
  write('{}');
  await using server = await startServer(options);
  const left: string[] = [];
  for await (const { name } of createClient({ url: server.url, key: server.key }).schedules.list()) left.push(name);
  assert.deepEqual(left, []);
});
