/** The server on real sockets: mounts that do not leak, malformed HTTP, clients that go away, and a close that answers everybody. */
import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { Agent, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import { neighbour } from '../../src/dialects/contract-suite/neighbour.ts';
import { createWorker } from '../../src/dialects/contract-suite/stage.ts';
import type { Dialect } from '../../src/http/dialect.ts';
import { createPlay, DONE, TENANT } from '../engine/engine-fixture.ts';
import {
  type HttpFixture,
  type HttpOptions,
  type Listening,
  openListening as listen,
  openHttp,
} from './http-fixture.ts';

/** Sends bytes as they are and resolves with all that comes back until the server closes. */
async function raw(port: number, bytes: string): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1' });
  await once(socket, 'connect');
  socket.write(bytes);
  return text(socket);
}

/** A dialect that answers every request with what it sees of it. */
const mirror: Dialect = {
  ...neighbour,
  name: 'mirror',
  errorBody: (kind, message) => ({ status: 418, body: { mirror: kind, message } }),
  register(app, { publicUrl }) {
    app.get('/*', (request) => ({ url: request.url, original: request.originalUrl, public: publicUrl(request) }));
  },
};

const MOUNTS: HttpOptions['mounts'] = [
  { dialect: mirror, at: { kind: 'prefix', prefix: '/mirror' } },
  { dialect: { ...mirror, router: { ignoreDuplicateSlashes: true } }, at: { kind: 'prefix', prefix: '/loose' } },
  { dialect: mirror, at: { kind: 'host', host: 'mirror.test' } },
];

describe('mounts', () => {
  test('take their prefix off, and only at a whole segment', async () => {
    await using http = await openHttp({ mounts: MOUNTS });
    const at = async (path: string) => (await http.call('GET', path, { headers: { host: 'h:1' } })).json();
    assert.deepEqual(await at('/mirror/a/b?c=d'), {
      url: '/a/b?c=d',
      original: '/a/b?c=d',
      public: 'http://h:1/mirror',
    });
    assert.equal((await at('/mirror')).url, '/');
    assert.equal((await at('/mirror?x=1')).url, '/?x=1');
    assert.equal((await at('/mirrors')).code, 'ROUTE_NOT_FOUND');
  });

  test('read URLs each their own way', async () => {
    await using http = await openHttp({ mounts: MOUNTS });
    const bad = await http.call('GET', '/mirror/%zz');
    assert.deepEqual([bad.status, bad.json().mirror], [418, 'invalid']);
    assert.equal((await http.call('GET', '/loose//a///b')).status, 200);
    assert.equal((await http.call('GET', '//v1//jobs')).status, 404);
  });

  test('under a host name stand at the root of that host', async () => {
    await using http = await openHttp({ mounts: MOUNTS });
    const answer = await http.call('GET', '/v1/jobs', { headers: { host: 'Mirror.Test:8080' } });
    assert.deepEqual([answer.json().url, answer.json().public], ['/v1/jobs', 'http://Mirror.Test:8080']);
  });

  test('tell the configured public URL before any header', async () => {
    await using http = await openHttp({ mounts: MOUNTS, publicUrl: 'https://jobs.example/base/' });
    const answer = await http.call('GET', '/mirror/a', { headers: { host: 'evil.test' } });
    assert.equal(answer.json().public, 'https://jobs.example/base/mirror');
  });

  test('keep what Fastify calls the original URL over a socket', async () => {
    await using http = await listen({ mounts: MOUNTS });
    const seen = (await (await fetch(`${http.url}/mirror/a?b=1`)).json()) as Record<string, string>;
    assert.deepEqual(seen, { url: '/a?b=1', original: '/mirror/a?b=1', public: `${http.url}/mirror` });
  });

  test('answer absolute targets, as proxies send them', async () => {
    await using http = await listen();
    const answer = await raw(
      http.port,
      `GET http://somewhere.test/healthz HTTP/1.1\r\nHost: somewhere.test\r\nConnection: close\r\n\r\n`,
    );
    assert.match(answer, /^HTTP\/1\.1 200 /);
  });
});

