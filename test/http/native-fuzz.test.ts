/** Random requests: whatever comes, the answer is in our shape, never a 5xx, never HTML, and never late. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type HttpFixture, openHttp } from './http-fixture.ts';

const RUNS = 300;
const UNKNOWN_ID = '0190a1b2-0000-7000-8000-000000000001';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND'] as const;
const PATHS = [
  ...['/', '/v1/jobs', '/v1/jobs/bulk', '/v1/jobs/wait', '/v1/types', '/v1/keys', '/v1/work/claim', '/healthz'],
  ...['/v1/jobs/{id}', '/v1/jobs/{id}/result', '/v1/jobs/{id}/cancel', '/v1/jobs/{id}/retry', '/openapi.json'],
  '/v1/jobs/{id}/events',
  ...['/v1/work/{id}/heartbeat', '/v1/work/{id}/succeed', '/v1/work/{id}/fail', '/v1/keys/{id}', '/metrics'],
] as const;
const NAMES = [
  'wait',
  'until',
  'state',
  'type',
  'tag',
  'limit',
  'cursor',
  'createdFrom',
  'fence',
  'tenant',
  'lastEventId',
  '__proto__',
];
const FIELDS = [
  ...['type', 'input', 'tags', 'priority', 'runAt', 'delayMs', 'retry', 'jobs', 'ids', 'for', 'timeout', 'types'],
  ...['max', 'wait', 'leaseMs', 'worker', 'fence', 'progress', 'result', 'error', 'retryable', 'name', 'scopes'],
];
const HEADERS = [
  'prefer',
  'if-none-match',
  'range',
  'if-range',
  'idempotency-key',
  'accept',
  'x-api-key',
  'content-type',
  'last-event-id',
];

const text = fc.oneof(
  fc.string({ maxLength: 30 }),
  fc.constantFrom('task', 'done', '0', '-1', 'NaN', '1e309', '%', ''),
);
const id = fc.oneof(fc.constant('{job}'), fc.constant(UNKNOWN_ID), text.map(encodeURIComponent));
const query = fc.array(fc.tuple(fc.constantFrom(...NAMES), text), { maxLength: 3 });
/** Waits are answered at once: nobody would finish the job that a random request waits for. */
const path = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...PATHS) },
  { weight: 1, arbitrary: fc.webPath() },
  {
    weight: 1,
    arbitrary: fc.constantFrom('//', '/v1//jobs', '/%', '/%00', '/v1/jobs/%2e%2e', `/${'x'.repeat(3_000)}`),
  },
);
const value = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom<unknown>('task', ['task'], { percent: 1 }, [{ type: 'task' }], ['submit'], 1e308, -1, 1, '{job}', [
    '{job}',
  ]),
);
const fields = fc.dictionary(fc.constantFrom(...FIELDS), value, { maxKeys: 5 });
const body = fc.oneof(
  { weight: 6, arbitrary: fields.map((given) => JSON.stringify(given)) },
  { weight: 1, arbitrary: fc.json() },
  { weight: 1, arbitrary: fc.string() },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)) },
);
const contentType = fc.oneof(
  { weight: 5, arbitrary: fc.constant('application/json') },
  {
    weight: 1,
    arbitrary: fc.constantFrom('text/plain', 'application/json; charset=utf-16', 'x', '', 'multipart/form-data'),
  },
);
/** What a header can carry; a client library refuses the rest before it is sent. */
const headerValue = fc.string({ unit: fc.constantFrom(...'abcXYZ019 ,;=-"/*:W'), maxLength: 20 });
const headers = fc.dictionary(fc.constantFrom(...HEADERS), headerValue, { maxKeys: 3 });

const request = fc.record({
  method: fc.constantFrom(...METHODS),
  ...{ path, id, query, body, contentType, headers },
  hasKey: fc.boolean().map((is) => is),
});
type Request = typeof request extends fc.Arbitrary<infer Value> ? Value : never;

async function send(http: HttpFixture, job: string, given: Request): Promise<void> {
  const at = given.path.replace('{id}', given.id).replace('{job}', job);
  const search = given.query.map(([name, one]) => `${name}=${encodeURIComponent(one)}`).join('&');
  const isBodyless = given.method === 'GET' || given.method === 'HEAD' || given.method === 'TRACE';
  const payload = typeof given.body === 'string' ? given.body.replaceAll('{job}', job) : given.body;
  const answer = await http.call(given.method, search === '' ? at : `${at}?${search}`, {
    key: given.hasKey ? http.keys.admin : null,
    headers: { ...(isBodyless ? {} : { 'content-type': given.contentType }), ...given.headers },
    ...(isBodyless ? {} : { body: payload }),
  });
  assert.ok(answer.status < 500, `${answer.status}: ${answer.text}`);
  const type = String(answer.headers['content-type'] ?? '');
  if (answer.status >= 400) {
    assert.equal(type, 'application/problem+json; charset=utf-8');
    if (given.method !== 'HEAD') assert.equal(answer.json().status, answer.status);
  } else if (answer.text !== '') {
    assert.match(type, /^(application\/json; charset=utf-8|text\/plain; version|text\/event-stream|image\/x-result)/);
  }
}

describe('random requests', () => {
  test('are answered in our shape, without a 5xx', async () => {
    // A wait would hold the answer, and so would a stream: the clock of the fixture stands still.
    await using http = await openHttp({ limits: { waitMsMax: 0, eventsMsMax: 0 } });
    const job = await http.submit('task', { tags: { a: 'b' } });
    await fc.assert(
      fc.asyncProperty(request, (given) => send(http, job, given)),
      { numRuns: RUNS },
    );
  });
});
