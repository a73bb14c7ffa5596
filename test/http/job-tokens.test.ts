/** Tokens of a job: what they open, which is one job, and what they do not, which is all else; and how they end. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { dialects } from '../../src/dialects/index.ts';
import { createJobTokens } from '../../src/http/job-tokens.ts';
import { type HttpFixture, openHttp } from './http-fixture.ts';

const JOB = '01912c5e-0000-7000-8000-000000000001';
const MINUTE = 60_000;
const OVER = 'This token of a job is over, or its key is, or it was never one.';

async function tokenOf(http: HttpFixture, id: string, body?: object, key = http.keys.reader) {
  const answer = await http.call('POST', `/v1/jobs/${id}/token`, { key, ...(body === undefined ? {} : { body }) });
  assert.equal(answer.status, 201, answer.text);
  return { ...(answer.json() as { token: string; expiresAt: string }), headers: answer.headers };
}

const codeOf = (answer: { readonly status: number; json(): Record<string, unknown> }) => [
  answer.status,
  answer.json().code,
];

describe('a token', () => {
  const secretOf = (byte: number) => async () => new Uint8Array(32).fill(byte);

  test('is read on every node until it is over, and not when anything of it was altered', async () => {
    const [here, there] = [createJobTokens(secretOf(1)), createJobTokens(secretOf(1))];
    const said = { keyId: 'abcd1234', jobId: JOB, endsAt: 1_750_000_000_000 };
    const token = await here.write(said);
    assert.match(token, /^bjt_[\w.-]+$/);
    assert.deepEqual(await there.read(token, said.endsAt - 1), said);
    assert.equal(await there.read(token, said.endsAt), null);
    assert.equal(await createJobTokens(secretOf(2)).read(token, 0), null);
    const later = (said.endsAt + 1).toString(36);
    const forged = [
      ...[
        token.replace('abcd', 'abce'),
        token.replace(JOB, JOB.replace(/1$/, '2')),
        token.replace('.read.', '.admin.'),
      ],
      ...[
        token.replace(said.endsAt.toString(36), later),
        `${token}x`,
        token.slice(0, -1),
        token.replace('bjt_', ''),
        '',
      ],
      `${token.slice(0, -2)}${token.at(-2) === 'A' ? 'B' : 'A'}${token.at(-1)}`,
    ];
    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    forged.push(...[...letters].filter((one) => !token.endsWith(one)).map((one) => token.slice(0, -1) + one));
    for (const one of forged) assert.equal(await there.read(one, 0), null, one);
  });
});

describe('POST /v1/jobs/{id}/token', () => {
  test('makes a token for ten minutes unless told, for whoever may read the job', async () => {
    await using http = await openHttp();
    const id = await http.submit('task');
    const now = http.on.clock.now();
    const usual = await tokenOf(http, id);
    assert.equal(usual.headers['cache-control'], 'no-store');
    assert.equal(Date.parse(usual.expiresAt), now + 10 * MINUTE);
    assert.equal(Date.parse((await tokenOf(http, id, { ttlMs: 86_400_000 })).expiresAt), now + 86_400_000);
    for (const body of [{ ttlMs: 59_999 }, { ttlMs: 86_400_001 }, { ttlMs: '1' }, { ttl: 1 }, []]) {
      const refused = await http.call('POST', `/v1/jobs/${id}/token`, { body });
      assert.deepEqual(codeOf(refused), [400, 'INVALID_REQUEST'], JSON.stringify(body));
    }
    const at = `/v1/jobs/${id}/token`;
    assert.deepEqual(codeOf(await http.call('POST', at, { key: http.keys.submitter })), [403, 'SCOPE_MISSING']);
    assert.deepEqual(codeOf(await http.call('POST', at, { key: http.keys.foreigner })), [404, 'JOB_NOT_FOUND']);
    assert.deepEqual(codeOf(await http.call('POST', `/v1/jobs/${JOB}/token`)), [404, 'JOB_NOT_FOUND']);
  });

  test('opens the job, its result, events, logs and output; of other jobs it knows nothing', async () => {
    await using http = await openHttp();
    const [id, other] = [await http.submit('task'), await http.submit('task')];
    const { token: key } = await tokenOf(http, id);
    const at = `/v1/jobs/${id}`;
    const held = http.call('GET', `${at}?wait=30`, { key });
    await http.held(1);
    const claimed = (await http.call('POST', '/v1/work/claim', { body: { types: ['task'], worker: 'w' } })).json();
    const [{ fence } = { fence: 0 }] = claimed.jobs as { fence: number }[];
    await http.call('POST', `/v1/work/${id}/succeed`, { body: { fence, result: { isDone: true } } });
    assert.deepEqual([(await held).status, (await held).json().result], [200, { isDone: true }]);
    for (const path of ['', '/result', '/events', '/logs', '/output', '?include=number']) {
      const { status, text } = await http.call('GET', at + path, { key });
      assert.equal(status, path === '?include=number' ? 403 : 200, text);
    }
    assert.equal((await http.call('HEAD', `${at}/result`, { key })).status, 200);
    assert.equal((await http.call('GET', at, { key: null, headers: { 'x-api-key': key } })).status, 200);
    for (const path of ['', '/result', '/events', '/logs', '/output', '?wait=1'])
      assert.deepEqual(
        codeOf(await http.call('GET', `/v1/jobs/${other}${path}`, { key })),
        [404, 'JOB_NOT_FOUND'],
        path,
      );
    assert.deepEqual(codeOf(await http.call('GET', '/v1/jobs/x', { key })), [404, 'JOB_NOT_FOUND']);
    assert.equal((await http.call('DELETE', at)).status, 204);
    assert.match(codeOf(await http.call('GET', at, { key })).join(' '), /^(404 JOB_NOT_FOUND|410 JOB_GONE)$/);
  });

  test('opens nothing else: neither calls of the API, nor other faces, nor the dashboard', async () => {
    const mounts = dialects.flatMap((dialect) => {
      const read = dialect.parseOptions(undefined);
      const at = { kind: 'prefix' as const, prefix: `/${dialect.name}` };
      return read.kind === 'options' ? [{ dialect, at, options: read.options }] : [];
    });
    await using http = await openHttp({ mounts });
    const id = await http.submit('task');
    const { token: key } = await tokenOf(http, id);
    const { paths } = (await http.call('GET', '/openapi.json')).json() as unknown as { paths: Record<string, object> };
    const open = new Set(['', '/result', '/events', '/logs', '/output'].map((below) => `get /v1/jobs/{id}${below}`));
    let refused = 0;
    for (const [path, methods] of Object.entries(paths)) {
      for (const [method, { security }] of Object.entries(methods as Record<string, { security?: unknown[] }>)) {
        if (security?.length === 0) continue;
        const isOpen = open.has(`${method} ${path}`);
        assert.equal(JSON.stringify(security ?? []).includes('jobToken'), isOpen, `${method} ${path}`);
        if (isOpen) continue;
        const at = path.replace('{id}', id).replaceAll(/\{\w+\}/g, 'x');
        const answer = await http.call(method.toUpperCase(), at, { key });
        assert.deepEqual(codeOf(answer), [403, 'JOB_TOKEN_ELSEWHERE'], `${method} ${path}`);
        refused += 1;
      }
    }
    assert.ok(refused > 70);
    const signIn = await http.call('POST', '/dashboard/session', { key: null, body: { key } });
    assert.deepEqual(codeOf(signIn), [403, 'JOB_TOKEN_ELSEWHERE']);
    assert.equal((await http.call('GET', `/v1/jobs/${id}?token=${key}`, { key: null })).status, 401);
    for (const [method, path, body] of OTHER_FACES) {
      const answer = await http.call(method, path.replace('{id}', id), {
        key,
        ...(body === undefined ? {} : { body }),
      });
      assert.equal(answer.status, 403, `${method} ${path} ${answer.text}`);
    }
  });

  test('ends at its time, also for who is held, and with the key that made it', async () => {
    await using http = await openHttp({ limits: { keyCacheMs: 1_000 } });
    const id = await http.submit('task');
    const { token: key } = await tokenOf(http, id, { ttlMs: MINUTE });
    await http.on.advance(MINUTE / 2);
    const held = http.call('GET', `/v1/jobs/${id}?wait=60`, { key });
    const stream = http.call('GET', `/v1/jobs/${id}/events`, { key });
    await http.held(2);
    await http.on.advance(MINUTE / 2 - 1_000);
    assert.equal((await http.call('GET', `/v1/jobs/${id}`, { key })).status, 200);
    await http.on.advance(2_500);
    const over = await http.call('GET', `/v1/jobs/${id}`, { key });
    assert.deepEqual([...codeOf(over), over.json().detail], [401, 'UNAUTHENTICATED', OVER]);
    assert.deepEqual(codeOf(await held), [401, 'UNAUTHENTICATED']);
    assert.match((await stream).text, /event: job/);
    const { key: maker, stored } = await http.keyAdmin.create({ tenant: 'acme', name: 'page', scopes: ['read'] });
    const { token } = await tokenOf(http, id, undefined, maker);
    assert.equal((await http.call('GET', `/v1/jobs/${id}`, { key: token })).status, 200);
    await http.keyAdmin.revoke(stored.id);
    assert.deepEqual(codeOf(await http.call('GET', `/v1/jobs/${id}`, { key: token })), [401, 'UNAUTHENTICATED']);
  });

  test('says its end as it is: that of its key, where the key ends first', async () => {
    await using http = await openHttp();
    const expiresAt = http.on.clock.now() + MINUTE;
    const { key } = await http.keyAdmin.create({ tenant: 'acme', name: 'short', scopes: ['read'], expiresAt });
    const made = await tokenOf(http, await http.submit('task'), undefined, key);
    assert.equal(Date.parse(made.expiresAt), expiresAt);
  });

  test('pages of one job take no more held requests than its share: the rest is for keys, workers and other pages', async () => {
    await using http = await openHttp({ limits: { holdsPerJobTokenMax: 2, holdsPerTenantMax: 5 } });
    const ids = [await http.submit('task'), await http.submit('task')];
    const [loud = '', calm = ''] = await Promise.all(ids.map(async (id) => (await tokenOf(http, id)).token));
    const second = (await tokenOf(http, ids[0] ?? '', { ttlMs: 2 * MINUTE })).token;
    const wait = (index: number, key: string) => http.call('GET', `/v1/jobs/${ids[index]}?wait=30`, { key });
    const held = [wait(0, loud), http.call('GET', `/v1/jobs/${ids[0]}/events`, { key: second })];
    await http.held(2);
    const refused = await wait(0, second);
    assert.deepEqual([...codeOf(refused), http.holds.count], [503, 'TOO_MANY_HOLDS', 2]);
    assert.match(refused.text, /holdsPerJobTokenMax/);
    held.push(wait(1, calm), wait(0, http.keys.reader));
    await http.held(4);
    for (const id of ids) await http.call('POST', `/v1/jobs/${id}/cancel`);
    assert.deepEqual(
      (await Promise.all(held)).map(({ status }) => status),
      [200, 200, 200, 200],
    );
    assert.equal(http.holds.count, 0);
  });

  test('one page does not take the looks of another, though one key made their tokens', async () => {
    await using http = await openHttp({ limits: { pollsPerSecondMax: 1 } });
    const ids = [await http.submit('task'), await http.submit('task')];
    const [busy = '', calm = ''] = await Promise.all(ids.map(async (id) => (await tokenOf(http, id)).token));
    const look = (index: number, key: string) => http.call('GET', `/v1/jobs/${ids[index]}`, { key });
    const statuses = [];
    for (let count = 0; count < 11; count += 1) statuses.push((await look(0, busy)).status);
    assert.equal(statuses.at(-1), 429);
    assert.equal((await look(1, calm)).status, 200);
  });
});

const OTHER_FACES: readonly (readonly [string, string, object?])[] = [
  ['POST', '/mcp', { jsonrpc: '2.0', id: 1, method: 'ping' }],
  ['GET', '/openai/v1/responses/{id}'],
  ['GET', '/replicate/v1/predictions/{id}'],
];
