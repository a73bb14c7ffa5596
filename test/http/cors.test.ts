/** Pages of other origins: what they are told by every kind of answer, of every face, and that nobody else is told anything. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import { configIssues } from '../../src/config/config-issues.ts';
import { DEFAULT_LIMITS } from '../../src/core/limits.ts';
import { dialects } from '../../src/dialects/index.ts';
import { SESSION_COOKIE } from '../../src/http/session.ts';
import { type Listening, openListening } from './http-fixture.ts';

const PAGE = 'https://app.example';
const FOREIGN = 'https://app.example.evil.example';
const UNKNOWN = '0190a1b2-0000-7000-8000-000000000001';

interface Said {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

interface Ask {
  readonly origin?: string | null;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

async function ask(http: Listening, method: string, path: string, { origin = PAGE, headers, body }: Ask = {}) {
  const sent = httpRequest(`${http.url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${http.keys.admin}`,
      ...(origin === null ? {} : { origin }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
  });
  sent.end(body);
  const [answer] = await once(sent, 'response');
  return { status: answer.statusCode, headers: answer.headers, text: await text(answer) } as Said;
}

/** What a preflight asks before a submit. */
const PREFLIGHT = {
  'access-control-request-method': 'POST',
  'access-control-request-headers': 'authorization,content-type,idempotency-key',
};

function variesByOrigin({ headers }: Said): boolean {
  const names = String(headers.vary).split(', ');
  return names.filter((name) => name === 'origin').length === 1;
}

const allowed = ({ headers }: Said) => headers['access-control-allow-origin'];

