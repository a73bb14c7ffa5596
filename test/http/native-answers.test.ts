/** Answers that are large, or that nobody reads: they end early, come in slices, are refused past a bound, and are cut. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { describe, test } from 'node:test';
import { DEFAULT_LIMITS } from '../../src/core/limits.ts';
import { createWorker } from '../../src/dialects/contract-suite/stage.ts';
import { createListener } from '../../src/http/listener.ts';
import { TENANT } from '../engine/engine-fixture.ts';
import { type HttpFixture, type Listening, openHttp, openListening } from './http-fixture.ts';

const KIB = 1_024;
const MIB = 1_024 * KIB;

async function finished(http: HttpFixture, bytes: number, contentType = 'application/json'): Promise<string> {
  const id = await http.submit('task');
  const worker = createWorker(http.on.engine, TENANT);
  await worker.succeedWith(await worker.claim('task'), contentType, Buffer.from(`"${'x'.repeat(bytes - 2)}"`));
  return id;
}

async function finishedMany(http: HttpFixture, count: number, bytes: number): Promise<string[]> {
  const ids: string[] = [];
  for (let made = 0; made < count; made += 1) ids.push(await finished(http, bytes));
  return ids;
}

/** A request whose answer is not read; resolves once its first bytes are there. */
async function unread(http: Listening, path: string): Promise<Socket> {
  const socket = connect(http.port, '127.0.0.1');
  await once(socket, 'connect');
  socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${http.keys.admin}\r\n\r\n`);
  await once(socket, 'readable');
  return socket;
}

describe('an answer about many jobs', () => {
  test('that is a page of a list ends early where results are large, and its cursor goes on', async () => {
    await using http = await openHttp({ limits: { pageBytesMax: 64 * KIB } });
    const ids = await finishedMany(http, 8, 20 * KIB);
    const seen: string[] = [];
    let pages = 0;
    for (let cursor: unknown = ''; cursor !== null; pages += 1) {
      const answer = await http.call('GET', `/v1/jobs?limit=100${cursor === '' ? '' : `&cursor=${cursor}`}`);
      assert.ok(answer.text.length < 80 * KIB, `${answer.text.length} bytes`);
      const { jobs, next } = answer.json() as unknown as { jobs: { id: string; result: string }[]; next: unknown };
      for (const { id, result } of jobs) {
        seen.push(id);
        assert.equal(result.length, 20 * KIB - 2);
      }
      cursor = next;
    }
    assert.deepEqual(seen, ids.reverse());
    assert.ok(pages >= 3, `${pages} pages`);
  });

  test('that is a wait leaves out results past the limit, as those of large ones', async () => {
    await using http = await openHttp({ limits: { pageBytesMax: 64 * KIB } });
    const ids = await finishedMany(http, 8, 20 * KIB);
    const answer = await http.call('POST', '/v1/jobs/wait', { body: { ids } });
    assert.ok(answer.text.length < 80 * KIB, `${answer.text.length} bytes`);
    const { jobs } = answer.json() as unknown as { jobs: { state: string; result: string | null }[] };
    assert.ok(jobs.every(({ state }) => state === 'succeeded'));
    assert.equal(jobs.filter(({ result }) => result !== null).length, 3);
    assert.equal((await http.call('GET', `/v1/jobs/${ids[7]}/result`)).bytes.length, 20 * KIB);
  });
});

describe('a large result', () => {
  test('comes whole though it is read in slices', async () => {
    await using http = await openListening();
    const id = await finished(http, 5 * MIB + 3, 'text/plain');
    const answer = await fetch(`${http.url}/v1/jobs/${id}/result`, {
      headers: { authorization: `Bearer ${http.keys.admin}` },
    });
    assert.equal(answer.headers.get('content-length'), String(5 * MIB + 3));
    assert.equal(await answer.text(), `"${'x'.repeat(5 * MIB + 1)}"`);
  });

  test('is read only as far as it is asked for', async () => {
    await using http = await openHttp();
    const id = await finished(http, 3 * MIB, 'text/plain');
    const sliced: unknown[] = [];
    const { readResult } = http.on.store;
    http.on.store.readResult = async (batch) => {
      const contents = await readResult(batch);
      sliced.push(...contents.map((content) => content?.bytes.byteLength));
      return contents;
    };
    const answer = await http.call('GET', `/v1/jobs/${id}/result`, { headers: { range: 'bytes=0-0' } });
    assert.deepEqual([answer.status, answer.text, answer.headers['content-range']], [206, '"', `bytes 0-0/${3 * MIB}`]);
    assert.deepEqual(sliced, [1]);
  });
});

describe('answers that nobody reads', () => {
  test('are refused past the bound of their tenant, not of others, until they are read or gone', async () => {
    await using http = await openListening({ limits: { answerBytesPerTenantMax: 5 * MIB } });
    const id = await finished(http, 12 * MIB, 'text/plain');
    const path = `/v1/jobs/${id}/result`;
    // Two slices each.
    const first = await unread(http, path);
    const second = await unread(http, path);
    const refused = await http.call('GET', path);
    assert.deepEqual([refused.status, refused.json().code], [503, 'TOO_MANY_ANSWERS']);
    assert.match(String(refused.headers['retry-after']), /^\d+$/);
    const small = await http.call('GET', `/v1/jobs/${id}`);
    assert.equal(small.status, 200);
    const foreign = await http.call('GET', path, { key: http.keys.foreigner });
    assert.equal(foreign.status, 404);
    first.destroy();
    second.destroy();
    const taken = async () => (await http.call('GET', path)).status === 200;
    // The server hears of their end from the network.
    while (!(await taken())) await new Promise((resolve) => setImmediate(resolve));
  });

  test('are cut when nothing of them is taken, and a quiet held request is not', async () => {
    const held = Promise.withResolvers<ServerResponse>();
    const cut = Promise.withResolvers<void>();
    const listener = createListener({
      limits: { ...DEFAULT_LIMITS, answerStallMs: 1_000 },
      handle(request, response) {
        if (request.url === '/held') return held.resolve(response);
        response.once('close', () => cut.resolve());
        response.end(Buffer.alloc(32 * MIB));
      },
      malformed: () => ({ status: 400, contentType: 'text/plain', body: '' }),
    });
    const url = await listener.listen({ host: '127.0.0.1', port: 0 });
    const waiting = fetch(`${url}/held`);
    const response = await held.promise;
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.on('error', () => {});
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await cut.promise;
    response.end('there');
    assert.equal(await (await waiting).text(), 'there');
    socket.destroy();
    await listener.close();
  });
});
