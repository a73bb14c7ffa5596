/** A server that is killed in the middle of a batch, again and again: each line has run to one answer, and the client ends with all of them. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import OpenAI, { toFile } from 'openai';
import type { Batch } from 'openai/resources/batches';
import { createClient } from '../../src/client/index.ts';
import { type ServerProcess, startServer } from '../process/server-process.ts';

const LINES = 3_000;
const CONFIG = `export default {
  types: { shout: { run: async (text) => text.toUpperCase(), slots: 50 } },
};
`;

const folder = mkdtempSync(join(tmpdir(), 'bide-batch-restart-'));
const config = join(folder, 'bide.config.mjs');
writeFileSync(config, CONFIG);
let server: ServerProcess;
after(async () => {
  await server.end('SIGTERM');
  rmSync(folder, { recursive: true, force: true });
});

const start = () => startServer({ data: join(folder, 'data'), cwd: folder, args: ['--config', config] });
const clientOf = ({ url, key }: ServerProcess) =>
  new OpenAI({ baseURL: `${url}/openai/v1`, apiKey: key, maxRetries: 0 });

/** Asks until it is as wanted. */
async function until(openai: OpenAI, id: string, isWanted: (batch: Batch) => boolean): Promise<Batch> {
  for (;;) {
    const batch = await openai.batches.retrieve(id);
    if (isWanted(batch)) return batch;
    await setImmediate();
  }
}

/** Moments of a batch at which the server is killed. */
const MOMENTS: readonly [string, (batch: Batch) => boolean][] = [
  ['at once', () => true],
  ['while lines are submitted', ({ request_counts: counts }) => (counts?.completed ?? 0) > 0],
  ['in the middle', ({ request_counts: counts }) => (counts?.completed ?? 0) > LINES / 2],
  ['while the output is written', ({ status }) => status === 'finalizing' || status === 'completed'],
];

test('a batch of 3,000 lines outlives four kills of its server', async (t) => {
  server = await start();
  let openai = clientOf(server);
  const text = Array.from({ length: LINES }, (_, at) =>
    JSON.stringify({
      custom_id: `line-${at}`,
      method: 'POST',
      url: '/v1/responses',
      body: { model: 'shout', input: `word ${at}` },
    }),
  ).join('\n');
  const file = await openai.files.create({ file: await toFile(Buffer.from(text), 'x.jsonl'), purpose: 'batch' });
  const draft = { input_file_id: file.id, endpoint: '/v1/responses', completion_window: '24h' } as const;
  const { id } = await openai.batches.create(draft);
  for (const [when, isMoment] of MOMENTS) {
    const seen = await until(openai, id, isMoment);
    await server.end('SIGKILL');
    t.diagnostic(`killed ${when}: ${seen.status} ${JSON.stringify(seen.request_counts)}`);
    server = await start();
    openai = clientOf(server);
  }
  const batch = await until(openai, id, ({ status }) => status === 'completed' || status === 'failed');
  assert.deepEqual(
    [batch.status, batch.request_counts, batch.error_file_id],
    ['completed', { total: LINES, completed: LINES, failed: 0 }, null],
  );
  const output = (await (await openai.files.content(batch.output_file_id ?? '')).text()).trimEnd().split('\n');
  assert.deepEqual(
    output
      .map((line) => JSON.parse(line))
      .map(({ custom_id, response }) => [custom_id, response.body.output[0].content[0].text]),
    Array.from({ length: LINES }, (_, at) => [`line-${at}`, `WORD ${at}`]),
  );
  const outputs: string[] = [];
  for await (const one of openai.files.list({ purpose: 'batch_output' })) outputs.push(one.id);
  assert.deepEqual(outputs, [batch.output_file_id]);
  let jobs = 0;
  for await (const _ of createClient({ url: server.url, key: server.key }).list({ types: ['shout'] })) jobs += 1;
  assert.equal(jobs, LINES);
});
