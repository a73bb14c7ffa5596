/**
 * The generic clients of both standards follow jobs here, unchanged but for address and key: `google-gax` over REST as generated clients use
 * it, and `@azure/core-lro` over Azure's own pipeline, in each of its modes.
 *
 * They wait in real time, half a second or as `Retry-After` says; the server is the suite's.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createHttpPoller } from '@azure/core-lro';
import { lro as lroClient, protobuf } from 'google-gax/fallback';
import type { Json } from '../../src/core/job.ts';
import {
  createWorker,
  openRig,
  type Rig,
  stageJob,
  TEST_TYPE,
  type Worker,
} from '../../src/dialects/contract-suite.ts';
import { lro } from '../../src/dialects/lro/index.ts';
import type { LroOptions } from '../../src/dialects/lro/options.ts';
import { VALUE_TYPE } from '../../src/dialects/lro/wire.ts';
import type { Dialect } from '../../src/http/dialect.ts';
import { blocksOf, documentOf, runCode } from '../process/doc-blocks.ts';
import { startPoller } from './azure-client.ts';
import { googleProtos, openReports, type Reports } from './google-client.ts';

const OPTIONS: LroOptions = {
  messages: {
    [TEST_TYPE]: {
      response: 'type.googleapis.com/acme.reports.v1.Report',
      metadata: 'type.googleapis.com/acme.reports.v1.ReportMetadata',
    },
  },
};

/** Google's clients know a host and a port and no path: the dialect has a host name of its own beside its prefix. */
function open(options: LroOptions): Promise<Rig> {
  const beside = [{ dialect: lro as Dialect, options, at: { kind: 'host', host: 'localhost' } as const }];
  const adapter = { options, credentials: (key: string) => ({ authorization: `Bearer ${key}` }) };
  return openRig(lro, adapter as never, { beside });
}

async function endNext(worker: Worker, result: Json): Promise<void> {
  await worker.succeed(await worker.claim(TEST_TYPE), result);
}

async function namesOf({ operations }: Reports, wanted: object): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const { name } of operations.listOperationsAsync({ name: 'operations', ...wanted } as never))
    names.push(name ?? '');
  return names;
}

