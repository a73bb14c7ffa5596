/** What a job says, over HTTP: JSON, text, held requests, the stream, and what workers send. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isFinal } from '../../src/core/state.ts';
import { createPlay, DONE, type PlayedRun } from '../engine/engine-fixture.ts';
import { type HttpFixture, openHttp } from './http-fixture.ts';

const UNKNOWN_ID = '0190a1b2-0000-7000-8000-000000000001';

async function running(limits = {}): Promise<{ http: HttpFixture; id: string; run: PlayedRun }> {
  const play = createPlay();
  const http = await openHttp({ types: { task: play.run, away: 'remote' }, limits });
  const id = await http.submit('task');
  return { http, id, run: await play.next() };
}

async function over({ on }: HttpFixture, id: string): Promise<void> {
  await on.until(id, ({ state }) => isFinal(state));
}

describe('GET /v1/jobs/{id}/logs', () => {
  test('answers with lines, and where to go on', async () => {
    const { http, id, run } = await running();
    await using _ = http;
    run.attempt.log('one');
    run.attempt.log('two\n"2"', 'warn', '{"page":3}');
    await http.on.spy.idle();
    const at = new Date(http.on.clock.now()).toISOString();
    const one = { offset: 35, attempt: 1, at, level: 'info', line: 'one', fields: null };
    const two = { offset: 84, attempt: 1, at, level: 'warn', line: 'two\n"2"', fields: { page: 3 } };
    const path = `/v1/jobs/${id}/logs`;
    const read = async (query = '') => (await http.call('GET', `${path}${query}`, { key: http.keys.reader })).json();
    assert.deepEqual(await read(), { lines: [one, two], next: 84, done: false });
    assert.deepEqual(await read('?limit=1'), { lines: [one], next: 35, done: false });
    assert.deepEqual(await read('?after=35'), { lines: [two], next: 84, done: false });
    assert.deepEqual(await read('?level=warn'), { lines: [two], next: 84, done: false });
    assert.deepEqual(await read('?attempt=2'), { lines: [], next: 0, done: false });
    assert.deepEqual(await read('?after=1000'), { lines: [], next: 1_000, done: false });
    run.end(DONE);
    await over(http, id);
    assert.deepEqual(await read('?after=84'), { lines: [], next: 84, done: true });
  });

  test('answers in text where that is asked for', async () => {
    const { http, id, run } = await running();
    await using _ = http;
    run.attempt.log('one\nmore', 'error', '{"a":1}');
    await http.on.spy.idle();
    const at = new Date(http.on.clock.now()).toISOString();
    const read = (accept: string) => http.call('GET', `/v1/jobs/${id}/logs`, { headers: { accept } });
    const { text, headers } = await read('text/plain');
    assert.equal(text, `${at} ERROR [1] one\n    more {"a":1}\n`);
    assert.equal(headers['content-type'], 'text/plain; charset=utf-8');
    assert.equal(headers['bide-next'], '47');
    const json = 'application/json; charset=utf-8';
    for (const accept of ['*/*', 'application/json', 'text/plain;q=0.5, application/json', 'text/html'])
      assert.equal((await read(accept)).headers['content-type'], json, accept);
    assert.match(String((await read('application/json;q=0.1, text/plain')).headers['content-type']), /^text\/plain/);
  });

  test('is held until there is a line, or the job is over', async () => {
    const { http, id, run } = await running();
    await using _ = http;
    const path = `/v1/jobs/${id}/logs`;
    const first = http.call('GET', `${path}?wait=30`);
    await http.held(1);
    run.attempt.log('one');
    assert.equal((await first).json().next, 35);
    const second = http.call('GET', `${path}?wait=30&after=35`);
    await http.held(1);
    run.end(DONE);
    assert.deepEqual((await second).json(), { lines: [], next: 35, done: true });
  });

  test('refuses what is wrong, and says what would be right', async () => {
    const { http, id } = await running();
    await using _ = http;
    const refusal = async (path: string, key?: string) => {
      const { status, json } = await http.call('GET', path, key === undefined ? {} : { key });
      return [status, json().code, json().detail];
    };
    const logs = `/v1/jobs/${id}/logs`;
    assert.deepEqual(await refusal(`${logs}?level=loud`), [
      400,
      'INVALID_REQUEST',
      '/level must be one of debug, info, warn, error.',
    ]);
    for (const query of ['after=-1', 'after=x', 'attempt=0', 'limit=0', 'limit=1001', 'wait=-1', 'wait=x', 'tail=3'])
      assert.deepEqual((await refusal(`${logs}?${query}`)).slice(0, 2), [400, 'INVALID_REQUEST'], query);
    assert.deepEqual((await refusal(logs, http.keys.foreigner)).slice(0, 2), [404, 'JOB_NOT_FOUND']);
    assert.deepEqual((await refusal(logs, http.keys.submitter)).slice(0, 2), [403, 'SCOPE_MISSING']);
    for (const unknown of [UNKNOWN_ID, 'x'])
      assert.deepEqual((await refusal(`/v1/jobs/${unknown}/logs`)).slice(0, 2), [404, 'JOB_NOT_FOUND']);
  });

  test('is gone with its job', async () => {
    const { http, id, run } = await running();
    await using _ = http;
    run.attempt.log('one');
    run.end(DONE);
    await over(http, id);
    await http.call('DELETE', `/v1/jobs/${id}`);
    const { status, json } = await http.call('GET', `/v1/jobs/${id}/logs`);
    assert.deepEqual([status, json().code], [410, 'JOB_GONE']);
  });
});