const LONG = 'y'.repeat(20_000);
const POST = 'POST /v1/jobs HTTP/1.1\r\nHost: x\r\n';
const END = 'Host: x\r\nConnection: close\r\n\r\n';

function bodyOf(answer: string): Record<string, unknown> {
  return JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4)) as Record<string, unknown>;
}

describe('malformed HTTP', () => {
  for (const [what, bytes, status, code] of [
    ['noise', 'hello there\r\n\r\n', 400, 'INVALID_REQUEST'],
    ['a request without a Host', 'GET / HTTP/1.1\r\n\r\n', 400, 'INVALID_REQUEST'],
    ['two Hosts', 'GET / HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n', 400, 'INVALID_REQUEST'],
    ['two lengths', `${POST}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`, 400, 'INVALID_REQUEST'],
    ['headers without end', `GET / HTTP/1.1\r\nHost: x\r\nX: ${LONG}\r\n\r\n`, 431, 'HEADERS_TOO_LARGE'],
    ['a URL without end', `GET /${LONG} HTTP/1.1\r\nHost: x\r\n\r\n`, 431, 'HEADERS_TOO_LARGE'],
    ['a long id', `GET /v1/jobs/${'y'.repeat(5_000)} HTTP/1.1\r\n${END}`, 400, 'INVALID_REQUEST'],
    ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400, 'INVALID_REQUEST'],
  ] as const) {
    test(`such as ${what} is answered ${status}, in the line and in the body, and closed`, async () => {
      await using http = await listen();
      const answer = await raw(http.port, bytes);
      assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `));
      assert.doesNotMatch(answer, /<html/i);
      assert.ok(answer.length < 2_000, 'what was too long is not sent back');
      const { status: told, code: toldCode } = bodyOf(answer);
      assert.deepEqual([told, toldCode], [status, code]);
    });
  }

  for (const [what, rest, status, code] of [
    ['a chunk without a size', 'zz\r\n', 400, 'INVALID_REQUEST'],
    ['chunk extensions without end', `2;x=${LONG}\r\n{}\r\n`, 413, 'BODY_TOO_LARGE'],
    ['a body that takes too long', '2\r\n{', 408, 'REQUEST_TOO_SLOW'],
  ] as const) {
    test(`in the body of a request, such as ${what}, is answered ${status}`, async () => {
      await using http = await listen({ limits: { headerTimeoutMs: 1_000, requestTimeoutMs: 1_000 } });
      const head = `${POST}X-API-Key: ${http.keys.admin}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`;
      const answer = await raw(http.port, head + rest);
      assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `));
      assert.equal(answer.match(/HTTP\/1\.1/g)?.length, 1, answer);
      assert.deepEqual([bodyOf(answer).status, bodyOf(answer).code], [status, code]);
    });
  }

  test('that comes too slowly is answered 408', async () => {
    await using http = await listen({ limits: { headerTimeoutMs: 1_000 } });
    const answer = await raw(http.port, 'GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ');
    assert.match(answer, /^HTTP\/1\.1 408 /);
    const { status, code } = bodyOf(answer);
    assert.deepEqual([status, code], [408, 'REQUEST_TOO_SLOW']);
  });

  test('behind a request that is held closes the connection and ends the hold', async () => {
    await using http = await listen();
    const id = await http.submit('task');
    const socket = connect({ port: http.port, host: '127.0.0.1' });
    socket.write(`GET /v1/jobs/${id}?wait=30 HTTP/1.1\r\nHost: x\r\nX-API-Key: ${http.keys.admin}\r\n\r\n`);
    await http.held(1);
    socket.write('noise\r\n\r\n');
    assert.equal(await text(socket), '', 'nothing that could be taken for the answer to the first request');
    assert.equal(http.holds.count, 0);
  });
});

