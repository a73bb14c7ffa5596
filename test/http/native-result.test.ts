/** Results over the native API: bytes, content type, ranges, entity tags, and why there is none. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createWorker } from '../../src/dialects/contract-suite/stage.ts';
import { TENANT } from '../engine/engine-fixture.ts';
import { type HttpFixture, openHttp } from './http-fixture.ts';

async function finished(http: HttpFixture, contentType: string, bytes: Buffer): Promise<string> {
  const id = await http.submit('task');
  const worker = createWorker(http.on.engine, TENANT);
  await worker.succeedWith(await worker.claim('task'), contentType, bytes);
  return `/v1/jobs/${id}/result`;
}

const TEN = Buffer.from('0123456789');

describe('GET /v1/jobs/{id}/result', () => {
  test('hands out the bytes under their own content type', async () => {
    await using http = await openHttp();
    const bytes = Buffer.from([0, 255, 128, 10, 13]);
    const path = await finished(http, 'image/x-test', bytes);
    const answer = await http.call('GET', path);
    assert.equal(answer.status, 200);
    assert.deepEqual(answer.bytes, bytes);
    assert.equal(answer.headers['content-type'], 'image/x-test');
    assert.equal(answer.headers['accept-ranges'], 'bytes');
    const head = await http.call('HEAD', path);
    assert.deepEqual([head.status, head.headers['content-length'], head.text], [200, '5', '']);
    const known = await http.call('GET', path, { headers: { 'if-none-match': String(answer.headers.etag) } });
    assert.deepEqual([known.status, known.text], [304, '']);
  });

  test('keeps a page that a handler made from acting as a page of this origin', async () => {
    await using http = await openHttp();
    const answer = await http.call('GET', await finished(http, 'text/html', Buffer.from('<script>1</script>')));
    assert.match(String(answer.headers['content-security-policy']), /^sandbox;/);
    assert.equal(answer.headers['x-content-type-options'], 'nosniff');
  });

  test('hands out ranges, and says when one lies outside', async () => {
    await using http = await openHttp();
    const path = await finished(http, 'text/plain', TEN);
    const range = (value: string, headers = {}) => http.call('GET', path, { headers: { range: value, ...headers } });
    for (const [asked, text, contentRange] of [
      ['bytes=2-4', '234', 'bytes 2-4/10'],
      ['bytes=7-', '789', 'bytes 7-9/10'],
      ['bytes=-3', '789', 'bytes 7-9/10'],
      ['bytes=0-99', '0123456789', 'bytes 0-9/10'],
    ] as const) {
      const answer = await range(asked);
      assert.deepEqual([answer.status, answer.text, answer.headers['content-range']], [206, text, contentRange]);
    }
    const outside = await range('bytes=10-');
    assert.deepEqual(
      [outside.status, outside.json().code, outside.headers['content-range']],
      [416, 'RANGE_NOT_SATISFIABLE', 'bytes */10'],
    );
    assert.equal((await range('bytes=0-1,4-5')).status, 200, 'several ranges are answered with the whole');
    assert.equal((await range('lines=1-2')).status, 200);
    const etag = String((await http.call('GET', path)).headers.etag);
    assert.equal((await range('bytes=2-4', { 'if-range': etag })).status, 206);
    assert.equal((await range('bytes=2-4', { 'if-range': '"other"' })).status, 200);
  });

  test('before the job is done answers 409 and when to look again', async () => {
    await using http = await openHttp();
    const answer = await http.call('GET', `/v1/jobs/${await http.submit('task')}/result`);
    assert.deepEqual([answer.status, answer.json().code], [409, 'RESULT_NOT_READY']);
    assert.ok(Number(answer.headers['retry-after']) >= 1);
  });

  test('of a job that ended without one answers 404 and why', async () => {
    await using http = await openHttp();
    const id = await http.submit('task');
    await http.call('POST', `/v1/jobs/${id}/cancel`);
    const answer = await http.call('GET', `/v1/jobs/${id}/result`);
    assert.deepEqual([answer.status, answer.json().code, answer.json().state], [404, 'RESULT_NONE', 'cancelled']);
  });

  test('that is large JSON is not part of the status, and whole here', async () => {
    await using http = await openHttp({ limits: { resultInlineBytesMax: 100 } });
    const text = JSON.stringify({ rows: 'x'.repeat(200) });
    const path = await finished(http, 'application/json', Buffer.from(text));
    assert.equal((await http.call('GET', path.replace('/result', ''))).json().result, null);
    const answer = await http.call('GET', path);
    assert.deepEqual([answer.text, answer.headers['content-type']], [text, 'application/json']);
  });
});
