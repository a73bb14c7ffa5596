/** Bad input over the native API: each gets its status, its code, and a sentence that helps; never a stack trace or HTML. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type Answer, type CallOptions, type HttpFixture, openHttp, openListening } from './http-fixture.ts';

const JSON_HEADERS = { 'content-type': 'application/json' };
const UNKNOWN_ID = '0190a1b2-0000-7000-8000-000000000001';

function assertProblem(answer: Answer, status: number, code: string, what: string): void {
  assert.equal(answer.status, status, `${what}: ${answer.text}`);
  assert.equal(answer.headers['content-type'], 'application/problem+json; charset=utf-8', what);
  const problem = answer.json();
  assert.equal(problem.code, code, what);
  assert.equal(problem.status, status, what);
  assert.equal(problem.type, `urn:bide:error:${code}`, what);
  for (const member of ['title', 'detail', 'instance'])
    assert.equal(typeof problem[member], 'string', `${what} ${member}`);
  assert.doesNotMatch(answer.text, /node_modules|\.ts:\d|\\n\s+at /, what);
}

interface Case {
  readonly what: string;
  readonly call: readonly [string, string, CallOptions?];
  readonly status: number;
  readonly code: string;
  /** The places that the answer names. */
  readonly paths?: readonly string[];
}

const submit = (body: unknown, headers?: CallOptions['headers']): Case['call'] => [
  'POST',
  '/v1/jobs',
  headers === undefined ? { body } : { body, headers },
];

const CASES: readonly Case[] = [
  { what: 'broken JSON', call: submit('{"type":', JSON_HEADERS), status: 400, code: 'MALFORMED_JSON' },
  { what: 'broken UTF-8', call: submit(Buffer.from([34, 255, 34]), JSON_HEADERS), status: 400, code: 'MALFORMED_JSON' },
  {
    what: 'JSON nested too deeply',
    call: submit(`{"type":"task","input":${'['.repeat(5_000)}${']'.repeat(5_000)}}`, JSON_HEADERS),
    status: 400,
    code: 'INVALID_REQUEST',
  },
  { what: 'no body', call: ['POST', '/v1/jobs'], status: 400, code: 'INVALID_REQUEST', paths: [''] },
  {
    what: 'an empty body',
    call: submit('', JSON_HEADERS),
    status: 400,
    code: 'INVALID_REQUEST',
    paths: [''],
  },
  { what: 'a list', call: submit([]), status: 400, code: 'INVALID_REQUEST', paths: [''] },
  {
    what: 'a form',
    call: submit('type=task', { 'content-type': 'application/x-www-form-urlencoded' }),
    status: 415,
    code: 'MEDIA_TYPE_UNSUPPORTED',
  },
  {
    what: 'a compressed body',
    call: submit(gzipSync('{"type":"task"}'), { ...JSON_HEADERS, 'content-encoding': 'gzip' }),
    status: 415,
    code: 'MEDIA_TYPE_UNSUPPORTED',
  },
  {
    what: 'a compressed result',
    call: [
      'POST',
      `/v1/work/${UNKNOWN_ID}/succeed?fence=1`,
      { body: gzipSync('x'), headers: { 'content-type': 'text/plain', 'content-encoding': 'GZIP' } },
    ],
    status: 415,
    code: 'MEDIA_TYPE_UNSUPPORTED',
  },
  { what: 'no content type', call: submit('{"type":"task"}'), status: 415, code: 'MEDIA_TYPE_UNSUPPORTED' },
  {
    what: 'a broken content type',
    call: submit('{}', { 'content-type': '///' }),
    status: 415,
    code: 'MEDIA_TYPE_UNSUPPORTED',
  },
  { what: 'a type that is unknown', call: submit({ type: 'nope' }), status: 422, code: 'TYPE_UNKNOWN' },
  { what: 'no type', call: submit({ input: 1 }), status: 400, code: 'INVALID_REQUEST', paths: ['/type'] },
  {
    what: 'a number as text',
    call: submit({ type: 'task', priority: '5' }),
    status: 400,
    code: 'INVALID_REQUEST',
    paths: ['/priority'],
  },
  {
    what: 'unknown fields, at any depth',
    call: submit({ type: 'task', prio: 1, retry: { tries: 1 } }),
    status: 400,
    code: 'INVALID_REQUEST',
    paths: ['/prio', '/retry/tries'],
  },
  {
    what: 'a priority out of range',
    call: submit({ type: 'task', priority: -101 }),
    status: 400,
    code: 'INVALID_REQUEST',
    paths: ['/priority'],
  },
  {
    what: 'a time that is none',
    call: submit({ type: 'task', runAt: '2026-02-30T00:00:00Z' }),
    status: 400,
    code: 'INVALID_REQUEST',
    paths: ['/runAt'],
  },
  {
    what: 'a tag that is no text',
    call: submit({ type: 'task', tags: { a: 1 } }),
    status: 400,
    code: 'INVALID_REQUEST',
    paths: ['/tags/a'],
  },
  {
    what: 'a delay and a time',
    call: submit({ type: 'task', runAt: '2025-07-01T00:00:00Z', delayMs: 5 }),
    status: 400,
    code: 'INVALID_REQUEST',
    paths: ['/delayMs'],
  },
  {
    what: 'an idempotency key that is too long',
    call: submit({ type: 'task' }, { 'idempotency-key': 'k'.repeat(256) }),
    status: 400,
    code: 'INVALID_REQUEST',
    paths: ['/headers/idempotency-key'],
  },
  ...['-1', 'NaN', 'abc', '', 'Infinity', '1e3', '0x10', '1&wait=2'].map(
    (wait): Case => ({
      what: `a wait of ${wait}`,
      call: ['GET', `/v1/jobs/${UNKNOWN_ID}?wait=${wait}`],
      status: 400,
      code: 'INVALID_REQUEST',
      paths: ['/wait'],
    }),
  ),
  {
    what: 'a preference for a negative wait',
    call: ['GET', `/v1/jobs/${UNKNOWN_ID}`, { headers: { prefer: 'wait=-5' } }],
    status: 400,
    code: 'INVALID_REQUEST',
    paths: ['/headers/prefer'],
  },
  {
    what: 'an unknown parameter',
    call: ['GET', `/v1/jobs/${UNKNOWN_ID}?untill=done`],
    status: 400,
    code: 'INVALID_REQUEST',
    paths: ['/untill'],
  },
  {
    what: 'a state that is none',
    call: ['GET', '/v1/jobs?state=pending'],
    status: 400,
    code: 'INVALID_REQUEST',
    paths: ['/state/0'],
  },
  {
    what: 'a tag without a value',
    call: ['GET', '/v1/jobs?tag=team'],
    status: 400,
    code: 'INVALID_REQUEST',
    paths: ['/tag/0'],
  },
  {
    what: 'a page without an end',
    call: ['GET', '/v1/jobs?limit=501'],
    status: 400,
    code: 'INVALID_REQUEST',
    paths: ['/limit'],
  },
  { what: 'a made-up cursor', call: ['GET', '/v1/jobs?cursor=zzz'], status: 400, code: 'INVALID_CURSOR' },
  { what: 'a path without a route', call: ['GET', '/v2/jobs'], status: 404, code: 'ROUTE_NOT_FOUND' },
  { what: 'a trailing slash', call: ['GET', '/v1/jobs/'], status: 404, code: 'JOB_NOT_FOUND' },
];

