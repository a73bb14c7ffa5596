/** Who works, over the native API. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createPlay, DONE } from '../engine/engine-fixture.ts';
import { openHttp } from './http-fixture.ts';

type Worker = Record<string, unknown> & { name: string };

describe('GET /v1/workers', () => {
  test('lists the process with its slots, and remote workers of the tenant while they are heard of', async () => {
    const play = createPlay();
    const about = { host: 'box', pid: 7, version: '1.2.3' };
    await using http = await openHttp({ types: { task: play.run, far: 'remote' }, about });
    const { clock } = http.on;
    const workers = async (key = http.keys.admin) =>
      (await http.call('GET', '/v1/workers', { key })).json().workers as Worker[];
    await http.submit('task');
    const run = await play.next();
    const startedAt = new Date(clock.now()).toISOString();
    const server = {
      ...{ name: 'worker-1', kind: 'server', ...about, types: [{ name: 'task', slots: 2 }], slots: 2, running: 1 },
      ...{ startedAt, seenAt: startedAt },
    };
    assert.deepEqual(await workers(), [server]);
    assert.deepEqual(await workers(http.keys.reader), [{ ...server, host: null, pid: null }]);
    const foreign = { key: http.keys.foreigner };
    assert.equal((await workers(foreign.key))[0]?.running, 1);

    await http.submit('far');
    const body = { types: ['far'], max: 3, worker: 'mine' };
    const headers = { 'user-agent': 'far/2' };
    const claimed = (await http.call('POST', '/v1/work/claim', { body, key: http.keys.worker, headers })).json();
    const [job] = claimed.jobs as { id: string; fence: number }[];
    const mine = {
      ...{ name: 'mine', kind: 'remote', host: null, pid: null, version: 'far/2' },
      ...{ types: [{ name: 'far', slots: 3 }], slots: 3, running: 1, startedAt: null, seenAt: startedAt },
    };
    assert.deepEqual((await workers(http.keys.reader))[1], mine);
    assert.equal((await workers(foreign.key)).length, 1);

    await http.on.advance(20_000);
    const heartbeat = { body: { fence: job?.fence }, key: http.keys.worker };
    assert.equal((await http.call('POST', `/v1/work/${job?.id}/heartbeat`, heartbeat)).status, 200);
    await http.on.advance(20_000);
    assert.deepEqual((await workers(http.keys.reader))[1], {
      ...mine,
      seenAt: new Date(clock.now() - 20_000).toISOString(),
    });
    await http.on.advance(20_000);
    assert.deepEqual(
      (await workers()).map(({ name }) => name),
      ['worker-1'],
    );
    run.end(DONE);
  });

  test('a worker whose claim is held is there, and a flood of names leaves the newest', async () => {
    await using http = await openHttp({ types: { far: 'remote' }, limits: { workersPerTenantMax: 2 } });
    const names = async () =>
      ((await http.call('GET', '/v1/workers')).json().workers as Worker[]).map(({ name }) => name);
    const claim = (worker: string, wait: number) =>
      http.call('POST', '/v1/work/claim', { body: { types: ['far'], worker, wait }, key: http.keys.worker });
    const held = claim('patient', 60);
    await http.held(1);
    await http.on.advance(50_000);
    assert.deepEqual(await names(), ['worker-1', 'patient']);
    for (const worker of ['a', 'b']) await claim(worker, 0);
    assert.deepEqual(await names(), ['worker-1', 'a', 'b']);
    await http.on.advance(20_000);
    await held;
  });

  test('needs the scope read', async () => {
    await using http = await openHttp();
    assert.equal((await http.call('GET', '/v1/workers', { key: http.keys.submitter })).status, 403);
  });
});
