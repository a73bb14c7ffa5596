/** `bide limits` and the limit of `bide submit` against a server, end to end. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createClient } from '../../src/client/index.ts';
import { bide as runBide } from '../process/bide-command.ts';
import { startServer } from '../process/server-process.ts';

test('limits are set, shown, closed, opened and removed by the command line; jobs behind a closed key wait', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'bide-limits-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(
    join(folder, 'bide.config.mjs'),
    'export default { types: { echo: { run: (input) => input, agingMs: 60000, limit: { key: () => null, concurrency: 2 } } } };',
  );
  await using server = await startServer({
    data: join(folder, 'data'),
    cwd: folder,
    args: ['--config', 'bide.config.mjs'],
  });
  const client = createClient({ url: server.url, key: server.key });
  const bide = (...args: readonly string[]) => runBide(args, { env: { BIDE_URL: server.url, BIDE_KEY: server.key } });

  const closed = await bide('limits', 'close', 'up/stream');
  assert.equal(closed.code, 0, closed.stderr);
  assert.match(closed.stdout, /up\/stream .* until opened/);
  const submit = ['submit', 'echo', '--limit-key', 'up/stream', '--limit-concurrency', '3', '--limit-rate', '5/1m'];
  const id = (await bide(...submit)).stdout.trim();
  const shown = await bide('limits', 'show', 'up/stream');
  assert.match(shown.stdout, /up\/stream +3 +5\/1m +0 +1 +jobs +until opened/);
  assert.match((await bide('limits', 'close', 'up/stream', '--for', '1h')).stdout, /until 2\d\d\d-/);
  assert.match((await bide('limits', 'set', 'up/stream', '--rate', '100/1s')).stdout, / - +100\/1s .* call /);
  assert.equal((await client.get(id)).state, 'queued');
  const status = (await bide('status', id)).stdout;
  assert.match(status, /^limit +up\/stream, 3 at once, 5\/1m starts$/m);
  assert.match(status, /^waits for +its limit: the key up\/stream is closed until 2\d\d\d-\S+Z$/m);
  assert.match((await bide('types')).stderr, /^echo: 2 at once for each key; a priority higher by one counts 1m$/m);
  assert.match((await bide('limits', 'open', 'up/stream', '--json')).stdout, /"closed":false/);
  assert.equal((await client.wait(id, { timeoutMs: 20_000 })).job.state, 'succeeded');
  assert.match((await bide('limits', 'list')).stdout, /up\/stream +- +100\/1s/);
  assert.equal((await bide('limits', 'remove', 'up/stream')).code, 0);

  assert.match((await bide('limits', 'show', 'up/stream')).stderr, /no limit|no key/i);
  assert.match((await bide('limits', 'clos', 'x')).stderr, /did you mean `bide limits close`/);
  assert.match((await bide('limits', 'set', 'x', '--rate', '100')).stderr, /such as 100\/1m/);
  assert.match((await bide('limits', 'set', 'x')).stderr, /Needs --concurrency/);
  assert.match((await bide('submit', 'echo', '--limit-rate', '1/1s')).stderr, /go with --limit-key/);
});
