/** Sessions of the dashboard: how one begins, what it may do, what ends it, and that nobody else's page can use it. */
import assert from 'node:assert/strict';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { describe, test } from 'node:test';
import { DEFAULT_LIMITS } from '../../src/core/limits.ts';
import { createLinks, LINK_MS } from '../../src/dashboard/links.ts';
import { dialects } from '../../src/dialects/index.ts';
import { createAuthenticator } from '../../src/http/auth.ts';
import type { Dialect } from '../../src/http/dialect.ts';
import { CSRF_HEADER, principalOfSession, SESSION_MS } from '../../src/http/session.ts';
import { TENANT } from '../engine/engine-fixture.ts';
import { type HttpFixture, openHttp, openListening } from './http-fixture.ts';

interface Session {
  readonly cookie: string;
  readonly csrf: string;
  readonly setCookie: string;
  readonly said: Readonly<Record<string, unknown>>;
}

const SESSION = '/dashboard/session';

function signIn(http: HttpFixture, body: object = { key: http.keys.admin }, headers = {}) {
  return http.call('POST', SESSION, { key: null, body, headers });
}

async function session(http: HttpFixture, key = http.keys.admin): Promise<Session> {
  const answer = await signIn(http, { key });
  assert.equal(answer.status, 200, answer.text);
  const setCookie = String(answer.headers['set-cookie']);
  const said = answer.json();
  return { cookie: setCookie.split(';')[0] ?? '', csrf: String(said.csrf), setCookie, said };
}

const withCookie = ({ cookie }: Session, headers: Readonly<Record<string, string>> = {}) => ({
  key: null,
  headers: { cookie, ...headers },
});

const withWord = (open: Session) => withCookie(open, { [CSRF_HEADER]: open.csrf });

const submitBy = async (http: HttpFixture, given: object) => {
  const answer = await http.call('POST', '/v1/jobs', { body: { type: 'task' }, ...given });
  return [answer.status, answer.json().code] as const;
};

