import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { after, describe, it } from 'node:test';
import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib';
import type { Job, Json } from '../../core/job.ts';
import { DEFAULT_LIMITS, type Limits } from '../../core/limits.ts';
import type { AttemptOutcome, Handler } from '../../engine/api.ts';
import { systemClock } from '../../engine/clock.ts';
import { resultOf, sampleAttempt } from '../sample-attempt.ts';
import { httpHandler } from './http.ts';
import type { HttpOptions } from './options.ts';

const servers: Server[] = [];
const handlers: Handler[] = [];
after(async () => {
  for (const handler of handlers) await handler.close?.();
  for (const server of servers) server.close().closeAllConnections();
});

/** A server on a free port of this machine; returns its base URL. */
async function upstream(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function start(options: HttpOptions, input: Json = null, limits: Partial<Limits> = {}, job: Partial<Job> = {}) {
  const handler = httpHandler(
    { allowPrivateAddresses: true, ...options },
    { limits: { ...DEFAULT_LIMITS, ...limits }, clock: systemClock },
  );
  handlers.push(handler);
  const attempt = sampleAttempt(input, { type: 'upstream', ...job });
  return { attempt, ended: handler.run(attempt) };
}

function failureOf(outcome: AttemptOutcome) {
  assert.equal(outcome.kind, 'failed');
  const { failure, isRetryable, retryAfterMs } = outcome;
  return { ...failure, isRetryable, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

function answer(
  response: ServerResponse,
  status: number,
  headers: Record<string, string> = {},
  body: string | Buffer = '',
): void {
  response.writeHead(status, headers).end(body);
}

describe('httpHandler', () => {
  it('closes the key of the job for as long as the upstream says, within bounds, and gives the attempt back', async () => {
    const terms = { limit: { key: 'k' } };
    const told = async (status: number, retryAfter: string | null, job: Partial<Job>) => {
      const headers: Record<string, string> = retryAfter === null ? {} : { 'retry-after': retryAfter };
      const base = await upstream((_, response) => answer(response, status, headers, 'slow down'));
      return start({ url: base }, null, { upstreamCloseMsMax: 60_000 }, job).ended;
    };
    for (const status of [429, 503]) {
      assert.deepEqual(await told(status, '30', { terms }), { kind: 'later', waitMs: 30_000 });
      assert.deepEqual(await told(status, '0', { terms }), { kind: 'later', waitMs: 1_000 });
      assert.deepEqual(await told(status, '999999999', { terms }), { kind: 'later', waitMs: 60_000 });
      // Without a time, and without a key, it is a failure that is tried again.
      assert.equal(failureOf(await told(status, null, { terms })).isRetryable, true);
      assert.equal(failureOf(await told(status, 'soon', { terms })).retryAfterMs, undefined);
      assert.equal(failureOf(await told(status, '30', {})).retryAfterMs, 30_000);
    }
    assert.equal(failureOf(await told(500, '30', { terms })).retryAfterMs, 30_000);
    assert.equal(failureOf(await told(404, '30', { terms })).isRetryable, false);
  });

  it('takes an answer without the fields that the config asks for as a failure that may pass', async () => {
    const told = async (type: string | null, body: string) => {
      const headers: Record<string, string> = type === null ? {} : { 'content-type': type };
      const base = await upstream((_, response) => answer(response, 200, headers, body));
      return start({ url: base, answerFields: ['choices'] }).ended;
    };
    const wrong: ReadonlyArray<readonly [type: string | null, body: string, said: RegExp]> = [
      ['text/html', '<h1>Sign in</h1>', /answered 200 with a body that is text\/html, not JSON\.$/],
      [null, '', /with a body that is of no content type, not JSON\.$/],
      ['application/json', '{"error":"busy"}', /with a body without choices\.$/],
      ['application/json', '{"choices', /with a body that is no JSON object\.$/],
      ['application/json', '["choices"]', /with a body that is no JSON object\.$/],
    ];
    for (const [type, body, said] of wrong) {
      const { code, message, isRetryable, details } = failureOf(await told(type, body));
      assert.deepEqual({ code, isRetryable }, { code: 'UPSTREAM_FAILED', isRetryable: true });
      assert.match(message, said);
      assert.deepEqual(details, { status: 200, contentType: type, body });
    }
    assert.equal((await told('application/json', '{"choices":[]}')).kind, 'succeeded');
  });

  it('sends the input as JSON, with the configured headers and a key that stays the same', async () => {
    let seen: { method: string | undefined; headers: IncomingMessage['headers']; body: string } | undefined;
    const base = await upstream(async (request, response) => {
      seen = { method: request.method, headers: request.headers, body: await text(request) };
      answer(response, 200, { 'content-type': 'application/json' }, '{"ok":true}');
    });
    const trace = { parent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`, state: 'a=1' };
    const options = { url: base, headers: { 'X-Key': 'k', 'User-Agent': 'mine' } };
    const { attempt, ended } = start(options, { a: 'ä' }, {}, { terms: { trace } });
    assert.deepEqual(resultOf(await ended), { ok: true });
    assert.equal(seen?.method, 'POST');
    assert.equal(seen?.body, '{"a":"ä"}');
    assert.equal(seen?.headers['content-type'], 'application/json');
    assert.equal(seen?.headers['x-key'], 'k');
    assert.equal(seen?.headers['user-agent'], 'mine');
    assert.equal(seen?.headers['idempotency-key'], attempt.job.id);
    assert.deepEqual([seen?.headers.traceparent, seen?.headers.tracestate], [trace.parent, 'a=1']);
  });

  it('sends the input as path and query for GET', async () => {
    const base = await upstream((request, response) =>
      answer(response, 200, { 'content-type': 'text/plain' }, request.url),
    );
    const { ended } = start({ url: `${base}/reports/{id}`, method: 'GET' }, { id: 7, lang: 'de' });
    assert.equal(resultOf(await ended), '/reports/7?lang=de');
  });

  it('stores bytes with their content type', async () => {
    const base = await upstream((_, response) =>
      answer(response, 200, { 'content-type': 'image/x-any' }, Buffer.from([0, 255, 1])),
    );
    const outcome = await start({ url: base }).ended;
    assert.ok(outcome.kind === 'succeeded' && outcome.result !== null);
    assert.deepEqual([...outcome.result.bytes], [0, 255, 1]);
    assert.equal(outcome.result.contentType, 'image/x-any');
  });

  it('stores no result for 204', async () => {
    const base = await upstream((_, response) => answer(response, 204));
    assert.deepEqual(await start({ url: base }).ended, { kind: 'succeeded', result: null });
  });

  it('does not believe an answer that calls itself JSON and is not', async () => {
    const base = await upstream((_, response) =>
      answer(response, 200, { 'content-type': 'application/json' }, '{"a":'),
    );
    const outcome = await start({ url: base }).ended;
    assert.equal(outcome.kind === 'succeeded' && outcome.result?.contentType, 'text/plain');
  });

  it('keeps the charset of an answer that calls itself JSON and is not in UTF-8', async () => {
    const body = Buffer.from('{"city":"Zürich"}', 'latin1');
    const type = 'application/json; Charset="ISO-8859-1"';
    const base = await upstream((_, response) => answer(response, 200, { 'content-type': type }, body));
    const outcome = await start({ url: base }).ended;
    assert.ok(outcome.kind === 'succeeded' && outcome.result !== null);
    assert.equal(outcome.result.contentType, 'text/plain; charset=iso-8859-1');
    assert.deepEqual(Buffer.from(outcome.result.bytes), body);
  });

  it('reads the beginning of an error in the charset that it names', async () => {
    const base = await upstream((_, response) =>
      answer(response, 400, { 'content-type': 'text/plain; charset=latin1' }, Buffer.from('für', 'latin1')),
    );
    assert.deepEqual((failureOf(await start({ url: base }).ended).details as { body: string }).body, 'für');
  });

  it('undoes encodings that were applied one after another, and fails for one that it does not know', async () => {
    const twice = brotliCompressSync(gzipSync('{"n":1}'));
    const known = await upstream((_, response) =>
      answer(response, 200, { 'content-type': 'application/json', 'content-encoding': 'gzip, br' }, twice),
    );
    assert.deepEqual(resultOf(await start({ url: known }).ended), { n: 1 });
    for (const encoding of ['compress', 'constructor', 'gzip, gzip, gzip']) {
      const base = await upstream((_, response) => answer(response, 200, { 'content-encoding': encoding }, 'x'));
      const failure = failureOf(await start({ url: base }).ended);
      assert.deepEqual([failure.code, failure.isRetryable], ['UPSTREAM_FAILED', false]);
      assert.ok(failure.message.includes(encoding), failure.message);
    }
  });

  it('keeps an answer that nests deeper than the limit as the text that it is', async () => {
    const body = '['.repeat(201) + ']'.repeat(201);
    const base = await upstream((_, response) => answer(response, 200, { 'content-type': 'application/json' }, body));
    const outcome = await start({ url: base }).ended;
    assert.equal(outcome.kind === 'succeeded' && outcome.result?.contentType, 'text/plain');
  });

  for (const [encoding, encode] of [
    ['gzip', gzipSync],
    ['br', brotliCompressSync],
    ['zstd', zstdCompressSync],
  ] as const) {
    it(`decodes an answer that is ${encoding} although identity was asked for`, async () => {
      const headers = { 'content-encoding': encoding, 'content-type': 'text/plain' };
      const base = await upstream((_, response) => answer(response, 200, headers, encode('squeezed')));
      assert.equal(resultOf(await start({ url: base }).ended), 'squeezed');
    });
  }

  for (const [status, isRetryable] of [
    [400, false],
    [404, false],
    [408, true],
    [429, true],
    [500, true],
    [503, true],
    [304, false],
  ] as const) {
    it(`fails ${isRetryable ? 'for now' : 'for good'} when the upstream answers ${status}`, async () => {
      const base = await upstream((_, response) =>
        answer(response, status, { 'content-type': 'text/plain' }, status === 304 ? '' : 'because'),
      );
      const failure = failureOf(await start({ url: base }).ended);
      assert.equal(failure.code, 'UPSTREAM_FAILED');
      assert.equal(failure.message, `${new URL(base).host} answered ${status}.`);
      assert.deepEqual(failure.details, { status, contentType: 'text/plain', body: status === 304 ? '' : 'because' });
      assert.equal(failure.isRetryable, isRetryable);
    });
  }

  it('asks for no earlier retry than the upstream does', async () => {
    const base = await upstream((_, response) => answer(response, 429, { 'retry-after': '17' }));
    assert.equal(failureOf(await start({ url: base }).ended).retryAfterMs, 17_000);
  });

  it('fails for now when nobody listens', async () => {
    const base = await upstream(() => {});
    const server = servers.pop();
    await new Promise((resolve) => server?.close(resolve));
    const failure = failureOf(await start({ url: base }).ended);
    assert.equal(failure.code, 'UPSTREAM_UNREACHABLE');
    assert.equal(failure.message, `${new URL(base).host} could not be reached: ECONNREFUSED.`);
    assert.equal(failure.isRetryable, true);
  });

  it('fails for now when the upstream switches protocols, which nobody asked for', async () => {
    const base = await upstream((_, { socket }) => {
      socket?.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n');
    });
    const failure = failureOf(await start({ url: base }).ended);
    assert.deepEqual(
      [failure.isRetryable, failure.message.includes('without an answer')],
      [true, true],
      failure.message,
    );
  });

  it('fails for now when the connection breaks in the middle of the answer', async () => {
    const base = await upstream((_, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half', () => response.destroy());
    });
    const failure = failureOf(await start({ url: base }).ended);
    assert.equal(failure.code, 'UPSTREAM_UNREACHABLE');
    assert.equal(failure.isRetryable, true);
  });

  it('closes the connection when the job is cancelled before the answer', async () => {
    const closed = Promise.withResolvers<void>();
    const arrived = Promise.withResolvers<void>();
    const base = await upstream((request) => {
      request.socket.on('close', () => closed.resolve());
      arrived.resolve();
    });
    const { attempt, ended } = start({ url: base });
    await arrived.promise;
    attempt.abort('cancel');
    assert.deepEqual(await ended, { kind: 'aborted' });
    await closed.promise;
  });

  it('closes the connection when the job is cancelled in the middle of the answer', async () => {
    const closed = Promise.withResolvers<void>();
    const arrived = Promise.withResolvers<void>();
    const base = await upstream((request, response) => {
      request.socket.on('close', () => closed.resolve());
      response.writeHead(200);
      response.write('beginning', () => arrived.resolve());
    });
    const { attempt, ended } = start({ url: base });
    await arrived.promise;
    attempt.abort('timeout');
    assert.deepEqual(await ended, { kind: 'aborted' });
    await closed.promise;
  });

  it('sends nothing for a job whose signal has fired', async () => {
    let requests = 0;
    const base = await upstream((_, response) => {
      requests += 1;
      answer(response, 200);
    });
    const handler = httpHandler(
      { url: base, allowPrivateAddresses: true },
      { limits: DEFAULT_LIMITS, clock: systemClock },
    );
    const attempt = sampleAttempt();
    attempt.abort('cancel');
    assert.deepEqual(await handler.run(attempt), { kind: 'aborted' });
    assert.equal(requests, 0);
  });

  it('stops reading an answer that is too large', async () => {
    const closed = Promise.withResolvers<void>();
    const base = await upstream((request, response) => {
      request.socket.on('close', () => closed.resolve());
      const more = () => response.write(Buffer.alloc(60_000), more);
      more();
    });
    const failure = failureOf(await start({ url: base }, null, { resultBytesMax: 100_000 }).ended);
    assert.equal(failure.code, 'RESULT_TOO_LARGE');
    assert.deepEqual(failure.details, { limit: 'resultBytesMax', value: 100_000 });
    assert.equal(failure.isRetryable, false);
    await closed.promise;
  });

  it('counts the decoded bytes of a compressed answer', async () => {
    const bomb = gzipSync(Buffer.alloc(5_000_000));
    const base = await upstream((_, response) => answer(response, 200, { 'content-encoding': 'gzip' }, bomb));
    assert.equal(
      failureOf(await start({ url: base }, null, { resultBytesMax: 100_000 }).ended).code,
      'RESULT_TOO_LARGE',
    );
  });

  it('uses connections again', async () => {
    const sockets = new Set<unknown>();
    const base = await upstream((request, response) => {
      sockets.add(request.socket);
      answer(response, 200, {}, 'x');
    });
    const handler = httpHandler(
      { url: base, allowPrivateAddresses: true },
      { limits: DEFAULT_LIMITS, clock: systemClock },
    );
    handlers.push(handler);
    for (let count = 0; count < 3; count += 1) await handler.run(sampleAttempt());
    assert.equal(sockets.size, 1);
  });
});

describe('httpHandler on a kept connection that the upstream closes', () => {
  /** Answers the first request, and ends the connections of the next `closed` without an answer. */
  async function closing(closed: number) {
    const keys: unknown[] = [];
    const sockets = new Set<unknown>();
    const base = await upstream((request, response) => {
      keys.push(request.headers['idempotency-key']);
      sockets.add(request.socket);
      if (keys.length > 1 && keys.length <= 1 + closed) request.socket.destroy();
      else answer(response, 200, { 'content-type': 'application/json' }, '1');
    });
    const handler = httpHandler(
      { url: base, allowPrivateAddresses: true },
      { limits: DEFAULT_LIMITS, clock: systemClock },
    );
    handlers.push(handler);
    assert.equal(resultOf(await handler.run(sampleAttempt())), 1);
    return { outcome: await handler.run(sampleAttempt()), keys, sockets };
  }

  it('sends the request once more, with the same key, on a connection of its own', async () => {
    const { outcome, keys, sockets } = await closing(1);
    assert.equal(resultOf(outcome), 1);
    assert.equal(keys.length, 3);
    assert.equal(keys[1], keys[2]);
    assert.equal(sockets.size, 2);
  });

  it('fails for now when that one is closed too', async () => {
    const { outcome, keys } = await closing(2);
    const failure = failureOf(outcome);
    assert.deepEqual([failure.code, failure.isRetryable], ['UPSTREAM_UNREACHABLE', true]);
    assert.equal(keys.length, 3);
  });
});

describe('httpHandler with redirects', () => {
  it('follows 307 with method and body, 303 with neither', async () => {
    const base = await upstream(async (request, response) => {
      if (request.url === '/keep') return answer(response, 307, { location: '/end' });
      if (request.url === '/see') return answer(response, 303, { location: '/end' });
      answer(
        response,
        200,
        { 'content-type': 'text/plain' },
        `${request.method} ${await text(request)} ${request.headers['content-type']}`,
      );
    });
    assert.equal(resultOf(await start({ url: `${base}/keep` }, { a: 1 }).ended), 'POST {"a":1} application/json');
    assert.equal(resultOf(await start({ url: `${base}/see` }, { a: 1 }).ended), 'GET  undefined');
  });

  it('keeps configured headers from another origin', async () => {
    const other = await upstream((request, response) =>
      answer(response, 200, { 'content-type': 'application/json' }, JSON.stringify(request.headers)),
    );
    const base = await upstream((_, response) => answer(response, 307, { location: other }));
    const headers = resultOf(
      await start({ url: base, headers: { Authorization: 'secret', Cookie: 'c' } }, 1).ended,
    ) as Record<string, string>;
    assert.equal(headers.authorization, undefined);
    assert.equal(headers.cookie, undefined);
    assert.equal(headers['content-type'], 'application/json');
  });

  it('stops after as many as it may follow', async () => {
    let requests = 0;
    const base = await upstream((_, response) => {
      requests += 1;
      answer(response, 302, { location: '/again' });
    });
    const failure = failureOf(await start({ url: base, redirectsMax: 2 }).ended);
    assert.equal(failure.message, 'The upstream redirects more than 2 times.');
    assert.equal(failure.isRetryable, false);
    assert.equal(requests, 3);
  });

  it('refuses a redirect to something that is not http', async () => {
    const base = await upstream((_, response) => answer(response, 302, { location: 'file:///etc/passwd' }));
    assert.equal(
      failureOf(await start({ url: base }).ended).message,
      'The upstream redirects to something that is not an http URL.',
    );
  });
});

describe('httpHandler without private addresses', () => {
  let requests = 0;
  const counting: RequestListener = (_, response) => {
    requests += 1;
    answer(response, 200);
  };
  for (const host of ['127.0.0.1', 'localhost', '0x7f000001', '[::1]', '[::ffff:127.0.0.1]', '0.0.0.0']) {
    it(`does not connect to ${host}`, async () => {
      const { port } = new URL(await upstream(counting));
      const failure = failureOf(await start({ url: `http://${host}:${port}/`, allowPrivateAddresses: false }).ended);
      assert.equal(failure.code, 'UPSTREAM_REFUSED');
      assert.equal(failure.isRetryable, false);
      assert.equal(requests, 0);
    });
  }
});
