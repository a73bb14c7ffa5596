/** Job types over the native API: what there is, and pausing it. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createPlay, DONE, failed, TENANT } from '../engine/engine-fixture.ts';
import { type HttpFixture, openHttp } from './http-fixture.ts';

const NO_FIGURES = {
  ...{ submitted: 0, succeeded: 0, failed: 0, cancelled: 0, expired: 0, retried: 0, runs: 0, runMs: 0 },
  ...{ runMsP50: null, runMsP95: null },
};
const TASK = {
  ...{
    name: 'task',
    kind: 'remote',
    slots: 2,
    agingMs: null,
    expectedMs: null,
    limit: null,
    description: null,
    inputSchema: null,
    paused: false,
    pausedAt: null,
  },
  ...{ running: 0, waiting: 0, oldestWaitingMs: null },
  ...{ last5Minutes: NO_FIGURES, last60Minutes: NO_FIGURES, errors: [] },
};

const KEY_OF_ONE = 'one';

async function keyOf({ call }: HttpFixture, tenant: string, ...scopes: string[]): Promise<string> {
  return String((await call('POST', '/v1/keys', { body: { name: 'k', tenant, scopes } })).json().key);
}

async function claimed({ call, keys }: HttpFixture): Promise<number> {
  const body = { types: ['task'], max: 10, worker: 'w' };
  return ((await call('POST', '/v1/work/claim', { key: keys.worker, body })).json().jobs as unknown[]).length;
}

describe('/v1/types', () => {
  test('a due job of a paused type, or of one that is full, says so, alone and in lists; others pay no read for it', async () => {
    const limited = { handler: 'remote', limit: { concurrency: 1 } } as const;
    await using http = await openHttp({ types: { task: 'remote', one: limited } });
    const shown = async (id: string) => (await http.call('GET', `/v1/jobs/${id}`)).json();
    const submit = async (body: object) => String((await http.call('POST', '/v1/jobs', { body })).json().id);
    const plain = await submit({ type: 'task', sequenceKey: 's' });
    const behind = await submit({ type: 'task', sequenceKey: 's' });
    const later = await submit({ type: 'task', delayMs: 60_000 });
    assert.equal((await shown(plain)).waitingFor, undefined);
    await http.call('POST', '/v1/types/task/pause');
    const paused = { type: 'task', reason: 'paused' };
    for (const id of [plain, behind]) assert.deepEqual((await shown(id)).waitingFor, paused);
    assert.equal((await shown(later)).waitingFor, undefined);
    const listed = (await http.call('GET', '/v1/jobs?type=task&state=queued')).json().jobs as { waitingFor: unknown }[];
    assert.deepEqual(
      listed.map(({ waitingFor }) => waitingFor),
      [paused, paused],
    );
    await http.call('POST', '/v1/types/task/resume');
    assert.deepEqual(
      [(await shown(plain)).waitingFor, (await shown(behind)).waitingFor],
      [undefined, { sequence: 's' }],
    );

    const [first, second] = [await submit({ type: 'one' }), await submit({ type: 'one' })];
    assert.equal((await shown(second)).waitingFor, undefined);
    const claim = { key: http.keys.worker, body: { types: ['one'], max: 10, worker: 'w' } };
    const [{ fence } = { fence: 0 }] = (await http.call('POST', '/v1/work/claim', claim)).json().jobs as {
      fence: number;
    }[];
    const read = await http.call('GET', `/v1/jobs/${second}`);
    assert.deepEqual(read.json().waitingFor, { type: 'one', reason: 'full' });
    await http.call('POST', `/v1/work/${first}/succeed`, { key: http.keys.worker, body: { fence, result: 1 } });
    const free = await http.call('GET', `/v1/jobs/${second}`, {
      headers: { 'if-none-match': String(read.headers.etag) },
    });
    assert.deepEqual([free.status, free.json().waitingFor], [200, undefined]);
  });

  test('every answer with a job says what holds it back, as a read does', async () => {
    await using http = await openHttp();
    const call = async (method: string, path: string, body?: object, key = http.keys.admin) =>
      (await http.call(method, path, { key, ...(body === undefined ? {} : { body }) })).json();
    const ids = await Promise.all(['a', 'b'].map(() => http.submit('task')));
    await call('POST', '/v1/work/claim', { types: ['task'], max: 1, worker: 'w' }, http.keys.worker);
    const [cancelled = '', waiting = ''] = ids;
    await call('POST', `/v1/jobs/${cancelled}/cancel`);
    const failure = { fence: 1, error: { code: 'E', message: 'm' } };
    await call('POST', `/v1/work/${cancelled}/fail`, failure, http.keys.worker);
    await call('PUT', '/v1/schedules/tick', { cron: '0 0 1 1 *', job: { type: 'task' } });
    await call('POST', '/v1/types/task/pause');
    const body = { type: 'task', limit: { key: KEY_OF_ONE, concurrency: 1 } };
    const bulk = async () => {
      const { items } = await call('POST', '/v1/jobs/bulk', { jobs: [body, {}, { type: 'task', delayMs: 60_000 }] });
      const jobs = (items as { job?: object }[]).map(({ job }) => job as { waitingFor?: unknown } | undefined);
      assert.deepEqual([jobs[1], jobs[2]?.waitingFor], [undefined, undefined]);
      return jobs[0];
    };
    const waited = async () => {
      const held = call('POST', '/v1/jobs?wait=1', body);
      await http.held(1);
      await http.on.advance(1_000);
      return held;
    };
    const answers = {
      submit: await call('POST', '/v1/jobs', body),
      'submit with a wait': await waited(),
      bulk: await bulk(),
      change: await call('PATCH', `/v1/jobs/${waiting}`, { priority: 1 }),
      signal: await call('POST', `/v1/jobs/${waiting}/signals/go`, { value: 1 }),
      retry: await call('POST', `/v1/jobs/${cancelled}/retry`),
      resubmit: await call('POST', `/v1/jobs/${waiting}/resubmit`, {}),
      'run of a schedule': await call('POST', '/v1/schedules/tick/run'),
    };
    const paused = { type: 'task', reason: 'paused' };
    for (const [name, answer] of Object.entries(answers))
      assert.deepEqual((answer as { waitingFor?: unknown }).waitingFor, paused, `${name}: ${JSON.stringify(answer)}`);
  });

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
    for (let time = 0; time < 2; time += 1) {
      const resumed = (await http.call('POST', '/v1/types/task/resume')).json();
      assert.deepEqual([resumed.paused, resumed.pausedAt, resumed.waiting], [false, null, 1]);
    }
    assert.equal(await claimed(http), 1);
    const noted = (await http.call('GET', '/v1/audit')).json().deeds as { deed: string; target: string }[];
    assert.deepEqual(
      noted.filter(({ deed }) => deed.startsWith('type.')).map(({ deed, target }) => `${deed} ${target}`),
      ['type.resume task', 'type.pause task'],
    );
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

describe('what an operator sees of a type', () => {
  test('how much runs and waits, for how long, and how it went, of the tenant alone', async () => {
    const play = createPlay();
    const types = { task: { handler: { kind: 'function', run: play.run }, slots: 1, description: 'Does it.' } };
    await using http = await openHttp({ types });
    const report = async (key = http.keys.admin) => (await http.call('GET', '/v1/types/task', { key })).json();
    const first = await http.submit('task', { retry: { attempts: 1 } });
    const run = await play.next();
    await http.submit('task');
    await http.submit('task', { delayMs: 3_600_000 });
    await http.on.advance(2_500);
    const now = await report();
    assert.deepEqual([now.running, now.waiting, now.oldestWaitingMs, now.description], [1, 2, 2_500, 'Does it.']);
    run.end(failed('no'));
    await http.on.until(first, ({ state }) => state === 'failed');
    (await play.next()).end(DONE);
    await http.on.advance(6 * 60_000);
    const later = await report();
    const { last5Minutes, last60Minutes } = later as Record<string, Record<string, number>>;
    assert.deepEqual(last5Minutes, NO_FIGURES);
    const { submitted, succeeded, failed: bad, runs, runMs, runMsP95 } = last60Minutes as Record<string, number>;
    assert.deepEqual([submitted, succeeded, bad, runs, runMs], [3, 1, 1, 2, 2_500]);
    assert.ok(Number(runMsP95) > 1_250 && Number(runMsP95) <= 2_500, String(runMsP95));
    assert.deepEqual(later.errors, [{ code: 'HANDLER_FAILED', count: 1 }]);
    const foreign = await report(http.keys.foreigner);
    assert.deepEqual([foreign.waiting, foreign.last60Minutes, foreign.errors], [0, NO_FIGURES, []]);
  });
});
