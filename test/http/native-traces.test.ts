/** Trace context over the native API: from the headers of a submit to the claim of a worker, and past what is not in order. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openHttp } from './http-fixture.ts';

const PARENT = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
const HEADERS = { traceparent: PARENT, tracestate: 'vendor=1' };

type Http = Awaited<ReturnType<typeof openHttp>>;

async function claim(http: Http) {
  const answer = await http.call('POST', '/v1/work/claim', { body: { types: ['task'], max: 10 } });
  assert.equal(answer.status, 200, answer.text);
  return answer.json().jobs as { traceparent?: string; tracestate?: string }[];
}

test('a claim brings the trace of the submit, of one job as of many, and a group', async () => {
  await using http = await openHttp();
  const job = { type: 'task' };
  for (const [path, body] of [
    ['/v1/jobs', job],
    ['/v1/jobs/bulk', { jobs: [job, job] }],
    ['/v1/groups', { jobs: [job] }],
  ] as const)
    assert.ok((await http.call('POST', path, { body, headers: HEADERS })).status < 300, path);
  const claimed = await claim(http);
  assert.equal(claimed.length, 4);
  for (const { traceparent, tracestate } of claimed) assert.deepEqual({ traceparent, tracestate }, HEADERS);
});

test('a job says where it stands in its trace, to whoever may read it, and nothing of its tracestate', async () => {
  await using http = await openHttp();
  const submit = (headers: Record<string, string>) =>
    http.call('POST', '/v1/jobs', { body: { type: 'task' }, headers });
  const made = (await submit(HEADERS)).json();
  const read = await http.call('GET', `/v1/jobs/${made.id}`);
  assert.deepEqual([made.traceparent, read.json().traceparent], [PARENT, PARENT]);
  assert.doesNotMatch(read.text, /vendor=1/);
  assert.equal('traceparent' in (await submit({})).json(), false);
});

test('headers that are not in order are as none, and the job is taken', async () => {
  await using http = await openHttp();
  for (const traceparent of ['', 'x', `${PARENT}-more`, PARENT.toUpperCase(), `${PARENT}, ${PARENT}`]) {
    const headers = { traceparent, tracestate: 'vendor=1' };
    assert.equal((await http.call('POST', '/v1/jobs', { body: { type: 'task' }, headers })).status, 202);
    const [job] = await claim(http);
    assert.deepEqual([job?.traceparent, job?.tracestate], [undefined, undefined], traceparent);
  }
  const headers = { traceparent: PARENT, tracestate: 'not in order' };
  await http.call('POST', '/v1/jobs', { body: { type: 'task' }, headers });
  const [job] = await claim(http);
  assert.deepEqual([job?.traceparent, job?.tracestate], [PARENT, undefined]);
});