describe('a session', () => {
  test('says whom it stands for, in a cookie that scripts and other sites never get', async () => {
    await using http = await openHttp();
    const { setCookie, said } = await session(http, http.keys.reader);
    assert.match(setCookie, /^bide_session=ey[\w.-]+; Path=\/; Max-Age=3600; HttpOnly; SameSite=Strict$/);
    const { csrf, expiresAt, keyId, ...rest } = said;
    assert.deepEqual(rest, { tenant: TENANT, keyName: 'reader', scopes: ['read'] });
    assert.match(String(csrf), /^[\w-]{43}$/);
    assert.ok(http.keys.reader.startsWith(`bide_${keyId}_`));
    assert.equal(Date.parse(String(expiresAt)), http.on.clock.now() + SESSION_MS);
  });

  test('never travels in clear where browsers come by https', async () => {
    await using http = await openHttp({ publicUrl: 'https://jobs.example.com' });
    const open = await session(http);
    assert.match(open.setCookie, /; Secure$/);
    const out = await http.call('DELETE', SESSION, withWord(open));
    assert.match(String(out.headers['set-cookie']), /^bide_session=; .*Max-Age=0; .*; Secure$/);
  });

  test('reads without a word, and changes only with the word of its own key', async () => {
    await using http = await openHttp();
    const [own, other] = [await session(http), await session(http, http.keys.operator)];
    assert.equal((await http.call('GET', '/v1/jobs', withCookie(own))).status, 200);
    assert.deepEqual(await submitBy(http, withWord(own)), [202, undefined]);
    const wrong = [undefined, '', 'x', other.csrf, `${own.csrf}x`, own.csrf.slice(1), own.csrf.toLowerCase()];
    for (const word of wrong) {
      const headers: Record<string, string> = word === undefined ? {} : { [CSRF_HEADER]: word };
      assert.deepEqual(await submitBy(http, withCookie(own, headers)), [403, 'CSRF_MISSING'], word);
    }
  });

  test('needs the word for every method but GET and HEAD, on every route', async () => {
    await using http = await openHttp();
    const open = await session(http);
    const id = await http.submit('task');
    const changes = [
      ['POST', `/v1/jobs/${id}/cancel`],
      ['PATCH', `/v1/jobs/${id}`],
      ['DELETE', `/v1/jobs/${id}`],
      ['POST', '/v1/jobs/cancel'],
      ['POST', '/v1/types/task/pause'],
      ['POST', '/v1/keys'],
      ['POST', '/v1/work/claim'],
      ['DELETE', SESSION],
    ] as const;
    for (const [method, path] of changes) {
      const answer = await http.call(method, path, { ...withCookie(open), body: {} });
      assert.deepEqual([answer.status, answer.json().code], [403, 'CSRF_MISSING'], `${method} ${path}`);
    }
    for (const method of ['GET', 'HEAD']) {
      assert.equal((await http.call(method, `/v1/jobs/${id}`, withCookie(open))).status, 200, method);
    }
    assert.equal((await http.call('GET', `/v1/jobs/${id}`)).json().state, 'queued', 'nothing was done');
  });

  test('is refused to pages of other sites, word or not', async () => {
    await using http = await openHttp();
    const open = await session(http);
    for (const site of ['cross-site', 'same-site', 'something-new']) {
      const headers = { 'sec-fetch-site': site, [CSRF_HEADER]: open.csrf };
      for (const [method, path] of [
        ['GET', '/v1/jobs'],
        ['POST', '/v1/jobs'],
        ['GET', SESSION],
      ] as const) {
        const answer = await http.call(method, path, withCookie(open, headers));
        assert.deepEqual([answer.status, answer.json().code], [403, 'CSRF_MISSING'], `${site} ${method} ${path}`);
      }
      const begun = await signIn(http, { key: http.keys.admin }, { 'sec-fetch-site': site });
      assert.deepEqual([begun.status, begun.headers['set-cookie']], [403, undefined], 'nor can they sign anybody in');
    }
    for (const site of ['same-origin', 'none']) {
      assert.equal((await http.call('GET', '/v1/jobs', withCookie(open, { 'sec-fetch-site': site }))).status, 200);
    }
  });

  test('may what its key may, within its tenant', async () => {
    await using http = await openHttp();
    const id = await http.submit('task');
    const reader = await session(http, http.keys.reader);
    assert.equal((await http.call('GET', `/v1/jobs/${id}`, withCookie(reader))).status, 200);
    for (const [method, path] of [
      ['POST', `/v1/jobs/${id}/cancel`],
      ['DELETE', `/v1/jobs/${id}`],
      ['POST', '/v1/types/task/pause'],
      ['GET', '/v1/keys'],
    ] as const) {
      const answer = await http.call(method, path, withWord(reader));
      assert.deepEqual([answer.status, answer.json().code], [403, 'SCOPE_MISSING'], `${method} ${path}`);
    }
    const foreigner = await session(http, http.keys.foreigner);
    assert.equal((await http.call('GET', `/v1/jobs/${id}`, withCookie(foreigner))).status, 404);
    assert.deepEqual((await http.call('GET', '/v1/jobs', withCookie(foreigner))).json().jobs, []);
  });

  test('gives way to a key that is sent with it, a wrong one too', async () => {
    await using http = await openHttp();
    const open = await session(http);
    const headers = { cookie: open.cookie };
    assert.deepEqual(await submitBy(http, { key: http.keys.submitter, headers }), [202, undefined]);
    assert.deepEqual(await submitBy(http, { key: http.keys.reader, headers }), [403, 'SCOPE_MISSING']);
    assert.deepEqual(await submitBy(http, { key: 'bide_nobody_0000000000000000', headers }), [401, 'UNAUTHENTICATED']);
  });

  test('stands among cookies of others, and a forged one is none', async () => {
    await using http = await openHttp();
    const open = await session(http);
    const among = { key: null, headers: { cookie: `a=b; xbide_session=no;${open.cookie} ; last` } };
    assert.equal((await http.call('GET', '/v1/jobs', among)).status, 200);
    const [head, body] = open.cookie.split('.');
    for (const cookie of [
      'bide_session=',
      'bide_session=ey',
      `${head}.${body}.AAAA`,
      `bide_session=${http.keys.admin}`,
      '=;;=',
    ]) {
      const answer = await http.call('GET', '/v1/jobs', { key: null, headers: { cookie } });
      assert.equal(answer.status, 401, cookie);
    }
  });
});

