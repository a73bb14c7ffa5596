/** A batch of a file on two nodes that share a PostgreSQL: the one that works on it is killed, and the other goes on with it. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import OpenAI, { toFile } from 'openai';
import type { Batch } from 'openai/resources/batches';
import { createClient } from '../../src/client/index.ts';
import { type ServerProcess, startServer } from '../process/server-process.ts';
import { startTestServer, type TestServer } from './server.ts';

const LINES = 500;
const folder = mkdtempSync(join(tmpdir(), 'bide-batch-nodes-'));
const config = join(folder, 'bide.config.mjs');
writeFileSync(
  config,
  `export default {
  types: { shout: { run: async (text) => text.toUpperCase(), slots: 20 } },
  limits: { leaseMs: 2_000 },
};
`,
);

let postgres: TestServer;
let database: readonly string[];
const nodes: ServerProcess[] = [];

before(async () => {
  postgres = await startTestServer({ isDurable: false });
  database = ['--database', await postgres.createDatabase()];
});

after(async () => {
  for (const node of nodes) await node.end('SIGTERM');
  await postgres.end();
  rmSync(folder, { recursive: true, force: true });
});

async function started(): Promise<ServerProcess> {
  // One data folder: the key of the first is the key of both.
  const node = await startServer({
    data: join(folder, 'data'),
    cwd: folder,
    args: ['--config', config, ...database],
  });
  nodes.push(node);
  return node;
}

const clientOf = ({ url }: ServerProcess, apiKey: string) =>
  new OpenAI({ baseURL: `${url}/openai/v1`, apiKey, maxRetries: 0 });

async function until(openai: OpenAI, id: string, isWanted: (batch: Batch) => boolean): Promise<Batch> {
  for (;;) {
    const batch = await openai.batches.retrieve(id);
    if (isWanted(batch)) return batch;
    await setImmediate();
  }
}

test('another node goes on with the batch of one that was killed, and each line has run to one answer', async () => {
  const first = await started();
  const second = await started();
  const [here, there] = [clientOf(first, first.key), clientOf(second, first.key)];
  const text = Array.from({ length: LINES }, (_, at) =>
    JSON.stringify({
      custom_id: `line-${at}`,
      method: 'POST',
      url: '/v1/responses',
      body: { model: 'shout', input: `word ${at}` },
    }),
  ).join('\n');
  const file = await here.files.create({ file: await toFile(Buffer.from(text), 'x.jsonl'), purpose: 'batch' });
  const draft = { input_file_id: file.id, endpoint: '/v1/responses', completion_window: '24h' } as const;
  const { id } = await here.batches.create(draft);
  await until(there, id, ({ request_counts: counts }) => (counts?.completed ?? 0) > 0);
  await first.end('SIGKILL');
  const batch = await until(there, id, ({ status }) => status === 'completed' || status === 'failed');
  assert.deepEqual(
    [batch.status, batch.request_counts],
    ['completed', { total: LINES, completed: LINES, failed: 0 }],
    JSON.stringify(batch.errors),
  );
  const output = (await (await there.files.content(batch.output_file_id ?? '')).text()).trimEnd().split('\n');
  assert.deepEqual(
    output.map((line) => JSON.parse(line).custom_id),
    Array.from({ length: LINES }, (_, at) => `line-${at}`),
  );
  let jobs = 0;
  for await (const _ of createClient({ url: second.url, key: first.key }).list({ types: ['shout'] })) jobs += 1;
  assert.equal(jobs, LINES);
});
