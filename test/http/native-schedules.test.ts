/** Schedules over the native API: making, changing, pausing, running, listing, and what is refused. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Json } from '../../src/core/job.ts';
import { type HttpFixture, openHttp } from './http-fixture.ts';

const BODY = { cron: '30 2 * * MON-FRI', timeZone: 'Europe/Berlin', job: { type: 'task', input: { n: 1 } } };

const put = (http: HttpFixture, over: object = {}, name = 'nightly', key?: string) =>
  http.call('PUT', `/v1/schedules/${name}`, { body: { ...BODY, ...over }, ...(key === undefined ? {} : { key }) });

async function refusal(http: HttpFixture, over: object, name?: string): Promise<Record<string, Json>> {
  return (await put(http, over, name)).json();
}

describe('/v1/schedules', () => {
  test('makes a schedule, answers its next five ticks, changes, lists and removes it, and notes all of that', async () => {
    await using http = await openHttp();
    const answer = await put(http);
    assert.equal(answer.status, 201, answer.text);
    const made = answer.json();
    const { createdAt, updatedAt, next, ...rest } = made;
    assert.deepEqual(rest, {
      ...{ name: 'nightly', ...BODY, jitterMs: 0, overlap: 'allow', missed: 'last', startAt: null, endAt: null },
      ...{ source: 'api', paused: false, pausedAt: null, lastRun: null, lastSkip: null },
    });
    assert.equal(createdAt, updatedAt);
    // The clock of the test stands at 2025-06-15T15:06:40Z, a Sunday.
    assert.deepEqual(
      next,
      [16, 17, 18, 19, 20].map((day) => `2025-06-${day}T00:30:00.000Z`),
    );
    const again = await put(http);
    assert.deepEqual([again.status, again.json()], [200, made]);
    assert.deepEqual((await http.call('GET', '/v1/schedules/nightly')).json(), made);
    const changed = await put(http, { cron: '@hourly', startAt: '2025-07-01T00:00:00Z' });
    assert.equal(changed.status, 200);
    assert.equal((changed.json().next as string[])[0], '2025-07-01T00:00:00.000Z');
    await put(http, {}, 'second');
    const first = (await http.call('GET', '/v1/schedules?limit=1')).json();
    const others = (await http.call('GET', `/v1/schedules?limit=1&cursor=${first.next}`)).json();
    const names = [first, others].flatMap(({ schedules }) => (schedules as { name: string }[]).map(({ name }) => name));
    assert.deepEqual(names.sort(), ['nightly', 'second']);
    assert.equal(others.next, null);
    assert.equal((await http.call('DELETE', '/v1/schedules/nightly')).status, 204);
    assert.equal((await http.call('GET', '/v1/schedules/nightly')).json().code, 'SCHEDULE_NOT_FOUND');
    const { deeds } = (await http.call('GET', '/v1/audit')).json() as { deeds: { deed: string; request: Json }[] };
    assert.deepEqual(
      deeds.map(({ deed }) => deed).sort(),
      ['schedule.put', 'schedule.put', 'schedule.put', 'schedule.remove'].sort(),
    );
    assert.equal(JSON.stringify(deeds).includes('"input"'), false);
  });

  test('pauses, resumes, runs now, and lists its jobs alone', async () => {
    await using http = await openHttp();
    await put(http);
    await http.submit('task');
    const paused = (await http.call('POST', '/v1/schedules/nightly/pause')).json();
    assert.deepEqual([paused.paused, paused.next], [true, []]);
    const ran = await http.call('POST', '/v1/schedules/nightly/run');
    assert.equal(ran.status, 202, ran.text);
    const { id, schedule } = ran.json();
    assert.equal(ran.headers.location, `/v1/jobs/${id}`);
    assert.equal((schedule as { name: string }).name, 'nightly');
    assert.equal((await http.call('POST', '/v1/schedules/nightly/resume')).json().paused, false);
    await http.on.advance(10 * 3_600_000);
    const runs = (await http.call('GET', '/v1/schedules/nightly/runs')).json().jobs as Record<string, Json>[];
    assert.deepEqual(
      runs.map((job) => [job.runAt, job.schedule]),
      [
        ['2025-06-16T00:30:00.000Z', { name: 'nightly', tick: '2025-06-16T00:30:00.000Z' }],
        [ran.json().runAt, schedule],
      ],
    );
    const { lastRun } = (await http.call('GET', '/v1/schedules/nightly')).json();
    assert.deepEqual(lastRun, { tick: '2025-06-16T00:30:00.000Z', jobId: runs[0]?.id });
    const claim = { types: ['task'], worker: 'w', max: 3 };
    const claimed = await http.call('POST', '/v1/work/claim', { body: claim });
    assert.match(claimed.text, /"schedule":\{"name":"nightly","tick":"2025-06-16T00:30:00.000Z"\}/);
    assert.equal((await http.call('GET', '/v1/schedules/none/runs')).status, 404);
  });

  test('run with an Idempotency-Key submits once, and says so when it is asked again', async () => {
    await using http = await openHttp();
    await put(http);
    const run = (key: string) =>
      http.call('POST', '/v1/schedules/nightly/run', { headers: { 'idempotency-key': key } });
    const first = await run('a');
    const again = await run('a');
    assert.deepEqual([first.status, again.status], [202, 202]);
    assert.deepEqual([again.json().id, again.headers['idempotency-replayed']], [first.json().id, 'true']);
    assert.equal(first.headers['idempotency-replayed'], undefined);
    assert.notEqual((await run('b')).json().id, first.json().id);
    assert.equal((await run('k'.repeat(300))).status, 400);
    const { jobs } = (await http.call('GET', '/v1/schedules/nightly/runs')).json();
    assert.equal((jobs as Json[]).length, 2);
    await put(http, { job: { type: 'task', input: { n: 2 } } });
    assert.equal((await run('a')).json().code, 'IDEMPOTENCY_MISMATCH');
  });

  test('refuses what can never be with its code, and says what to do', async () => {
    await using http = await openHttp();
    const of = async (over: object, name?: string) => {
      const { status, code, detail } = await refusal(http, over, name);
      return `${status} ${code} ${detail}`;
    };
    assert.match(await of({ cron: '0 0 30 2 *' }), /^422 SCHEDULE_NEVER No date fits/);
    assert.match(await of({ cron: '99 * * * *' }), /^422 SCHEDULE_CRON_INVALID .*minute: 99/);
    assert.match(await of({ cron: 'x'.repeat(999) }), /^400 INVALID_REQUEST \/cron must be .* at most 200/);
    assert.match(await of({ timeZone: 'berlin' }), /^422 TIME_ZONE_UNKNOWN .*Did you mean Europe\/Berlin/);
    assert.match(await of({ overlap: 'never' }), /^400 INVALID_REQUEST \/overlap/);
    assert.match(await of({ endAt: 'soon' }), /^400 INVALID_REQUEST \/endAt/);
    assert.match(await of({ job: { type: 'nope' } }), /^422 TYPE_UNKNOWN/);
    const jobs = (more: object) => of({ job: { type: 'task', ...more } });
    assert.match(await jobs({ after: [] }), /^400 INVALID_REQUEST .*after/);
    assert.match(await jobs({ unique: { key: 'k', mode: 'replace' } }), /^400 INVALID_REQUEST .*reject or existing/);
    assert.match(await jobs({ unique: { key: '', mode: 'reject' } }), /^400 INVALID_REQUEST .job.unique.key/);
    assert.match(await jobs({ limit: { key: 'k', concurrency: 0 } }), /^400 INVALID_REQUEST .job.limit/);
    assert.match(await of({ job: { type: 'task', delayMs: 5 } }), /^400 INVALID_REQUEST .*delayMs/);
    assert.match(
      await of({ job: { type: 'task', retry: { backoffMs: 9, maxMs: 1 } } }),
      /^400 INVALID_REQUEST \/job\/retry/,
    );
    assert.match(
      await of({ job: { type: 'task', input: 'x'.repeat(300_000) } }),
      /^400 INVALID_REQUEST .*scheduleBytesMax/,
    );
    assert.match(await of({}, 'x'.repeat(101)), /^400 INVALID_REQUEST \/name/);
    assert.match(await of({ unknown: 1 }), /^400 INVALID_REQUEST/);
    const cursor = await http.call('GET', '/v1/schedules?cursor=nonsense');
    assert.equal(cursor.json().code, 'INVALID_CURSOR');
  });

  test('is the tenant’s own, and a priority above 0 needs its scope', async () => {
    await using http = await openHttp();
    await put(http);
    for (const [method, path] of [
      ['GET', ''],
      ['DELETE', ''],
      ['POST', '/pause'],
      ['POST', '/run'],
      ['GET', '/runs'],
    ] as const) {
      const answer = await http.call(method, `/v1/schedules/nightly${path}`, { key: http.keys.foreigner });
      assert.equal(answer.json().code, 'SCHEDULE_NOT_FOUND', path);
    }
    const high = await put(http, { job: { type: 'task', priority: 5 } }, 'high', http.keys.operator);
    assert.deepEqual([high.status, high.json().code], [403, 'SCOPE_MISSING']);
  });
});