describe('a request with', () => {
  let http: HttpFixture;
  before(async () => {
    http = await openHttp();
  });
  after(() => http[Symbol.asyncDispose]());

  for (const { what, call, status, code, paths } of CASES) {
    test(`${what} is answered ${status} ${code}`, async () => {
      const answer = await http.call(...call);
      assertProblem(answer, status, code, what);
      if (paths === undefined) return;
      const errors = answer.json().errors as readonly { readonly path: string; readonly message: string }[];
      assert.deepEqual(
        errors.map(({ path }) => path),
        paths,
      );
    });
  }

  test('an unknown type names the known ones', async () => {
    assert.deepEqual((await http.call('POST', '/v1/jobs', { body: { type: 'nope' } })).json().types, ['task']);
  });

  test('a path that cannot be decoded is a problem too', async () => {
    const answer = await http.call('GET', '/v1/%zz');
    assert.deepEqual([answer.status, answer.json().code], [400, 'INVALID_REQUEST']);
  });

  test('a body over the limit is answered 413 with the limit', async () => {
    await using small = await openHttp({ limits: { bodyBytesMax: 2_048 } });
    const answer = await small.call('POST', '/v1/jobs', { body: { type: 'task', input: 'x'.repeat(2_048) } });
    assertProblem(answer, 413, 'BODY_TOO_LARGE', 'large body');
    assert.deepEqual([answer.json().limit, answer.json().value], ['bodyBytesMax', 2_048]);
  });

  test('an input that its type refuses is answered 422 with the paths', async () => {
    await using picky = await openHttp({
      types: {
        task: {
          handler: 'remote',
          checkInput: () => ({ kind: 'invalid', issues: [{ path: '/rows/0', message: 'must be a number' }] }),
        },
      },
    });
    const answer = await picky.call('POST', '/v1/jobs', { body: { type: 'task', input: {} } });
    assertProblem(answer, 422, 'INPUT_INVALID', 'input');
    assert.deepEqual(answer.json().errors, [{ path: '/rows/0', message: 'must be a number' }]);
  });
});