describe('a client that goes away', () => {
  test('frees its hold and its wait', async () => {
    await using http = await listen();
    const id = await http.submit('task');
    const leaving = new AbortController();
    const answering = fetch(`${http.url}/v1/jobs/${id}?wait=60`, {
      headers: { 'x-api-key': http.keys.reader },
      signal: leaving.signal,
    });
    await http.held(1);
    assert.equal(http.on.engine.stats().waits, 1);
    const freed = waitsEnd(http);
    leaving.abort();
    await assert.rejects(answering, { name: 'AbortError' });
    await freed;
    assert.deepEqual([http.on.engine.stats().waits, http.holds.count, http.holds.abandonedCount], [0, 0, 1]);
  });
});

describe('a worker that goes away', () => {
  const claim = (http: Listening, body: object) => {
    const socket = connect({ port: http.port, host: '127.0.0.1' });
    const content = JSON.stringify({ types: ['task'], max: 100, ...body });
    const head = `POST /v1/work/claim HTTP/1.1\r\nHost: x\r\nX-API-Key: ${http.keys.worker}\r\nContent-Type: application/json`;
    socket.write(`${head}\r\nContent-Length: ${content.length}\r\n\r\n${content}`);
    return socket;
  };
  /** The response of the next request, as the server has it. */
  const nextResponse = () => {
    const { promise, resolve } = Promise.withResolvers<ServerResponse>();
    const note = (message: unknown) => resolve((message as { response: ServerResponse }).response);
    subscribe('http.server.request.start', note);
    return { response: promise.finally(() => unsubscribe('http.server.request.start', note)) };
  };
  const isWaitingAgain = (http: Listening, id: string) =>
    http.on.until(id, ({ state, attempt, fence }) => state === 'waiting' && attempt === 0 && fence === 1);

  for (const wait of [0, 20]) {
    test(`while its jobs are claimed leaves them to others, with a wait of ${wait} s`, async () => {
      await using http = await listen();
      const id = await http.submit('task');
      const reached = http.on.spy.pause('claim');
      const next = nextResponse();
      const socket = claim(http, { wait });
      const go = await reached;
      const gone = once(await next.response, 'close');
      socket.destroy();
      await gone;
      go();
      await isWaitingAgain(http, id);
    });
  }

  test('before it has read its answer leaves the jobs to others', async () => {
    await using http = await listen();
    // More than the buffers of both ends hold together, so that the answer cannot be out.
    const input = 'x'.repeat(1_000_000);
    const ids = await Promise.all(Array.from({ length: 32 }, () => http.submit('task', { input })));
    const next = nextResponse();
    const socket = claim(http, {}).pause();
    const response = await next.response;
    const gone = once(response, 'close');
    while (!response.headersSent) await new Promise(setImmediate);
    socket.destroy();
    await gone;
    for (const id of ids) await isWaitingAgain(http, id);
  });

  test('after its answer is out keeps its jobs', async () => {
    await using http = await listen();
    const id = await http.submit('task');
    const next = nextResponse();
    const socket = claim(http, {});
    const response = await next.response;
    const gone = once(response, 'close');
    await once(socket, 'data');
    socket.destroy();
    await gone;
    await http.on.spy.idle();
    assert.equal((await http.on.job(id)).state, 'running');
  });
});

/** Resolves when the wait that runs next to end has ended. */
async function waitsEnd({ holds }: HttpFixture): Promise<void> {
  const before = holds.abandonedCount;
  while (holds.abandonedCount === before || holds.count > 0) await new Promise(setImmediate);
}

describe('draining', () => {
  test('goes on answering everybody, says that it is not ready, and asks to close each connection', async () => {
    const play = createPlay();
    const http = await listen({ types: { task: play.run } });
    const id = await http.submit('task');
    const run = await play.next();
    const agent = new Agent({ keepAlive: true });
    const headers = { 'x-api-key': http.keys.admin };
    const ask = async (path: string) => {
      const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
      httpRequest(`${http.url}${path}`, { agent, headers }, resolve).on('error', reject).end();
      const answer = await promise;
      return [answer.statusCode, answer.headers.connection, /"state":"(\w+)"/.exec(await text(answer))?.[1]];
    };
    const before = ask(`/v1/jobs/${id}?wait=60`);
    await http.held(1);
    const drained = http.on.engine.drain();
    const during = ask(`/v1/jobs/${id}?wait=60`);
    await http.held(2);
    assert.deepEqual(await ask('/readyz'), [503, 'close', undefined]);
    assert.deepEqual(await ask(`/v1/jobs/${id}`), [200, 'close', 'running']);
    run.end(DONE);
    assert.deepEqual(await before, [200, 'close', 'succeeded']);
    assert.deepEqual(await during, [200, 'close', 'succeeded']);
    await drained;
    await http[Symbol.asyncDispose]();
    agent.destroy();
  });
});