describe('server.cors', () => {
  test('is off unless told: no answer speaks of origins', async () => {
    await using http = await openListening();
    for (const [method, path] of [
      ['GET', '/v1/jobs'],
      ['OPTIONS', '/v1/jobs'],
    ] as const) {
      const { headers } = await ask(http, method, path, { headers: PREFLIGHT });
      assert.deepEqual(
        [Object.keys(headers).filter((name) => /^access-control|^vary$/.test(name)), method],
        [[], method],
      );
    }
  });

  test('answers a preflight for two hours, whatever the path, without a key', async () => {
    await using http = await openListening({ cors: [PAGE, 'http://localhost:5173'] });
    for (const origin of [PAGE, 'http://localhost:5173']) {
      const said = await ask(http, 'OPTIONS', '/v1/jobs', { origin, headers: { ...PREFLIGHT, authorization: '' } });
      const { headers } = said;
      assert.deepEqual([said.status, said.text, allowed(said)], [204, '', origin]);
      assert.equal(headers['access-control-max-age'], '7200');
      assert.match(String(headers['access-control-allow-methods']), /\bPATCH\b.*\bDELETE\b/);
      for (const name of ['authorization', 'idempotency-key', 'prefer', 'last-event-id', 'content-type', 'traceparent'])
        assert.match(String(headers['access-control-allow-headers']), new RegExp(`\\b${name}\\b`));
      assert.equal(headers['access-control-allow-credentials'], undefined);
      assert.ok(variesByOrigin(said));
    }
  });

  test('stands on every kind of answer: good ones, refusals, held ones, streams, and what no face has seen', async () => {
    await using http = await openListening({ cors: [PAGE] });
    const id = await http.submit('task');
    const done = await http.submit('task');
    await http.call('POST', `/v1/jobs/${done}/cancel`);
    const held = ask(http, 'GET', `/v1/jobs/${id}?wait=30`);
    await http.held(1);
    await http.call('POST', `/v1/jobs/${id}/cancel`);
    const body = JSON.stringify({ type: 'task' });
    const answers: readonly (readonly [status: number, answer: Promise<Said>])[] = [
      [200, held],
      [202, ask(http, 'POST', '/v1/jobs', { body })],
      [202, ask(http, 'POST', '/v1/jobs', { body, headers: { prefer: 'respond-async' } })],
      [200, ask(http, 'GET', '/v1/jobs')],
      [200, ask(http, 'GET', `/v1/jobs/${done}`)],
      [200, ask(http, 'GET', `/v1/jobs/${done}/events`)],
      [200, ask(http, 'GET', '/')],
      [200, ask(http, 'GET', '/v1/events?after=oldest')],
      [404, ask(http, 'GET', `/v1/jobs/${UNKNOWN}`)],
      [404, ask(http, 'GET', '/nowhere')],
      [404, ask(http, 'GET', `/v1/jobs/${done}/result`)],
      [405, ask(http, 'PUT', '/v1/jobs')],
      [204, ask(http, 'OPTIONS', '/v1/jobs')],
      [401, ask(http, 'GET', '/v1/jobs', { headers: { authorization: 'Bearer bide_none' } })],
      [400, ask(http, 'POST', '/v1/jobs', { body: '{' })],
      [400, ask(http, 'GET', `/v1/jobs/${'x'.repeat(501)}`)],
      [415, ask(http, 'POST', '/v1/jobs', { body, headers: { 'content-type': 'text/plain' } })],
      [200, ask(http, 'GET', '/healthz')],
    ];
    for (const [index, [status, answer]] of answers.entries()) {
      const said = await answer;
      assert.deepEqual([said.status, allowed(said)], [status, PAGE], `${index}: ${said.text}`);
      assert.ok(variesByOrigin(said), `${index}: ${said.headers.vary}`);
      assert.match(String(said.headers['access-control-expose-headers']), /\blocation, retry-after, etag\b/);
      assert.equal(said.headers['access-control-allow-credentials'], undefined);
    }
  });

  test('stands on what is refused before it is read: the origin is found in the bytes', async () => {
    await using http = await openListening({ cors: [PAGE], limits: { headerBytesMax: 4_096, bodyBytesMax: 2_000 } });
    const head = (origin: string) => `GET /v1/jobs HTTP/1.1\r\nHost: a\r\nOrigin: ${origin}\r\n`;
    const raw = async (bytes: string) => {
      const socket = connect(http.port, '127.0.0.1');
      socket.end(bytes);
      return text(socket);
    };
    const long = await raw(
      `${head(PAGE).replace('GET', 'POST')}Authorization: Bearer ${http.keys.admin}\r\nContent-Type: application/json\r\nContent-Length: 3000\r\n\r\n`,
    );
    assert.match(long, /^HTTP\/1\.1 413 [\s\S]*allow-origin: https/);
    const large = await raw(`${head(PAGE)}Cookie: ${'x'.repeat(5_000)}\r\n\r\n`);
    assert.match(large, /^HTTP\/1\.1 431 /);
    assert.match(large, /\r\naccess-control-allow-origin: https:\/\/app\.example\r\n/);
    assert.match(await raw(`${head(PAGE)}no header\r\n\r\n`), /^HTTP\/1\.1 400 [\s\S]*allow-origin: https/);
    assert.doesNotMatch(await raw(`${head(FOREIGN)}Cookie: ${'x'.repeat(5_000)}\r\n\r\n`), /access-control/);
    const twoHosts = await raw(`${head(PAGE)}Host: b\r\n\r\n`);
    assert.match(twoHosts, /^HTTP\/1\.1 400 [\s\S]*allow-origin: https/);
  });

  test('tells foreign origins nothing, and refuses them nothing: browsers do', async () => {
    await using http = await openListening({ cors: [PAGE] });
    for (const origin of [FOREIGN, 'http://app.example', 'https://app.example:8443', 'null', '*', null]) {
      const said = await ask(http, 'GET', '/v1/jobs', { origin });
      assert.deepEqual([said.status, allowed(said), variesByOrigin(said)], [200, undefined, true], String(origin));
      const preflight = await ask(http, 'OPTIONS', '/v1/jobs', { origin, headers: PREFLIGHT });
      assert.deepEqual([preflight.status, allowed(preflight)], [204, undefined], String(origin));
    }
  });

  test('may let all origins in, still without cookies', async () => {
    await using http = await openListening({ cors: ['*'] });
    for (const origin of [FOREIGN, 'null']) {
      const said = await ask(http, 'GET', '/v1/jobs', { origin });
      assert.deepEqual([allowed(said), said.headers.vary], ['*', undefined]);
      assert.equal(said.headers['access-control-allow-credentials'], undefined);
    }
  });

  test('holds for all faces; one that lets every origin in by itself still does', async () => {
    const mounts = dialects.flatMap((dialect) => {
      const read = dialect.parseOptions(undefined);
      const at = { kind: 'prefix' as const, prefix: `/${dialect.name}` };
      return read.kind === 'options' ? [{ dialect, at, options: read.options }] : [];
    });
    await using http = await openListening({ cors: [PAGE], mounts });
    assert.ok(mounts.length > 5);
    for (const { dialect, at } of mounts) {
      const preflight = await ask(http, 'OPTIONS', `${at.prefix}/`, { headers: PREFLIGHT });
      assert.deepEqual([preflight.status, allowed(preflight)], [204, PAGE], dialect.name);
      const said = await ask(http, 'GET', `${at.prefix}/nowhere`);
      assert.ok([PAGE, '*'].includes(String(allowed(said))), `${dialect.name} ${allowed(said)}`);
      assert.ok(variesByOrigin(said), dialect.name);
    }
  });

  test('opens no way to a session: cookies of the dashboard count for its own pages alone, as before', async () => {
    await using http = await openListening({ cors: [PAGE] });
    const key = JSON.stringify({ key: http.keys.admin });
    const signedIn = await ask(http, 'POST', '/dashboard/session', { origin: null, body: key });
    const cookie = String(signedIn.headers['set-cookie']).split(';')[0] ?? '';
    assert.ok(cookie.startsWith(SESSION_COOKIE));
    const withCookie = { cookie, 'sec-fetch-site': 'same-site', authorization: '' };
    for (const [method, path] of [
      ['GET', '/v1/jobs'],
      ['POST', '/v1/jobs/cancel'],
      ['GET', '/dashboard/session'],
    ] as const) {
      const said = await ask(http, method, path, { headers: withCookie, ...(method === 'POST' ? { body: '{}' } : {}) });
      assert.deepEqual([said.status, JSON.parse(said.text).code], [403, 'CSRF_MISSING'], path);
      assert.equal(said.headers['access-control-allow-credentials'], undefined);
    }
  });
});

