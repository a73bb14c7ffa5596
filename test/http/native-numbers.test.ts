/** Numbers that a double cannot hold: refused where a value is read, kept where a text is passed on (ADR 0017). */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Answer, type HttpFixture, openHttp } from './http-fixture.ts';

const JSON_TYPE = { 'content-type': 'application/json' };
const NUMBERS = ['9007199254740993', '1e400', '12345678901234567890'];

/** Bodies are texts here: JavaScript cannot write these numbers. */
function post(http: HttpFixture, path: string, body: string): Promise<Answer> {
  return http.call('POST', path, { body, headers: JSON_TYPE });
}

function pathsOf(answer: Answer): readonly string[] {
  assert.deepEqual([answer.status, answer.json().code], [400, 'NUMBER_INEXACT'], answer.text);
  return (answer.json().errors as { path: string }[]).map(({ path }) => path);
}

describe('a number that a double cannot hold', () => {
  for (const number of NUMBERS) {
    test(`is refused with its place in an input: ${number}`, async () => {
      await using http = await openHttp();
      const one = await post(http, '/v1/jobs', `{"type":"task","input":{"rows":[1,${number}]}}`);
      assert.deepEqual(pathsOf(one), ['/input/rows/1']);
      assert.match(String(one.json().detail), new RegExp(`/input/rows/1 is ${number}, which a double cannot hold`));
      const many = await post(http, '/v1/jobs/bulk', `{"jobs":[{"type":"task"},{"type":"task","input":${number}}]}`);
      assert.deepEqual(pathsOf(many), ['/jobs/1/input']);
      assert.deepEqual((await http.call('GET', '/v1/jobs')).json().jobs, []);
    });

    test(`is refused in a result in the envelope, and kept in one that is the body: ${number}`, async () => {
      await using http = await openHttp();
      const id = await http.submit('task');
      await http.call('POST', '/v1/work/claim', { body: { types: ['task'] } });
      const wrapped = await post(http, `/v1/work/${id}/succeed`, `{"fence":1,"result":[${number}]}`);
      assert.deepEqual(pathsOf(wrapped), ['/result/0']);
      assert.equal((await post(http, `/v1/work/${id}/succeed?fence=1`, `[${number}]`)).status, 200);
      assert.equal((await http.call('GET', `/v1/jobs/${id}/result`)).text, `[${number}]`);
      assert.ok((await http.call('GET', `/v1/jobs/${id}`)).text.includes(`"result":[${number}],`));
    });
  }

  test('makes no replay of the request with its neighbour', async () => {
    await using http = await openHttp();
    const submit = (number: string) => post(http, '/v1/jobs', `{"type":"task","input":${number},"idempotencyKey":"k"}`);
    assert.equal((await submit('9007199254740992')).status, 202);
    assert.deepEqual(pathsOf(await submit('9007199254740993')), ['/input']);
  });
});