describe('google-gax', () => {
  let rig: Rig;
  let worker: Worker;
  let reports: Reports;
  before(async () => {
    rig = await open(OPTIONS);
    worker = createWorker(rig.engine, rig.tenant);
    reports = openReports({ host: 'localhost', port: Number(new URL(rig.origin).port), apiKey: rig.keys.owner });
  });
  after(() => rig.close());

  it('starts an operation, follows its progress, and has the message of the result', async () => {
    const [operation] = await reports.startReport({ name: `types/${TEST_TYPE}`, input: { region: 'North' } });
    assert.match(operation.name ?? '', /^operations\//);
    const told = Promise.withResolvers<unknown>();
    operation.on('progress', (metadata: { readonly progressPercent: number }) => {
      if (metadata.progressPercent > 0) told.resolve(metadata);
    });
    const done = operation.promise();
    const held = await worker.claim(TEST_TYPE);
    await worker.report(held, 40);
    assert.deepEqual({ ...((await told.promise) as object) }, { state: 'RUNNING', progressPercent: 40 });
    await worker.succeed(held, { region: 'North', rows: 12 });
    const [report, metadata] = await done;
    assert.deepEqual({ ...report }, { region: 'North', rows: 12 });
    assert.deepEqual({ ...metadata }, { state: 'SUCCEEDED', progressPercent: 100 });
  });

  it('an operation that fails rejects with its code and message', async () => {
    const [operation] = await reports.startReport({ name: `types/${TEST_TYPE}`, input: { region: 'South' } });
    const done = operation.promise();
    await worker.fail(await worker.claim(TEST_TYPE), 'no such region');
    await assert.rejects(done, { code: 2, message: 'no such region' });
  });

  it('an operation is cancelled, listed and deleted by its client', async () => {
    const [operation] = await reports.startReport({ name: `types/${TEST_TYPE}`, input: { region: 'West' } });
    await operation.cancel();
    await assert.rejects(operation.promise(), { code: 1 });
    const { operations } = reports;
    const name = operation.name ?? '';
    assert.ok((await namesOf(reports, { filter: 'done=true' })).includes(name));
    await operations.deleteOperation({ name } as never);
    await assert.rejects(operations.getOperation({ name } as never), /Operation not found/);
  });

  it('pages are fetched one after another, each operation once', async () => {
    for (let count = 0; count < 3; count += 1) {
      await reports.startReport({ name: `types/${TEST_TYPE}`, input: {} });
      await endNext(worker, { region: 'x', rows: count });
    }
    const names = new Set(await namesOf(reports, { pageSize: 2 }));
    assert.equal(names.size, (await rig.engine.list({ tenant: rig.tenant, limit: 50 })).snapshots.length);
  });

  it('a start with the same requestId is the same operation', async () => {
    const start = () => reports.startReport({ name: `types/${TEST_TYPE}`, input: { region: 'a' }, requestId: 'once' });
    const [[one], [two]] = [await start(), await start()];
    assert.equal(one.name, two.name);
    await endNext(worker, {});
  });

  it('a wrong key, a type that there is not and an operation of another tenant are errors of Google’s', async () => {
    const place = { host: 'localhost', port: Number(new URL(rig.origin).port) };
    const stranger = openReports({ ...place, apiKey: rig.keys.stranger });
    await assert.rejects(stranger.operations.listOperations({ name: 'operations' } as never), /UNAUTHENTICATED/);
    await assert.rejects(reports.startReport({ name: 'types/none' }), /NOT_FOUND/);
    const [operation] = await reports.startReport({ name: `types/${TEST_TYPE}`, input: {} });
    const other = openReports({ ...place, apiKey: rig.keys.other });
    await assert.rejects(other.operations.getOperation({ name: operation.name } as never), /NOT_FOUND/);
    await endNext(worker, {});
  });
});

describe('@azure/core-lro', () => {
  let rig: Rig;
  let worker: Worker;
  before(async () => {
    rig = await open({ messages: {} });
    worker = createWorker(rig.engine, rig.tenant);
  });
  after(() => rig.close());

  const start = (path: string, more: Partial<Parameters<typeof startPoller>[0]> = {}) => {
    const url = `${rig.url}/azure/types/${TEST_TYPE}${path}`;
    return startPoller({ method: 'POST', url, apiKey: rig.keys.owner, input: { region: 'North' }, ...more });
  };
  const RESULT = { region: 'North', rows: 12 };
  /** Under each the request that its mode is inferred from, and what of the last answer is the result. */
  const MODES = {
    'Operation-Location': { path: ':start?api-version=2026-01-01', at: ['result'] },
    'Operation-Location, held by the server': { path: ':start?wait=20', at: ['result'] },
    'Azure-AsyncOperation': {
      path: ':start?poll=azure-asyncoperation',
      options: { resourceLocationConfig: 'azure-async-operation' },
      at: ['result'],
    },
    'Azure-AsyncOperation, then Location': {
      path: ':start?poll=azure-asyncoperation',
      options: { resourceLocationConfig: 'location' },
      at: [],
    },
    Location: { path: ':start?poll=location', at: [] },
    'the body of a PUT': { method: 'PUT', path: '/resources/sales', at: ['properties', 'output'] },
  } as const;

  for (const [mode, { path, at, ...more }] of Object.entries(MODES)) {
    it(`polls by ${mode} to the result`, async () => {
      const { poller, asked } = start(path, more as object);
      await poller.submitted();
      const held = await worker.claim(TEST_TYPE);
      const done = poller.pollUntilDone();
      await rig.held(mode.includes('held') ? 1 : 0);
      await worker.succeed(held, RESULT);
      let result: unknown = await done;
      for (const key of at) result = (result as Record<string, unknown>)[key];
      assert.deepEqual(result, RESULT, asked.join('\n'));
      assert.equal(poller.operationState?.status, 'succeeded');
    });
  }

  it('a job that fails, or is cancelled, is that in every mode', async () => {
    for (const poll of ['operation-location', 'azure-asyncoperation', 'location']) {
      const failing = start(`:start?poll=${poll}`).poller;
      await failing.submitted();
      await worker.fail(await worker.claim(TEST_TYPE), 'no such region');
      await assert.rejects(Promise.resolve(failing.pollUntilDone()), /no such region/);
      assert.equal(failing.operationState?.status, 'failed');
    }
    const { poller } = start(':start');
    await poller.submitted();
    const [job] = (await rig.engine.list({ tenant: rig.tenant, limit: 1 })).snapshots;
    await rig.engine.cancel(rig.tenant, job?.job.id ?? '');
    await assert.rejects(Promise.resolve(poller.pollUntilDone()), /cancel/i);
    assert.equal(poller.operationState?.status, 'canceled');
  });

  it('a poller that was written down goes on in another process', async () => {
    const first = start(':start');
    await first.poller.submitted();
    const restoreFrom = await first.poller.serialize();
    await endNext(worker, RESULT);
    const second = start(':start', { options: { restoreFrom } });
    assert.deepEqual(((await second.poller.pollUntilDone()) as { readonly result: unknown }).result, RESULT);
    assert.equal(second.asked.length, 1, second.asked.join('\n'));
  });
});

describe('the recipes of docs/dialects/lro.md', () => {
  let rig: Rig;
  before(async () => {
    rig = await open({ messages: {} });
  });
  after(() => rig.close());

  const [google = '', azure = ''] = blocksOf(documentOf('docs/dialects/lro.md'), 'js recipe');

  it('Azure’s starts a job and has its result', async () => {
    const BIDE = rig.origin;
    const code = azure.replace('types/report', `types/${TEST_TYPE}`);
    const result = runCode(code, { createHttpPoller, BIDE, KEY: rig.keys.owner, input: { region: 'North' } }, 'result');
    await rig.held(1);
    await endNext(createWorker(rig.engine, rig.tenant), { rows: 12 });
    assert.deepEqual(await result, { rows: 12 });
  });

  it('Google’s reads an operation', async () => {
    const { job } = await stageJob(rig, 'succeeded', { result: { rows: 12 } });
    const code = google.replace("'bide.example', port: 7071", `'localhost', port: ${new URL(rig.origin).port}`);
    const names = { lro: lroClient, protobuf, protos: googleProtos(), KEY: rig.keys.owner, id: job.id };
    const operation = (await runCode(code, names, 'operation')) as {
      readonly done: boolean;
      readonly response: object;
    };
    assert.deepEqual([operation.done, memberAt(operation.response, 'type_url')], [true, VALUE_TYPE]);
  });
});

function memberAt(value: object, name: string): unknown {
  return (value as Readonly<Record<string, unknown>>)[name];
}
