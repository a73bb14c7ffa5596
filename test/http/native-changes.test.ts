/** Resubmits and changes of waiting jobs over the native API. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TENANT } from '../engine/engine-fixture.ts';
import { type HttpFixture, openHttp } from './http-fixture.ts';

const READ = (http: HttpFixture, id: unknown) => http.call('GET', `/v1/jobs/${id}`).then((answer) => answer.json());

async function failedJob(http: HttpFixture, body: object): Promise<string> {
  const id = await http.submit('task', body);
  await http.call('POST', `/v1/jobs/${id}/cancel`);
  return id;
}

describe('POST /v1/jobs/{id}/resubmit', () => {
  test('makes a copy that names the job, with what is changed and all else as it was', async () => {
    await using http = await openHttp();
    const options = {
      tags: { team: 'blue' },
      timeoutMs: 5_000,
      deadlineMs: 60_000,
      retry: { attempts: 7 },
      retainMs: 9_000,
    };
    const id = await failedJob(http, { input: { page: 1 }, priority: -3, ...options });
    const copied = await http.call('POST', `/v1/jobs/${id}/resubmit`, { body: {}, key: http.keys.submitter });
    assert.equal(copied.status, 202, copied.text);
    const copy = copied.json();
    assert.deepEqual(
      [copy.resubmitOf, copy.state, copy.priority, copy.tags, copy.attemptsMax],
      [...[id, 'queued', -3, { team: 'blue' }, 7]],
    );
    assert.equal(copied.headers.location, `/v1/jobs/${copy.id}`);
    const input = (one: unknown) => http.call('GET', `/v1/jobs/${one}/input`).then((answer) => answer.json());
    assert.deepEqual(await input(copy.id), { page: 1 });
    const changes = { input: null, tags: { team: 'red' }, priority: 0, delayMs: 1_000 };
    const changed = (await http.call('POST', `/v1/jobs/${id}/resubmit`, { body: changes })).json();
    assert.deepEqual(
      [changed.state, changed.priority, changed.tags, await input(changed.id)],
      [...['scheduled', 0, { team: 'red' }, null]],
    );
    assert.equal((await READ(http, id)).resubmitOf, undefined);
  });

  test('keeps events and secret of the callback, unless it is given another', async () => {
    await using http = await openHttp();
    const callback = { url: 'https://a.example/', events: ['job.running'] };
    const id = await failedJob(http, { callback });
    const originOf = async (body: object) => {
      const copy = (await http.call('POST', `/v1/jobs/${id}/resubmit`, { body })).json();
      const [lookup] = await http.on.engine.read(TENANT, [String(copy.id)]);
      assert.equal(lookup?.kind, 'found');
      return [lookup.snapshot.job.callbackUrl, lookup.snapshot.job.origin?.data];
    };
    assert.deepEqual(await originOf({}), ['https://a.example/', { callback: { events: ['job.running'] } }]);
    assert.deepEqual(await originOf({ callback: { url: 'https://b.example/' } }), ['https://b.example/', {}]);
    assert.deepEqual(await originOf({ callback: null }), [null, {}]);
  });

  test('needs no body, and is the same for the same Idempotency-Key', async () => {
    await using http = await openHttp();
    const id = await failedJob(http, {});
    const once = () => http.call('POST', `/v1/jobs/${id}/resubmit`, { headers: { 'idempotency-key': 'again' } });
    const [first, second] = [await once(), await once()];
    assert.deepEqual([first.status, second.status, second.json().id], [202, 202, first.json().id], first.text);
    assert.equal(second.headers['idempotency-replayed'], 'true');
  });

  test('refuses jobs of others, jobs of Bide itself, and a priority that the caller may not give', async () => {
    await using http = await openHttp();
    const refusal = async (id: unknown, key: string, body: object = {}) => {
      const { status, json } = await http.call('POST', `/v1/jobs/${id}/resubmit`, { key, body });
      return [status, json().code];
    };
    const id = await failedJob(http, { priority: 5 });
    assert.deepEqual(await refusal(id, http.keys.foreigner), [404, 'JOB_NOT_FOUND']);
    assert.deepEqual(await refusal(id, http.keys.reader), [403, 'SCOPE_MISSING']);
    assert.deepEqual(await refusal(id, http.keys.submitter), [403, 'SCOPE_MISSING']);
    assert.equal((await refusal(id, http.keys.submitter, { priority: 0 }))[0], 202);
    assert.deepEqual(await refusal(id, http.keys.admin, { type: 'other' }), [400, 'INVALID_REQUEST']);
    const bulk = await http.call('POST', '/v1/jobs/cancel', { body: { filter: { type: 'task' } } });
    assert.deepEqual(await refusal(bulk.json().id, http.keys.admin), [422, 'TYPE_UNKNOWN']);
  });
});

describe('PATCH /v1/jobs/{id}', () => {
  test('changes what is given of a job that waits, at once and for its whole life', async () => {
    await using http = await openHttp();
    const id = await http.submit('task', { tags: { team: 'blue' }, priority: 2, deadlineMs: 60_000 });
    const before = await READ(http, id);
    const soon = new Date(http.on.clock.now() + 30_000).toISOString();
    const patch = async (body: object) => {
      const answer = await http.call('PATCH', `/v1/jobs/${id}`, { body, key: http.keys.submitter });
      assert.equal(answer.status, 200, answer.text);
      return answer.json();
    };
    const changed = await patch({ priority: -1, tags: { team: 'red' }, runAt: soon, deadlineAt: null });
    assert.deepEqual(
      { ...changed },
      {
        ...before,
        ...{ state: 'scheduled', priority: -1, tags: { team: 'red' }, runAt: soon, deadlineAt: null, revision: 2 },
      },
    );
    assert.deepEqual(await READ(http, id), changed);
    const list = async (tag: string) => (await http.call('GET', `/v1/jobs?tag=${tag}`)).json().jobs;
    assert.deepEqual([await list('team:red'), await list('team:blue')], [[changed], []]);
    assert.equal((await patch({ priority: -1 })).revision, 2);
    assert.equal((await patch({ runAt: null })).state, 'queued');
    assert.equal((await patch({ deadlineAt: soon })).deadlineAt, soon);
    await http.on.advance(40_000);
    assert.equal((await READ(http, id)).state, 'expired');
  });

  test('is obeyed by who waits for work', async () => {
    await using http = await openHttp();
    const id = await http.submit('task', { delayMs: 3_600_000 });
    const claim = http.call('POST', '/v1/work/claim', { body: { types: ['task'], wait: 30 }, key: http.keys.worker });
    await http.held(1);
    await http.call('PATCH', `/v1/jobs/${id}`, { body: { runAt: null } });
    const jobs = (await claim).json().jobs as readonly { readonly id: string }[];
    assert.deepEqual(
      jobs.map((job) => job.id),
      [id],
    );
  });

  test('refuses jobs that do not wait, old revisions, and what is out of range', async () => {
    await using http = await openHttp();
    const id = await http.submit('task');
    const refusal = async (body: object, headers = {}, key = http.keys.admin) => {
      const answer = await http.call('PATCH', `/v1/jobs/${id}`, { body, headers, key });
      const { code, state, errors } = answer.json() as { code: string; state?: string; errors?: { path: string }[] };
      return [answer.status, code, state ?? errors?.[0]?.path];
    };
    assert.deepEqual(await refusal({ priority: 1 }, { 'if-match': '"7"' }), [409, 'REVISION_OLD', 'queued']);
    assert.deepEqual(await refusal({ priority: 1 }, { 'if-match': 'x' }), [
      400,
      'INVALID_REQUEST',
      '/headers/if-match',
    ]);
    assert.deepEqual(await refusal({ priority: 1 }, {}, http.keys.submitter), [403, 'SCOPE_MISSING', undefined]);
    assert.deepEqual(await refusal({ priority: 1 }, {}, http.keys.foreigner), [404, 'JOB_NOT_FOUND', undefined]);
    assert.deepEqual(await refusal({}), [400, 'INVALID_REQUEST', '']);
    assert.deepEqual(await refusal({ state: 'running' }), [400, 'INVALID_REQUEST', '/state']);
    assert.deepEqual(await refusal({ deadlineAt: '2020-01-01T00:00:00Z' }), [400, 'INVALID_REQUEST', '/deadlineAt']);
    assert.deepEqual(await refusal({ tags: { '': 'x' } }), [400, 'INVALID_REQUEST', '/tags/']);
    await http.call('POST', '/v1/work/claim', { body: { types: ['task'] }, key: http.keys.worker });
    assert.deepEqual(await refusal({ priority: 1 }), [409, 'WRONG_STATE', 'running']);
    await http.call('POST', `/v1/jobs/${id}/cancel`);
  });
});
