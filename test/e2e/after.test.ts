/** Jobs that come after others, as the client, workers, functions in threads and the command line see them, against a real server. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Client, createClient, runWorker } from '../../src/client/index.ts';
import { type ServerProcess, startServer } from '../process/server-process.ts';
import { callBide } from './call-bide.ts';

const folder = mkdtempSync(join(tmpdir(), 'bide-after-'));
const data = join(folder, 'data');
writeFileSync(
  join(folder, 'bide.config.mjs'),
  `export default { types: {
    one: (input) => input,
    sum: async (_, job) => (await job.parents()).reduce((sum, { result }) => sum + result, 0),
    far: { kind: 'remote' },
  } };`,
);
let server: ServerProcess;
let client: Client;

before(async () => {
  server = await startServer({ data, cwd: folder, args: ['--config', 'bide.config.mjs'] });
  client = createClient({ url: server.url, key: server.key });
});

after(async () => {
  await server.end('SIGTERM');
  rmSync(folder, { recursive: true, force: true });
});

const run = (line: readonly string[]) => callBide([...line, '--data', data]);

async function submitted(...line: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run(['submit', ...line]);
  assert.equal(code, 0, stderr);
  return stdout.trim();
}

test('functions in threads and remote workers get the results of the jobs that theirs comes after', async () => {
  const ids = [await submitted('one', '--input', '1'), await submitted('one', '--input', '2')];
  const named = ids.flatMap((id) => ['--after', id]);
  const sum = await submitted('sum', ...named);
  const far = await submitted('far', ...named);
  assert.equal((await client.wait(sum)).job.result, 3);
  const stop = new AbortController();
  const working = runWorker(client, {
    types: ['far'],
    signal: stop.signal,
    handle: async (_, context) => (await context.parents()).map((parent) => 'result' in parent && parent.result),
  });
  assert.deepEqual((await client.wait(far)).job.result, [1, 2]);
  stop.abort();
  await working;
  assert.deepEqual(
    (await client.parents(sum)).map(({ id }) => id),
    ids,
  );
  const found: string[] = [];
  for await (const { id } of client.children(ids[0] ?? '', { pageSize: 1 })) found.push(id);
  assert.deepEqual(found, [sum, far]);
});

test('bide lists parents and children, and status says what a job waits for', async () => {
  const parent = await submitted('far', '--delay', '1h');
  assert.match((await run(['parents', parent])).stderr, /comes after none/);
  assert.match((await run(['children', parent])).stderr, /None comes after/);
  const other = await submitted('one');
  const child = await submitted('one', '--after', parent, '--after-policy', 'final');
  const both = await submitted('one', '--after', parent, '--after', other);
  assert.match((await run(['status', child])).stdout, new RegExp(`waits for  the end of ${parent}`));
  assert.match((await run(['status', both])).stdout, /waits for {2}the end of 2 jobs/);
  const shown = await run(['parents', both]);
  assert.deepEqual(
    shown.stdout
      .split('\n')
      .slice(1, 3)
      .map((line) => line.slice(0, 18)),
    [parent, other].map((id) => id.slice(0, 18)),
  );
  const lines = (await run(['children', parent, '--json', '--limit', '1'])).stdout.trim().split('\n');
  assert.deepEqual(
    lines.map((line) => (JSON.parse(line) as { id: string }).id),
    [child],
  );
  await client.cancel(parent);
  const failed = (await client.wait(both)).job;
  assert.deepEqual([failed.state, failed.error?.code], ['failed', 'PARENT_FAILED']);
  assert.equal((await client.wait(child)).job.state, 'succeeded');
  assert.equal((await run(['parents', '01900000-0000-7000-8000-000000000000'])).code, 3);
});
