/** The vendor's own client, unchanged but for its base URL and its key, against a real server over real sockets. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import Replicate, { type Prediction, validateWebhook } from 'replicate';
import { createClient, runWorker } from '../../src/client/index.ts';
import { blocksOf, documentOf, runCode } from '../process/doc-blocks.ts';
import { type ServerProcess, startServer } from '../process/server-process.ts';

const CONFIG = `export default { types: {
  sum: async ({ numbers }, job) => {
    job.log('adding ' + numbers.length + ' numbers');
    return numbers.reduce((sum, one) => sum + one, 0);
  },
  fail: async () => { throw new Error('no such prompt'); },
  story: async function* ({ words }) { for (const word of words) yield word; },
  report: async (_input, job) => { job.log('half of it'); job.emit('a'); job.emit('b'); job.progress(50); return null; },
  far: { kind: 'remote' },
}, deliveries: { allowPrivateAddresses: true } };
`;

const folder = mkdtempSync(join(tmpdir(), 'bide-replicate-'));
const config = join(folder, 'bide.config.mjs');
writeFileSync(config, CONFIG);

let server: ServerProcess;
let replicate: Replicate;

before(async () => {
  server = await startServer({ data: join(folder, 'data'), cwd: folder, args: ['--config', config] });
  replicate = new Replicate({ baseUrl: `${server.url}/replicate/v1`, auth: server.key });
});

after(async () => {
  await server.end('SIGTERM');
  rmSync(folder, { recursive: true, force: true });
});

describe('the client of Replicate', () => {
  test('run by a model, by a version, and by polling gives the output', async () => {
    const input = { numbers: [1, 2, 3] };
    assert.equal(await replicate.run('bide/sum', { input }), 6);
    assert.equal(await replicate.run('any/name:sum', { input }), 6);
    const seen: string[] = [];
    const wait = { mode: 'poll', interval: 20 } as const;
    assert.equal(await replicate.run('bide/sum', { input, wait }, ({ status }) => seen.push(status)), 6);
    assert.equal(seen.at(-1), 'succeeded');
    assert.deepEqual(await replicate.run('bide/story', { input: { words: ['Once', ' upon'] } }), ['Once', ' upon']);
  });

  test('the recipe of docs/dialects/replicate.md runs', async () => {
    const [recipe = ''] = blocksOf(documentOf('docs/dialects/replicate.md'), 'ts recipe');
    const printed: string[] = [];
    const env = { BIDE_URL: server.url, BIDE_KEY: server.key };
    const names = { Replicate, process: { env, stdout: { write: (text: string) => printed.push(text) } } };
    assert.deepEqual(
      [await runCode(recipe, names, 'output'), printed],
      [
        ['a', 'b'],
        ['Once', ' upon'],
      ],
    );
  });

  test('run throws the error of a prediction that failed', async () => {
    await assert.rejects(replicate.run('bide/fail', { input: {} }), /Prediction failed: no such prompt/);
  });

  test('predictions are created, waited for and read, with logs and metrics', async () => {
    const created = await replicate.predictions.create({ version: 'sum', input: { numbers: [20, 22] } });
    const done = await replicate.wait(created, { interval: 20 });
    assert.deepEqual([done.id, done.status, done.output, done.model], [created.id, 'succeeded', 42, 'bide/sum']);
    const read = await replicate.predictions.get(created.id);
    assert.equal(read.logs, 'adding 2 numbers\n');
    assert.deepEqual(read.input, { numbers: [20, 22] });
    assert.equal(typeof read.metrics?.predict_time, 'number');
  });

  test('a deployment is a type, and its create may wait', async () => {
    const options = { input: { numbers: [5] }, wait: 20 };
    const prediction = await replicate.deployments.predictions.create('acme', 'sum', options);
    assert.deepEqual([prediction.status, prediction.output, prediction.model], ['succeeded', 5, 'acme/sum']);
  });

  test('stream brings what is emitted, then done; an error of the prediction is thrown', async () => {
    const events: string[] = [];
    const words = ['Once', ' upon\na', '', ' time'];
    for await (const { event, data } of replicate.stream('bide/story', { input: { words } })) {
      events.push(`${event} ${data}`);
    }
    assert.deepEqual(events, [...words.map((word) => `output ${word}`), 'done {}']);
    await assert.rejects(async () => {
      for await (const _ of replicate.stream('bide/fail', { input: {} }));
    }, /no such prompt/);
  });

  test('predictions are listed page by page, newest first', async () => {
    const ids: string[] = [];
    for (let number = 0; number < 120; number += 1)
      ids.push((await replicate.predictions.create({ version: 'far', input: { number } })).id);
    const listed: string[] = [];
    for await (const page of replicate.paginate(replicate.predictions.list)) listed.push(...page.map(({ id }) => id));
    assert.deepEqual(listed.slice(0, 120), ids.toReversed());
    assert.ok(listed.length > 120);
    assert.equal(new Set(listed).size, listed.length);
  });

  test('models, versions and deployments are the types', async () => {
    const { results } = await replicate.models.list();
    assert.deepEqual(results.map(({ owner, name }) => `${owner}/${name}`).sort(), [
      'bide/fail',
      'bide/far',
      'bide/report',
      'bide/story',
      'bide/sum',
    ]);
    const model = await replicate.models.get('bide', 'sum');
    assert.equal(model.latest_version?.id, 'sum');
    assert.equal((await replicate.models.versions.get('bide', 'sum', 'sum')).id, 'sum');
    assert.equal((await replicate.deployments.get('acme', 'sum')).current_release.version, 'sum');
  });

  test('a file in the input is sent within it', async () => {
    const input = { file: new Blob(['Hello'], { type: 'text/plain' }) };
    const prediction = await replicate.predictions.create({ version: 'far', input });
    assert.deepEqual(prediction.input, { file: 'data:text/plain;base64,SGVsbG8=' });
    await replicate.predictions.cancel(prediction.id);
  });

  test('webhooks are told what was asked for, and validateWebhook takes their signature and no other', async () => {
    await using receiver = await receive();
    const { key } = await replicate.webhooks.default.secret.get();
    const told = receiver.until((bodies) => bodies.some(({ status }) => status === 'succeeded'));
    const webhook_events_filter = ['start', 'logs', 'completed'] as const;
    const { id } = await replicate.predictions.create({
      version: 'report',
      input: { n: 1 },
      webhook: receiver.url,
      webhook_events_filter: [...webhook_events_filter],
    });
    const requests = await told;
    assert.equal(requests[0]?.body.status, 'processing');
    const last = requests.at(-1);
    assert.ok(last !== undefined);
    const read = await replicate.predictions.get(id);
    const { stream: _, ...urls } = read.urls;
    assert.deepEqual(last.body, { ...read, urls });
    assert.deepEqual([read.output, read.logs], [['a', 'b'], 'half of it\n']);
    for (const { headers, raw } of requests) {
      const message = {
        id: String(headers['webhook-id']),
        timestamp: String(headers['webhook-timestamp']),
        signature: String(headers['webhook-signature']),
        body: raw,
        secret: key,
      };
      assert.equal(await validateWebhook(message), true);
      assert.equal(await validateWebhook({ ...message, body: `${raw} ` }), false);
    }
  });

  test('a webhook that asks for the end alone is told of nothing else', async () => {
    await using receiver = await receive();
    const told = receiver.until((bodies) => bodies.length > 0);
    await replicate.run('bide/report', {
      input: {},
      webhook: receiver.url,
      webhook_events_filter: ['completed'],
    });
    assert.deepEqual(
      (await told).map(({ body }) => body.status),
      ['succeeded'],
    );
  });

  test('a prediction is cancelled, and an unknown one is refused', async () => {
    const { id } = await replicate.predictions.create({ model: 'bide/far', input: {} });
    assert.equal((await replicate.predictions.cancel(id)).status, 'canceled');
    const unknown = '01912c5e-0000-7000-8000-000000000001';
    await assert.rejects(replicate.predictions.get(unknown), /404.*The requested resource could not be found/);
  });
});

describe('the client of Replicate while the server restarts', () => {
  test('a run that is held, and then polls, ends with the right answer', async () => {
    const data = join(folder, 'restarted');
    const args = ['--config', config];
    const first = await startServer({ data, cwd: folder, args });
    const port = new URL(first.url).port;
    // While nobody listens the client's requests wait, as they do at a load balancer.
    let isUp = Promise.withResolvers<void>();
    isUp.resolve();
    const fetchWhenUp: typeof fetch = async (input, init) => {
      await isUp.promise;
      return fetch(input, init);
    };
    const client = new Replicate({ baseUrl: `${first.url}/replicate/v1`, auth: first.key, fetch: fetchWhenUp });
    const held = Promise.withResolvers<Prediction>();
    const running = client.run('bide/far', { input: {} }, (prediction) => held.resolve(prediction));
    const { id } = await firstPrediction(client);
    isUp = Promise.withResolvers<void>();
    await first.end('SIGTERM');
    const answered = await held.promise;
    assert.deepEqual([answered.id, answered.status], [id, 'starting']);
    await using second = await startServer({ data, cwd: folder, args: [...args, '--port', port] });
    assert.equal(second.url, first.url);
    isUp.resolve();
    const stop = new AbortController();
    const bide = createClient({ url: second.url, key: second.key });
    const handle = async () => 'done';
    const working = runWorker(bide, { types: ['far'], handle, signal: stop.signal, name: 'the tests' });
    assert.equal(await running, 'done');
    stop.abort();
    await working;
  });
});

async function firstPrediction(client: Replicate): Promise<Prediction> {
  for (;;) {
    const [first] = (await client.predictions.list()).results;
    if (first !== undefined) return first;
  }
}

interface Received {
  readonly headers: Readonly<Record<string, unknown>>;
  readonly raw: string;
  readonly body: Prediction;
}

/** A receiver of webhooks, which answers 200. */
async function receive() {
  const received: Received[] = [];
  let look = () => {};
  const listener = createServer(async (request, response) => {
    const raw = await text(request);
    received.push({ headers: request.headers, raw, body: JSON.parse(raw) as Prediction });
    response.end();
    look();
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  return {
    url: `http://127.0.0.1:${(listener.address() as AddressInfo).port}/hook`,
    until: (condition: (bodies: readonly Prediction[]) => boolean) =>
      new Promise<readonly Received[]>((resolve) => {
        look = () => {
          if (condition(received.map(({ body }) => body))) resolve(received);
        };
      }),
    async [Symbol.asyncDispose]() {
      listener.closeAllConnections();
      listener.close();
      await once(listener, 'close');
    },
  };
}
