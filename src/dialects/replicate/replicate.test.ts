/** Replicate under the suite of all dialects, and what is the vendor's alone. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  complaintAboutJson,
  createWorker,
  type DialectAdapter,
  jsonOf,
  memberOf,
  openRig,
  type Rig,
  stageJob,
  TEST_TYPE,
  testDialect,
} from '../contract-suite.ts';
import { replicate } from './index.ts';
import { DEFAULT_OPTIONS, type ReplicateOptions } from './options.ts';
import { waitMsOf } from './submission.ts';
import { ErrorBody, Prediction } from './wire.ts';

const post = (path: string, json: object, headers: Record<string, string> = {}) => ({
  method: 'POST',
  path,
  json: json as never,
  headers,
});
const START = post('/v1/predictions', { version: TEST_TYPE, input: { text: 'Alice' } });

const adapter: DialectAdapter<ReplicateOptions> = {
  options: { ...DEFAULT_OPTIONS, models: { 'meta/llama': { type: TEST_TYPE } } },
  credentials: (key) => ({ authorization: `Bearer ${key}` }),
  start: START,
  started: (answer) => memberOf(answer, ['id']) as string | undefined,
  read: ({ id }) => ({ method: 'GET', path: `/v1/predictions/${id}` }),
  word: (answer) => memberOf(answer, ['status']) as string | undefined,
  succeeded: (answer, _job, result) => assert.deepEqual(memberOf(answer, ['output']), result),
  unknown(answer) {
    assert.equal(answer.status, 404);
    assert.equal(memberOf(answer, ['detail']), 'The requested resource could not be found.');
  },
  hold: null,
  cancel: ({ id }) => ({ method: 'POST', path: `/v1/predictions/${id}/cancel` }),
  refused: [
    { title: 'an id of another form', request: { method: 'GET', path: '/v1/predictions/nope' }, status: 404 },
    { title: 'a version that is no type', request: post('/v1/predictions', { version: 'x', input: {} }), status: 422 },
    { title: 'no version', request: post('/v1/predictions', { input: {} }), status: 422 },
    { title: 'no input', request: post('/v1/predictions', { version: TEST_TYPE }), status: 422 },
    { title: 'a list as the body', request: post('/v1/predictions', []), status: 422 },
    { title: 'no body', request: { method: 'POST', path: '/v1/predictions' }, status: 400 },
    { title: 'a model that is no type', request: post('/v1/models/a/b/predictions', { input: {} }), status: 404 },
    { title: 'a deployment of nothing', request: post('/v1/deployments/a/b/predictions', { input: {} }), status: 404 },
    {
      title: 'an event that there is not',
      request: post('/v1/predictions', { version: TEST_TYPE, input: {}, webhook_events_filter: ['end'] }),
      status: 422,
    },
    {
      title: 'a webhook that is no URL',
      request: post('/v1/predictions', { version: TEST_TYPE, input: {}, webhook: 'x' }),
      status: 400,
    },
    { title: 'a short Cancel-After', request: { ...START, headers: { 'cancel-after': '4s' } }, status: 400 },
    { title: 'a Cancel-After of words', request: { ...START, headers: { 'cancel-after': 'soon' } }, status: 400 },
    { title: 'a cursor of nobody', request: { method: 'GET', path: '/v1/predictions?cursor=x' }, status: 400 },
    {
      title: 'a time that is none',
      request: { method: 'GET', path: '/v1/predictions?created_after=soon' },
      status: 400,
    },
    { title: 'a pass that nobody wrote', request: { method: 'GET', path: '/v1/streams/x' }, status: 404 },
    { title: 'a model that there is not', request: { method: 'GET', path: '/v1/models/a/b' }, status: 404 },
    {
      title: 'a version that there is not',
      request: { method: 'GET', path: `/v1/models/a/${TEST_TYPE}/versions/b` },
      status: 404,
    },
    {
      title: 'the secret without the scope',
      request: { method: 'GET', path: '/v1/webhooks/default/secret' },
      status: 403,
    },
    { title: 'a file', request: { method: 'POST', path: '/v1/files', body: 'x' }, status: 501 },
    { title: 'a training', request: post('/v1/trainings', {}), status: 404 },
  ],
  complaint(answer, { path }) {
    if (answer.status >= 400) return complaintAboutJson(answer, ErrorBody);
    if (
      /\/predictions(\/[^/]*(\/cancel)?)?$/.test(path.split('?')[0] ?? '') &&
      memberOf(answer, ['results']) === undefined
    )
      return complaintAboutJson(answer, Prediction);
    return jsonOf(answer) === undefined ? `the body is no JSON: ${answer.text}` : null;
  },
  readings: () => ({
    requests: ({ id }) => [
      { method: 'GET', path: '/v1/predictions' },
      { method: 'POST', path: `/v1/predictions/${id}/cancel` },
    ],
  }),
  together: () => [
    {
      request: { method: 'GET', path: '/v1/predictions' },
      of: (answer, { id }) => (memberOf(answer, ['results']) as { id: string }[]).find((one) => one.id === id),
    },
  ],
  fuzz: {
    query: { cursor: ['x', ''], created_after: ['2025-01-01T00:00:00Z', 'x'] },
    bodies: [
      {
        version: TEST_TYPE,
        input: { text: 'x' },
        webhook: 'https://example.org/hook',
        webhook_events_filter: ['start'],
      },
      { version: 'meta/llama:1', input: null, stream: true },
    ],
  },
  golden: new URL('./golden/', import.meta.url),
  volatile: [{ name: 'pass', pattern: /[0-9a-z]{4,32}\.[0-9a-f-]{36}\.[\w-]{22}/g }],
};

testDialect(replicate, adapter);

describe('Replicate', () => {
  let rig: Rig;
  before(async () => {
    rig = await openRig(replicate, adapter);
  });
  after(() => rig.close());

  it('a create that prefers to wait is answered with the prediction that is done', async () => {
    const answering = rig.send({ ...START, headers: { prefer: 'wait=5' } });
    await rig.held(1);
    const worker = createWorker(rig.engine, rig.tenant);
    await worker.succeed(await worker.claim(TEST_TYPE), 'Hello');
    const answer = await answering;
    assert.equal(answer.status, 201);
    assert.deepEqual(
      ['status', 'output', 'model', 'version'].map((name) => memberOf(answer, [name])),
      ['succeeded', 'Hello', `bide/${TEST_TYPE}`, TEST_TYPE],
    );
  });

  it('a create whose wait is over says starting, though its job runs: any other word is the end to the client', async () => {
    const answering = rig.send({ ...START, headers: { prefer: 'respond-async, wait=5' } });
    await rig.held(1);
    const worker = createWorker(rig.engine, rig.tenant);
    const held = await worker.claim(TEST_TYPE);
    rig.clock.advance(5_000);
    const answer = await answering;
    assert.deepEqual([answer.status, memberOf(answer, ['status'])], [202, 'starting']);
    const read = await rig.send({ method: 'GET', path: `/v1/predictions/${memberOf(answer, ['id'])}` });
    assert.equal(memberOf(read, ['status']), 'processing');
    await worker.succeed(held, null);
  });

  it('Prefer is read as its RFC has it, and no wait is longer than the vendor’s', () => {
    const cases: readonly (readonly [string | undefined, number | null])[] = [
      [undefined, null],
      ['wait', 60_000],
      ['wait=3', 3_000],
      ['WAIT=3', 3_000],
      ['respond-async, wait=3', 3_000],
      ['wait=999', 60_000],
      ['wait=0', null],
      ['wait=x', null],
      ['waiting', null],
    ];
    for (const [header, expected] of cases) assert.equal(waitMsOf(header), expected, header);
  });

  it('a type goes by its own name, any owner’s, and the names that the config gives it', async () => {
    const types: unknown[] = [];
    for (const version of [TEST_TYPE, `any/${TEST_TYPE}`, 'meta/llama', `x/y:${TEST_TYPE}`]) {
      const answer = await rig.send(post('/v1/predictions', { version, input: {} }));
      assert.equal(answer.status, 201, answer.text);
      types.push(memberOf(answer, ['model']));
    }
    assert.deepEqual(types, [`bide/${TEST_TYPE}`, `any/${TEST_TYPE}`, 'meta/llama', 'x/y']);
    for (const kind of ['models', 'deployments']) {
      const answer = await rig.send(post(`/v1/${kind}/meta/llama/predictions`, { input: {} }));
      assert.deepEqual([answer.status, memberOf(answer, ['model'])], [201, 'meta/llama']);
    }
    for (const { job } of (await rig.engine.list({ tenant: rig.tenant, limit: 50 })).snapshots)
      await rig.engine.cancel(rig.tenant, job.id);
  });

  it('Cancel-After is the deadline of the job', async () => {
    const { deadlineMs } = await jobOf(await rig.send({ ...START, headers: { 'cancel-after': '1h2m3s' } }));
    assert.equal(deadlineMs, 3_723_000);
  });

  it('Token and a bare key are taken for Bearer', async () => {
    const { owner } = rig.keys;
    const { job } = await stageJob(rig, 'queued');
    for (const authorization of [`Token ${owner}`, `Bearer ${owner}`, owner]) {
      const answer = await rig.send(
        { method: 'GET', path: `/v1/predictions/${job.id}`, headers: { authorization } },
        'nobody',
      );
      assert.equal(answer.status, 200);
    }
  });

  it('bytes are a file that the client opens, and text is text', async () => {
    const worker = createWorker(rig.engine, rig.tenant);
    const outputs: unknown[] = [];
    for (const [contentType, bytes] of [
      ['image/png', Buffer.from([1, 2])],
      ['text/plain', Buffer.from('Hi')],
    ] as const) {
      const { job } = await stageJob(rig, 'queued', { submit: { type: 'staged' } });
      await worker.succeedWith(await worker.claim('staged'), contentType, bytes);
      outputs.push(memberOf(await rig.send(adapter.read(job)), ['output']));
    }
    assert.deepEqual(outputs, ['data:image/png;base64,AQI=', 'Hi']);
  });

  async function jobOf(answer: Awaited<ReturnType<Rig['send']>>) {
    const [lookup] = await rig.engine.read(rig.tenant, [String(memberOf(answer, ['id']))]);
    assert.equal(lookup?.kind, 'found');
    return lookup.snapshot.job;
  }
});