describe('a session ends', () => {
  test('at once when its key is revoked', async () => {
    await using http = await openHttp();
    const { key, stored } = await http.keyAdmin.create({ name: 'temp', tenant: TENANT, scopes: ['admin'] });
    const open = await session(http, key);
    assert.equal((await http.call('GET', '/v1/jobs', withCookie(open))).status, 200);
    await http.keyAdmin.revoke(stored.id);
    assert.equal((await http.call('GET', '/v1/jobs', withCookie(open))).status, 401);
    assert.equal((await http.call('GET', SESSION, withCookie(open))).status, 204);
    assert.deepEqual(await submitBy(http, withWord(open)), [401, 'UNAUTHENTICATED']);
    assert.equal((await signIn(http, { key })).status, 401);
  });

  test('after an hour in which nobody used it, and goes on where somebody does', async () => {
    await using http = await openHttp();
    const open = await session(http);
    http.on.clock.advance(SESSION_MS - 1_000);
    const renewed = await http.call('GET', SESSION, withCookie(open));
    assert.equal(renewed.status, 200);
    assert.equal(renewed.json().csrf, open.csrf, 'pages that are open in other tabs keep their word');
    const cookie = String(renewed.headers['set-cookie']).split(';')[0] ?? '';
    http.on.clock.advance(1_000);
    assert.equal((await http.call('GET', '/v1/jobs', withCookie(open))).status, 401);
    assert.equal((await http.call('GET', '/v1/jobs', withCookie({ ...open, cookie }))).status, 200);
  });

  test('with its key, where that ends sooner', async () => {
    await using http = await openHttp();
    const expiresAt = http.on.clock.now() + 60_000;
    const { key } = await http.keyAdmin.create({ name: 'short', tenant: TENANT, scopes: ['read'], expiresAt });
    const open = await session(http, key);
    assert.equal((await http.call('GET', '/v1/jobs', withCookie(open))).status, 200);
    http.on.clock.advance(60_000);
    assert.equal((await http.call('GET', '/v1/jobs', withCookie(open))).status, 401);
  });

  test('by signing out, which the browser is told', async () => {
    await using http = await openHttp();
    const open = await session(http);
    const out = await http.call('DELETE', SESSION, withWord(open));
    assert.deepEqual([out.status, out.text], [204, '']);
    assert.match(String(out.headers['set-cookie']), /^bide_session=; Path=\/; Max-Age=0; HttpOnly; SameSite=Strict$/);
    assert.equal((await http.call('DELETE', SESSION, { key: null })).status, 204, 'nobody signs out');
  });

  for (const [what, path] of [
    ['a stream', (id: string) => `/v1/jobs/${id}/events`],
    ['the feed', () => '/v1/events'],
    ['a long wait', (id: string) => `/v1/jobs/${id}?wait=60`],
  ] as const) {
    test(`and ${what} that it holds open ends with it`, async () => {
      await using http = await openListening();
      const { key, stored } = await http.keyAdmin.create({ name: 'temp', tenant: TENANT, scopes: ['read'] });
      const open = await session(http, key);
      const id = await http.submit('task');
      const accept = what === 'a long wait' ? 'application/json' : 'text/event-stream';
      const headers = { cookie: open.cookie, accept };
      const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
      const asked = httpRequest(http.url + path(id), { agent: false, headers }, resolve);
      asked.on('error', reject).end();
      await http.held(1);
      await http.keyAdmin.revoke(stored.id);
      let text = '';
      for await (const chunk of await promise) text += String(chunk);
      assert.equal(http.holds.count, 0);
      assert.doesNotMatch(text, /succeeded/);
    });
  }
});