describe('the config of server.cors', () => {
  const messageOf = (cors: unknown) =>
    configIssues({ types: {}, server: { cors } }, DEFAULT_LIMITS).map(({ path, message }) => `${path} ${message}`);

  test('takes origins as browsers say them', () => {
    for (const origins of [
      [PAGE, 'http://localhost:5173', 'http://[::1]:80'.replace(':80', ':8080')],
      ['*'],
      ['capacitor://localhost'],
    ])
      assert.deepEqual(messageOf({ origins }), []);
  });

  test('says the right form of what is nearly an origin', () => {
    const form = 'server.cors.origins[0] must be an origin, which is scheme, host and port as in https://app.example';
    for (const [origin, message] of [
      ['https://app.example/', `${form}: write https://app.example`],
      ['https://app.example/page?x', `${form}: write https://app.example`],
      ['https://App.Example:443', `${form}: write https://app.example`],
      ['app.example', `${form}, not "app.example"`],
      ['https://*.example', `${form}; a star stands for all origins, and alone`],
      ['null', `${form}: null is what every sandboxed page and local file says, so it would let them all in`],
      [7, form],
    ] as const)
      assert.deepEqual(messageOf({ origins: [origin] }), [message]);
    assert.deepEqual(messageOf({ origins: [] }), [
      'server.cors.origins must name an origin; leave cors out to let no page in',
    ]);
    assert.deepEqual(messageOf({ origins: ['*', PAGE] }), [
      "server.cors.origins must not name others beside '*', which is all of them",
    ]);
    assert.match(messageOf({ origin: PAGE }).join(), /origins/);
  });
});