describe('the log on the stream of a job', () => {
  const eventsOf = (text: string) =>
    [...text.matchAll(/^id: (.*)\nevent: (.*)\ndata: (.*)$/gm)].map((match) => match.slice(1));

  test('comes with ?logs=true between the snapshots, and behind what the client has', async () => {
    const { http, id, run } = await running();
    await using _ = http;
    const follow = (query: string, headers = {}) => http.call('GET', `/v1/jobs/${id}/events${query}`, { headers });
    const all = follow('?logs=true');
    await http.held(1);
    run.attempt.log('one');
    await http.on.spy.idle();
    run.attempt.log('two');
    run.end(DONE);
    const told = eventsOf((await all).text);
    assert.deepEqual(
      told.map(([place, name]) => [place, name]),
      [
        ['2-0', 'job'],
        ['2-35', 'log'],
        ['2-70', 'log'],
        ['3-70', 'job'],
      ],
    );
    const line = JSON.parse(told[1]?.[2] ?? '') as Record<string, unknown>;
    assert.deepEqual([line.line, line.level, line.offset], ['one', 'info', 35]);
    const names = async (query: string, headers = {}) =>
      eventsOf((await follow(query, headers)).text).map(([place]) => place);
    assert.deepEqual(await names('?logs=true', { 'last-event-id': '2-35' }), ['3-70', '3-70']);
    assert.deepEqual(await names('?logs=true&logsAfter=70'), ['3-70']);
    assert.equal((await follow('?logs=true', { 'last-event-id': '3-70' })).status, 204);
    assert.deepEqual(await names(''), ['3'], 'who did not ask sees what they always saw');
    assert.equal((await follow('?logs=yes')).status, 400);
    assert.equal((await follow('?logs=true', { 'last-event-id': '3-' })).status, 400);
  });
});

describe('a heartbeat of a worker', () => {
  async function claimed(limits = {}) {
    const http = await openHttp({ types: { away: 'remote' }, limits });
    const id = await http.submit('away');
    const { key = http.keys.worker } = {};
    const { json } = await http.call('POST', '/v1/work/claim', { key, body: { types: ['away'] } });
    const fence = (json().jobs as { fence: number }[])[0]?.fence ?? 0;
    const beat = (body: object) => http.call('POST', `/v1/work/${id}/heartbeat`, { key, body: { fence, ...body } });
    return { http, id, fence, beat };
  }

  test('brings lines', async () => {
    const { http, id, beat } = await claimed();
    await using _ = http;
    const now = http.on.clock.now();
    const log = [
      { line: 'one' },
      { line: 'two', level: 'debug', fields: { a: [1] }, at: new Date(now - 5).toISOString() },
    ];
    assert.equal((await beat({ log })).status, 200);
    const { lines } = (await http.call('GET', `/v1/jobs/${id}/logs`)).json() as { lines: { at: string }[] };
    const [one, two] = lines;
    assert.deepEqual(one, {
      offset: 35,
      attempt: 1,
      at: new Date(now).toISOString(),
      level: 'info',
      line: 'one',
      fields: null,
    });
    assert.deepEqual([two?.at], [new Date(now - 5).toISOString()]);
  });

  test('is refused where its lines are none, or its fence is old', async () => {
    const { http, id, fence, beat } = await claimed({ logLinesPerSecondMax: 2 });
    await using _ = http;
    for (const log of [
      ['one'],
      [{}],
      [{ line: 1 }],
      [{ line: 'x', level: 'loud' }],
      [{ line: 'x', fields: 1 }],
      [{ line: 'x', at: 'now' }],
      [{ line: 'x', colour: 1 }],
      [{ line: 'x' }, { line: 'x' }, { line: 'x' }],
    ]) {
      const { status, json } = await beat({ log });
      assert.deepEqual([status, json().code], [400, 'INVALID_REQUEST'], JSON.stringify(log));
    }
    const { status, json } = await beat({ fence: fence + 1, log: [{ line: 'x' }] });
    assert.deepEqual([status, json().code], [409, 'FENCE_OLD']);
    assert.deepEqual((await http.call('GET', `/v1/jobs/${id}/logs`)).json().lines, []);
  });
});
