/** What a job emits, over HTTP: JSON, text, held requests, the stream, and what workers send. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isFinal } from '../../src/core/state.ts';
import { createPlay, DONE, failed, type PlayedRun } from '../engine/engine-fixture.ts';
import { type HttpFixture, openHttp } from './http-fixture.ts';

async function running(
  limits = {},
): Promise<{ http: HttpFixture; id: string; run: PlayedRun; next(): Promise<PlayedRun> }> {
  const play = createPlay();
  const http = await openHttp({ types: { task: play.run }, limits });
  const { json } = await http.call('POST', '/v1/jobs', {
    body: { type: 'task', retry: { attempts: 2, backoffMs: 0 } },
  });
  return { http, id: String(json().id), run: await play.next(), next: () => play.next() };
}

const over = ({ on }: HttpFixture, id: string) => on.until(id, ({ state }) => isFinal(state));

describe('GET /v1/jobs/{id}/output', () => {
  test('answers with chunks as they were emitted, and where to go on', async () => {
    const { http, id, run } = await running();
    await using _ = http;
    const path = `/v1/jobs/${id}/output`;
    const read = async (query = '') => http.call('GET', `${path}${query}`, { key: http.keys.reader });
    assert.deepEqual((await read()).json(), { chunks: [], next: 0, done: false });
    run.attempt.emit('"Once "');
    run.attempt.emit('{"n":1.50}');
    await http.on.spy.idle();
    assert.equal(http.on.spy.calls.get('logAppend'), 1, 'one write for all of a turn');
    const at = new Date(http.on.clock.now()).toISOString();
    const one = `{"offset":39,"attempt":1,"fence":1,"at":"${at}","chunk":"Once "}`;
    const two = `{"offset":81,"attempt":1,"fence":1,"at":"${at}","chunk":{"n":1.50}}`;
    assert.equal((await read()).text, `{"chunks":[${one},${two}],"next":81,"done":false}`);
    assert.equal((await read('?limit=1')).text, `{"chunks":[${one}],"next":39,"done":false}`);
    assert.equal((await read('?after=39')).text, `{"chunks":[${two}],"next":81,"done":false}`);
    assert.deepEqual((await read('?after=1000')).json(), { chunks: [], next: 1_000, done: false });
    run.end(DONE);
    await over(http, id);
    assert.equal((await read('?limit=1')).json().done, false);
    assert.equal((await read('?after=39')).json().done, true);
    assert.equal((await read()).json().done, true);
    assert.deepEqual((await http.call('GET', `/v1/jobs/${id}/logs`)).json().lines, []);
  });

  test('begins anew with each run, and offsets go on', async () => {
    const { http, id, run, next } = await running();
    await using _ = http;
    run.attempt.emit('"a"');
    run.end(failed('no'));
    const again = await next();
    again.attempt.emit('"b"');
    again.attempt.emit('{"c":1}');
    again.attempt.emit('"\\n\\u0000d"');
    again.end(DONE);
    await over(http, id);
    const { json } = await http.call('GET', `/v1/jobs/${id}/output`);
    const chunks = json().chunks as { attempt: number; fence: number; offset: number }[];
    assert.deepEqual(
      chunks.map(({ attempt, fence, offset }) => [attempt, fence, offset]),
      [
        [1, 1, 35],
        [2, 2, 70],
        [2, 2, 109],
        [2, 2, 152],
      ],
    );
    const plain = await http.call('GET', `/v1/jobs/${id}/output`, { headers: { accept: 'text/plain' } });
    assert.equal(plain.text, 'b{"c":1}\n\n\0d', 'of the newest run alone');
    assert.deepEqual([plain.headers['bide-next'], plain.headers['bide-fence']], ['152', '2']);
    const only = await http.call('GET', `/v1/jobs/${id}/output?attempt=1`);
    assert.equal((only.json().chunks as object[]).length, 1);
  });

  test('is held until there is a chunk, or the job is over; news of the log do not end it', async () => {
    const { http, id, run } = await running();
    await using _ = http;
    const path = `/v1/jobs/${id}/output`;
    const first = http.call('GET', `${path}?wait=30`);
    await http.held(1);
    run.attempt.log('not this');
    await http.on.spy.idle();
    run.attempt.emit('1');
    assert.equal((await first).json().next, 33);
    const second = http.call('GET', `${path}?wait=30&after=33`);
    await http.held(1);
    run.end(DONE);
    assert.deepEqual((await second).json(), { chunks: [], next: 33, done: true });
  });

  test('is answered in pages of bounded bytes', async () => {
    const { http, id, run } = await running({ outputPageBytesMax: 1_024 });
    await using _ = http;
    for (let at = 0; at < 20; at += 1) run.attempt.emit(JSON.stringify('x'.repeat(66)));
    run.end(DONE);
    await over(http, id);
    const pages: [number, boolean][] = [];
    for (let after = 0, done = false; !done; ) {
      const body = (await http.call('GET', `/v1/jobs/${id}/output?after=${after}`)).json() as {
        chunks: object[];
        next: number;
        done: boolean;
      };
      pages.push([body.chunks.length, body.done]);
      ({ next: after, done } = body);
    }
    assert.deepEqual(pages, [
      [11, false],
      [9, true],
    ]);
  });

  test('refuses what is wrong, and says what would be right', async () => {
    const { http, id } = await running();
    await using _ = http;
    const refusal = async (path: string, key?: string) => {
      const { status, json } = await http.call('GET', path, key === undefined ? {} : { key });
      return [status, json().code];
    };
    const output = `/v1/jobs/${id}/output`;
    for (const query of ['after=-1', 'after=x', 'attempt=0', 'limit=0', 'limit=1001', 'wait=-1', 'level=info'])
      assert.deepEqual(await refusal(`${output}?${query}`), [400, 'INVALID_REQUEST'], query);
    assert.deepEqual(await refusal(output, http.keys.foreigner), [404, 'JOB_NOT_FOUND']);
    assert.deepEqual(await refusal(output, http.keys.submitter), [403, 'SCOPE_MISSING']);
    assert.deepEqual(await refusal('/v1/jobs/x/output'), [404, 'JOB_NOT_FOUND']);
  });
});

describe('the output on the stream of a job', () => {
  const eventsOf = (text: string) =>
    [...text.matchAll(/^id: (.*)\nevent: (.*)\ndata: (.*)$/gm)].map((match) => match.slice(1));

  test('comes with ?output=true, beside the log where that is asked for as well, and behind what the client has', async () => {
    const { http, id, run } = await running();
    await using _ = http;
    const follow = (query: string, headers = {}) => http.call('GET', `/v1/jobs/${id}/events${query}`, { headers });
    const all = follow('?output=true');
    await http.held(1);
    run.attempt.emit('"one"');
    await http.on.spy.idle();
    run.attempt.log('said');
    await http.on.spy.idle();
    run.attempt.emit('"two"');
    run.end(DONE);
    const told = eventsOf((await all).text);
    assert.deepEqual(
      told.map(([place, name]) => [place, name]),
      [
        ['2-0-0', 'job'],
        ['2-0-37', 'output'],
        ['2-0-74', 'output'],
        ['3-0-74', 'job'],
      ],
    );
    assert.equal((JSON.parse(told[1]?.[2] ?? '') as Record<string, unknown>).chunk, 'one');
    const names = async (query: string, headers = {}) =>
      eventsOf((await follow(query, headers)).text).map(([place, name]) => `${place} ${name}`);
    assert.deepEqual(await names('?output=true', { 'last-event-id': '2-0-37' }), ['3-0-74 output', '3-0-74 job']);
    assert.deepEqual(await names('?output=true&outputAfter=74'), ['3-0-74 job']);
    assert.deepEqual(await names('?output=true&logs=true', { 'last-event-id': '2-0-37' }), [
      '3-36-37 log',
      '3-36-74 output',
      '3-36-74 job',
    ]);
    assert.equal((await follow('?output=true', { 'last-event-id': '3-0-74' })).status, 204);
    assert.equal((await follow('?output=yes')).status, 400);
    assert.equal((await follow('?output=true', { 'last-event-id': '3-0-0-0' })).status, 400);
  });
});

describe('a heartbeat of a worker', () => {
  async function claimed(limits = {}) {
    const http = await openHttp({ types: { away: 'remote' }, limits });
    const id = await http.submit('away');
    const key = http.keys.worker;
    const { json } = await http.call('POST', '/v1/work/claim', { key, body: { types: ['away'] } });
    const fence = (json().jobs as { fence: number }[])[0]?.fence ?? 0;
    const headers = { 'content-type': 'application/json' };
    const beat = (body: string) => http.call('POST', `/v1/work/${id}/heartbeat`, { key, body, headers });
    const bytesOf = async () => ((await http.call('GET', `/v1/jobs/${id}/output`)).json().chunks as object[]).length;
    return { http, id, fence, beat, bytesOf };
  }

  test('brings chunks', async () => {
    const { http, id, fence, beat } = await claimed();
    await using _ = http;
    assert.equal((await beat(`{"fence":${fence},"output":["one",{"n":1.5,"__proto__":[]},null]}`)).status, 200);
    const { text } = await http.call('GET', `/v1/jobs/${id}/output`);
    assert.match(text, /"chunk":"one"}.*"chunk":{"n":1\.5,"__proto__":\[]}}.*"chunk":null}/);
  });

  test('that would bring too much is refused with OUTPUT_TOO_LARGE, and brings nothing', async () => {
    const { http, fence, beat, bytesOf } = await claimed({ outputBytesPerJobMax: 200, outputChunkBytesMax: 100 });
    await using _ = http;
    const refusal = async (output: unknown) => {
      const { status, json } = await beat(JSON.stringify({ fence, output }));
      return [status, json().code, json().limit];
    };
    assert.deepEqual(await refusal(['x'.repeat(99)]), [413, 'OUTPUT_TOO_LARGE', 'outputChunkBytesMax']);
    assert.deepEqual(await refusal(['x'.repeat(98)]), [200, undefined, undefined]);
    assert.deepEqual(await refusal(['x'.repeat(40)]), [413, 'OUTPUT_TOO_LARGE', 'outputBytesPerJobMax']);
    assert.equal(await bytesOf(), 1);
    assert.deepEqual(await refusal(['x'.repeat(30)]), [200, undefined, undefined]);
    assert.deepEqual(await refusal('x'), [400, 'INVALID_REQUEST', undefined]);
    const old = await beat(JSON.stringify({ fence: fence + 1, output: [1] }));
    assert.deepEqual([old.status, old.json().code], [409, 'FENCE_OLD']);
  });
});