describe('a key named __proto__', () => {
  test('is data like any other, in inputs and results', async () => {
    await using http = await openHttp();
    const submitted = await http.call('POST', '/v1/jobs', {
      body: '{"type":"task","input":{"__proto__":{"a":1},"b":2}}',
      headers: JSON_HEADERS,
    });
    assert.equal(submitted.status, 202);
    const claimed = await http.call('POST', '/v1/work/claim', { body: { types: ['task'] } });
    assert.match(claimed.text, /"input":\{"__proto__":\{"a":1\},"b":2\}/);
  });

  test('is no field of a request', async () => {
    await using http = await openHttp();
    const answer = await http.call('POST', '/v1/jobs', {
      body: '{"type":"task","__proto__":{"priority":5}}',
      headers: JSON_HEADERS,
    });
    assertProblem(answer, 400, 'INVALID_REQUEST', 'proto');
  });
});

describe('calls that take no body', () => {
  const CALLS = [
    ['POST', `/v1/jobs/${UNKNOWN_ID}/cancel`],
    ['POST', `/v1/jobs/${UNKNOWN_ID}/retry`],
    ['DELETE', `/v1/jobs/${UNKNOWN_ID}`],
    ['POST', '/v1/types/none/pause'],
    ['POST', '/v1/schedules/none/run'],
    ['POST', '/v1/limits/k/open'],
    ['POST', `/v1/groups/${UNKNOWN_ID}/cancel`],
  ] as const;

  test('refuse one that says something, and take an empty object for none', async () => {
    await using http = await openHttp();
    for (const [method, path] of CALLS) {
      const what = `${method} ${path}`;
      const refused = await http.call(method, path, { body: { reason: 'x' } });
      assertProblem(refused, 400, 'INVALID_REQUEST', what);
      assert.match(refused.text, /\/reason.*is not a field that is known here/, what);
      assertProblem(await http.call(method, path, { body: ['x'] }), 400, 'INVALID_REQUEST', what);
      const [bare, empty] = [await http.call(method, path), await http.call(method, path, { body: {} })];
      assert.deepEqual([empty.status, empty.json().code], [bare.status, bare.json().code], what);
      assert.notEqual(bare.json().code, 'INVALID_REQUEST', what);
    }
  });

  test('leave the job as it was', async () => {
    await using http = await openHttp();
    const id = await http.submit('task');
    await http.call('POST', `/v1/jobs/${id}/cancel`, { body: { reason: 'x' } });
    assert.equal((await http.call('GET', `/v1/jobs/${id}`)).json().state, 'queued');
  });
});

describe('methods', () => {
  test('that a path does not take are answered 405 with Allow', async () => {
    await using http = await openHttp();
    for (const [method, path, allow] of [
      ['PUT', '/v1/jobs', 'POST, GET, HEAD, OPTIONS'],
      ['PUT', `/v1/jobs/${UNKNOWN_ID}`, 'GET, HEAD, DELETE, PATCH, OPTIONS'],
      ['GET', '/v1/jobs/bulk', 'POST, OPTIONS'],
      ['GET', '/v1/work/claim', 'POST, OPTIONS'],
      ['DELETE', '/healthz', 'GET, HEAD, OPTIONS'],
    ] as const) {
      const answer = await http.call(method, path, { body: 'x' });
      assertProblem(answer, 405, 'METHOD_NOT_ALLOWED', `${method} ${path}`);
      assert.equal(answer.headers.allow, allow);
    }
  });

  test('that HTTP has and nobody takes are answered 405 as well', async () => {
    await using http = await openHttp();
    assertProblem(await http.call('PROPFIND', '/v1/jobs'), 405, 'METHOD_NOT_ALLOWED', 'PROPFIND');
  });

  test('OPTIONS says what a path takes, and HEAD is GET without the body', async () => {
    await using http = await openListening();
    const options = await http.call('OPTIONS', '/v1/jobs', { key: null });
    assert.deepEqual([options.status, options.headers.allow], [204, 'POST, GET, HEAD, OPTIONS']);
    const url = `${http.url}/v1/jobs/${await http.submit('task')}`;
    const headers = { authorization: `Bearer ${http.keys.admin}` };
    // Over a socket: what an injected answer has as its body, Node may not send.
    const [get, head] = [await fetch(url, { headers }), await fetch(url, { method: 'HEAD', headers })];
    assert.deepEqual([(await head.text()).length, (await get.text()).length > 0], [0, true]);
    for (const name of ['etag', 'content-length', 'content-type', 'retry-after'])
      assert.deepEqual([name, head.headers.get(name)], [name, get.headers.get(name)]);
  });
});