describe('signing in', () => {
  test('a wrong key is refused in words, and sets no cookie', async () => {
    await using http = await openHttp();
    for (const key of ['', 'x', 'bide_nobody_0000000000000000', `${http.keys.admin}0`]) {
      const answer = await signIn(http, { key });
      assert.deepEqual(
        [answer.status, answer.json().code, answer.headers['set-cookie']],
        [401, 'UNAUTHENTICATED', undefined],
      );
    }
  });

  test('what is no proof at all is told what to send, and a large one is not read', async () => {
    await using http = await openHttp();
    for (const body of [{}, { key: 'a', link: 'b' }, { key: 5 }, { key: 'x'.repeat(201) }, [], { other: 1 }]) {
      const answer = await signIn(http, body);
      assert.deepEqual(
        [answer.status, answer.json().code],
        [400, 'INVALID_REQUEST'],
        JSON.stringify(body).slice(0, 40),
      );
    }
    assert.equal((await http.call('POST', SESSION, { key: null })).status, 400);
    const large = await signIn(http, { key: 'x'.repeat(5_000) });
    assert.deepEqual([large.status, large.json().code], [413, 'BODY_TOO_LARGE']);
  });

  test('a link works once, for ten minutes', async () => {
    await using http = await openHttp();
    const link = http.links.make(http.keys.admin);
    const first = await signIn(http, { link });
    assert.deepEqual([first.status, first.json().keyName], [200, 'admin']);
    const again = await signIn(http, { link });
    assert.equal(again.status, 401);
    assert.match(String(again.json().detail), /used before or is too old/);
    const late = http.links.make(http.keys.admin);
    http.on.clock.advance(LINK_MS);
    assert.equal((await signIn(http, { link: late })).status, 401);
    assert.equal((await signIn(http, { link: 'x'.repeat(32) })).status, 401);
  });

  test('a link works for callers on this machine alone', async () => {
    await using http = await openHttp();
    const link = http.links.make(http.keys.admin);
    const from = (remoteAddress: string) =>
      http.server.inject({ method: 'POST', url: SESSION, payload: { link }, remoteAddress });
    for (const address of ['192.0.2.7', '::ffff:192.0.2.7', '2001:db8::1']) {
      assert.equal((await from(address)).statusCode, 401, address);
    }
    assert.equal((await from('::1')).statusCode, 200, 'and is not used up by the others');
  });

  test('of links that nobody uses only the newest are kept', async () => {
    await using http = await openHttp();
    const links = createLinks(http.on.clock);
    const made = Array.from({ length: 17 }, (_, index) => links.make(`key ${index}`));
    assert.equal(links.take(made[0] ?? ''), null);
    assert.equal(links.take(made[1] ?? ''), 'key 1');
    assert.equal(links.take(made[16] ?? ''), 'key 16');
  });
});

describe('sessions and others', () => {
  test('every node of a store takes the sessions and the words of the others', async () => {
    await using http = await openHttp();
    const { clock, store } = http.on;
    const other = createAuthenticator({ store, clock, limits: DEFAULT_LIMITS });
    const open = await session(http);
    const request = {
      method: 'POST',
      headers: { cookie: open.cookie, [CSRF_HEADER]: open.csrf },
    } as unknown as IncomingMessage;
    const principal = await principalOfSession(other, request);
    assert.deepEqual([principal?.tenant, principal?.keyName], [TENANT, 'admin']);
  });

  test('the faces of vendors never take one', async () => {
    const mounts = dialects.map((dialect): { dialect: Dialect; at: { kind: 'prefix'; prefix: string } } => ({
      dialect: {
        ...dialect,
        register: (app, context) => dialect.register(app, { ...context, options: dialect.playground } as never),
      },
      at: { kind: 'prefix', prefix: `/${dialect.name}` },
    }));
    const named = JSON.stringify(dialects.map(({ playground }) => playground)).matchAll(/"([a-z][a-z-]*)"/g);
    const types = Object.fromEntries([...named].map(([, name = '']) => [name, 'remote'] as const));
    await using http = await openHttp({ mounts, types });
    const open = await session(http);
    let tried = 0;
    for (const { name, serves } of dialects) {
      for (const { method, path } of serves) {
        const url = `/${name}${path.replace(/\{[^}]*\}/g, '1')}`;
        const statusOf = async (given: object) =>
          (await http.call(method, url, { ...given, body: method === 'GET' ? undefined : {} })).status;
        assert.equal(await statusOf(withWord(open)), await statusOf({ key: null }), `${method} ${url}`);
        tried += 1;
      }
    }
    assert.ok(tried > 10);
  });

  test('the paths take no other methods', async () => {
    await using http = await openHttp();
    for (const [method, path] of [
      ['PUT', SESSION],
      ['PATCH', SESSION],
      ['POST', '/dashboard'],
      ['DELETE', '/dashboard/jobs'],
    ]) {
      const answer = await http.call(method ?? '', path ?? '', { body: {} });
      assert.deepEqual([answer.status, answer.json().code], [405, 'METHOD_NOT_ALLOWED'], `${method} ${path}`);
    }
    const open = await session(http);
    const head = await http.call('HEAD', SESSION, withCookie(open));
    assert.deepEqual([head.status, head.text], [200, '']);
  });

  test('what a session reads is kept by no shared cache', async () => {
    await using http = await openHttp();
    const open = await session(http);
    const kept = async (path: string) => (await http.call('GET', path, withCookie(open))).headers['cache-control'];
    assert.deepEqual([await kept('/v1/jobs'), await kept(SESSION)], ['private, no-cache', 'no-store']);
  });
});