describe('closing', () => {
  test('cuts what is under way when its time is over, or a moment after it is forced', async () => {
    for (const options of [{ withinMs: 0 }, { withinMs: 600_000, force: AbortSignal.abort() }]) {
      await using http = await listen();
      const id = await http.submit('task');
      const cut = assert.rejects(
        fetch(`${http.url}/v1/jobs/${id}?wait=60`, { headers: { 'x-api-key': http.keys.reader } }),
      );
      await http.held(1);
      await http.server.close(options);
      await cut;
    }
  });

  test('answers held requests with the job as it is, and asks to close the connection', async () => {
    const http = await listen();
    const id = await http.submit('task');
    const agent = new Agent({ keepAlive: true });
    const answer = new Promise<IncomingMessage>((resolve, reject) => {
      const headers = { 'x-api-key': http.keys.reader };
      httpRequest(`${http.url}/v1/jobs/${id}?wait=60`, { agent, headers }, resolve).on('error', reject).end();
    });
    await http.held(1);
    const stopped = http[Symbol.asyncDispose]();
    const { statusCode, headers } = await answer;
    assert.deepEqual([statusCode, headers.connection], [200, 'close']);
    assert.match(await text(await answer), /"state":"queued"/);
    await stopped;
    agent.destroy();
  });

  test('does not wait for idle connections, and refuses new ones', async () => {
    const http = await listen();
    const agent = new Agent({ keepAlive: true });
    const first = await new Promise<IncomingMessage>((resolve, reject) => {
      httpRequest(`${http.url}/healthz`, { agent }, resolve).on('error', reject).end();
    });
    await text(first);
    await http[Symbol.asyncDispose]();
    await assert.rejects(fetch(`${http.url}/healthz`));
    agent.destroy();
  });

  test('twice is as good as once', async () => {
    const http = await listen();
    await Promise.all([http.server.close(), http.server.close()]);
    await http[Symbol.asyncDispose]();
  });
});

describe('listening', () => {
  test('on a port that is taken rejects with the code of the system', async () => {
    await using http = await listen();
    await using other = await openHttp();
    await assert.rejects(other.server.listen({ host: '127.0.0.1', port: http.port }), { code: 'EADDRINUSE' });
  });

  test('answers many waits with one completion', async () => {
    await using http = await listen();
    const id = await http.submit('task');
    const agent = new Agent({ keepAlive: true, maxSockets: 200 });
    const answers = Array.from(
      { length: 200 },
      () =>
        new Promise<number | undefined>((resolve, reject) => {
          const headers = { 'x-api-key': http.keys.reader };
          httpRequest(`${http.url}/v1/jobs/${id}?wait=60`, { agent, headers }, (answer) => {
            answer.resume().on('end', () => resolve(answer.statusCode));
          })
            .on('error', reject)
            .end();
        }),
    );
    await http.held(200);
    const worker = createWorker(http.on.engine, TENANT);
    await worker.succeed(await worker.claim('task'), 1);
    assert.deepEqual(new Set(await Promise.all(answers)), new Set([200]));
    agent.destroy();
  });
});

describe('every answer', () => {
  test('says that no cache keeps it and that no browser may guess what it is', async () => {
    await using http = await openHttp({ mounts: MOUNTS });
    const id = await http.submit('task');
    const asked = [`/v1/jobs/${id}`, '/v1/jobs', '/v1/keys', '/v1/types', '/v1/nothing', '/mirror/x'];
    for (const path of asked) {
      const { headers } = await http.call('GET', path);
      assert.match(String(headers['cache-control']), /^(no-store|private, no-cache)$/, path);
      assert.equal(headers['x-content-type-options'], 'nosniff', path);
    }
  });
});