describe('callers', () => {
  test('without a valid key are answered 401, before their body is looked at', async () => {
    await using http = await openHttp();
    const strange = `bide_0123456789ab_${'0'.repeat(48)}`;
    for (const headers of [
      {},
      { authorization: 'Bearer nonsense' },
      { authorization: `Bearer ${strange}` },
      { authorization: `Basic ${Buffer.from(`x:${http.keys.admin}`).toString('base64')}` },
      { 'x-api-key': `${http.keys.admin}x` },
      { authorization: `Bearer ${'x'.repeat(9_000)}` },
    ]) {
      const answer = await http.call('POST', '/v1/jobs', {
        key: null,
        headers: { ...JSON_HEADERS, ...headers },
        body: '{',
      });
      assertProblem(answer, 401, 'UNAUTHENTICATED', JSON.stringify(headers).slice(0, 50));
      assert.equal(answer.headers['www-authenticate'], 'Bearer realm="bide"');
    }
  });

  test('may send their key either way', async () => {
    await using http = await openHttp();
    for (const headers of [{ 'x-api-key': http.keys.reader }, { authorization: `bearer  ${http.keys.reader}` }])
      assert.equal((await http.call('GET', '/v1/jobs', { key: null, headers })).status, 200);
  });

  test('may do what their scope allows and nothing else', async () => {
    await using http = await openHttp();
    const id = await http.submit('task');
    const needs = {
      submit: [
        ['POST', '/v1/jobs'],
        ['POST', '/v1/jobs/bulk'],
        ['POST', `/v1/jobs/${id}/cancel`],
        ['POST', `/v1/jobs/${id}/retry`],
        ['DELETE', `/v1/jobs/${id}`],
      ],
      read: [
        ['GET', '/v1/jobs'],
        ['GET', `/v1/jobs/${id}`],
        ['GET', `/v1/jobs/${id}/result`],
        ['POST', '/v1/jobs/wait'],
        ['GET', '/v1/types'],
      ],
      work: [
        ['POST', '/v1/work/claim'],
        ['POST', `/v1/work/${id}/heartbeat`],
        ['POST', `/v1/work/${id}/succeed`],
        ['POST', `/v1/work/${id}/fail`],
      ],
      metrics: [['GET', '/metrics']],
      admin: [
        ['GET', '/v1/keys'],
        ['POST', '/v1/keys'],
        ['DELETE', '/v1/keys/x'],
      ],
    } as const;
    const callers = {
      submit: 'submitter',
      read: 'reader',
      work: 'worker',
      metrics: 'scraper',
      admin: 'admin',
    } as const;
    for (const [scope, calls] of Object.entries(needs) as [keyof typeof needs, (typeof needs)['read']][]) {
      for (const [method, path] of calls) {
        for (const [own, caller] of Object.entries(callers)) {
          const answer = await http.call(method, path, { key: http.keys[caller] });
          const isAllowed = own === scope || own === 'admin';
          assert.equal(answer.status === 403, !isAllowed, `${method} ${path} by ${caller}: ${answer.status}`);
          if (!isAllowed) assert.deepEqual([answer.json().code, answer.json().scope], ['SCOPE_MISSING', scope]);
        }
      }
    }
  });
});

describe('an error inside', () => {
  test('tells the caller nothing but the id of their request', async () => {
    await using http = await openHttp();
    const id = await http.submit('task');
    http.on.engine.list = () => Promise.reject(new Error('secret cause'));
    const answer = await http.call('GET', '/v1/jobs');
    assert.deepEqual([answer.status, answer.json().code], [500, 'INTERNAL']);
    assert.equal(typeof answer.json().requestId, 'string');
    assert.doesNotMatch(answer.text, /secret/);
    assert.equal((await http.call('GET', `/v1/jobs/${id}`)).status, 200);
  });
});
