/** Job types over the native API: what there is, and pausing it. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TENANT } from '../engine/engine-fixture.ts';
import { type HttpFixture, openHttp } from './http-fixture.ts';

const TASK = { name: 'task', kind: 'remote', slots: 2, paused: false, pausedAt: null };

async function keyOf({ call }: HttpFixture, tenant: string, ...scopes: string[]): Promise<string> {
  return String((await call('POST', '/v1/keys', { body: { name: 'k', tenant, scopes } })).json().key);
}

async function claimed({ call, keys }: HttpFixture): Promise<number> {
  const body = { types: ['task'], max: 10, worker: 'w' };
  return ((await call('POST', '/v1/work/claim', { key: keys.worker, body })).json().jobs as unknown[]).length;
}

describe('/v1/types', () => {
  test('lists the types, and answers one by its name', async () => {
    await using http = await openHttp({ types: { task: 'remote', 'a/b ü': 'remote' } });
    const names = ((await http.call('GET', '/v1/types')).json().types as { name: string }[]).map(({ name }) => name);
    assert.deepEqual(names, ['task', 'a/b ü']);
    const odd = await http.call('GET', `/v1/types/${encodeURIComponent('a/b ü')}`);
    assert.deepEqual([odd.status, odd.json().name], [200, 'a/b ü']);
    const missing = await http.call('GET', '/v1/types/tusk');
    assert.deepEqual(
      [missing.status, missing.json().code, missing.json().types],
      [404, 'TYPE_NOT_FOUND', ['task', 'a/b ü']],
    );
    assert.equal((await http.call('GET', '/v1/types/task', { key: http.keys.submitter })).status, 403);
  });

  test('a paused type takes submits and gives out no work until it is resumed', async () => {
    await using http = await openHttp();
    const paused = await http.call('POST', '/v1/types/task/pause');
    const at = new Date(http.on.clock.now()).toISOString();
    assert.deepEqual([paused.status, paused.json()], [200, { ...TASK, paused: true, pausedAt: at }]);
    http.on.clock.advance(5_000);
    assert.equal((await http.call('POST', '/v1/types/task/pause')).json().pausedAt, at);
    await http.submit('task');
    assert.equal(await claimed(http), 0);
    assert.deepEqual((await http.call('POST', '/v1/types/task/resume')).json(), TASK);
    assert.deepEqual((await http.call('POST', '/v1/types/task/resume')).json(), TASK);
    assert.equal(await claimed(http), 1);
    for (const deed of ['pause', 'resume']) {
      const unknown = await http.call('POST', `/v1/types/tusk/${deed}`);
      assert.deepEqual([unknown.status, unknown.json().code], [404, 'TYPE_NOT_FOUND']);
    }
  });

  test('pausing needs the scope operate, and admin where other tenants have keys', async () => {
    await using http = await openHttp();
    const operator = await keyOf(http, TENANT, 'operate');
    const pause = async (key: string) => {
      const { status, json } = await http.call('POST', '/v1/types/task/pause', { key });
      return [status, json().scope ?? null];
    };
    assert.deepEqual(await pause(http.keys.reader), [403, 'operate']);
    assert.deepEqual(await pause(operator), [403, 'admin']);
    const others = (await http.call('GET', '/v1/keys')).json().keys as { id: string; tenant: string }[];
    for (const { id, tenant } of others) if (tenant !== TENANT) await http.call('DELETE', `/v1/keys/${id}`);
    assert.deepEqual(await pause(operator), [200, null]);
  });
});
