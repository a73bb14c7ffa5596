/**
 * One trace over three processes, each with an SDK of its own: this one submits, a server runs functions, programs and upstream requests, a worker
 * claims over HTTP; and back here come the upstream requests and the webhooks.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as bodyOf } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { type Client, createClient } from '../../src/client/index.ts';
import { fencesOf } from '../process/doc-fences.ts';
import { type ServerProcess, startServer } from '../process/server-process.ts';
import { type ShownSpan, shownSpan } from '../tracing/shown-span.ts';

const folder = mkdtempSync(join(tmpdir(), 'bide-traces-'));
const SPANS = join(folder, 'spans');
mkdirSync(SPANS);
const watcher = watch(SPANS);
const NODE_OPTIONS = `--import ${new URL('../tracing/span-files.ts', import.meta.url)}`;
const exporter = new InMemorySpanExporter();
const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });

/** Paths of requests that came here, and their `traceparent`. */
const came: { path: string; traceparent: string }[] = [];
let listener: Server;
let server: ServerProcess;
let worker: ChildProcess;
let client: Client;

before(async () => {
  trace.setGlobalTracerProvider(provider);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  listener = createServer((request, response) => {
    came.push({ path: request.url ?? '', traceparent: String(request.headers.traceparent) });
    request.resume().on('end', () => response.end('{}'));
  }).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const here = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`;
  const config = join(folder, 'bide.config.mjs');
  writeFileSync(config, configOf(here));
  const env = { SPANS, NODE_OPTIONS };
  server = await startServer({ data: join(folder, 'data'), cwd: folder, args: ['--config', config], env });
  client = createClient({ url: server.url, key: server.key });
  await client.webhooks.create({ url: `${here}/hook`, events: ['job.succeeded'] });
  const script = new URL('../tracing/far-worker.ts', import.meta.url).pathname;
  const stdio = 'inherit';
  worker = spawn(process.execPath, [script, server.url, server.key, here], { env: { ...process.env, ...env }, stdio });
});

after(async () => {
  const gone = once(worker, 'exit');
  worker.kill('SIGTERM');
  await gone;
  await server.end('SIGTERM');
  listener.close().closeAllConnections();
  watcher.close();
  await provider.shutdown();
  for (const api of [trace, context]) api.disable();
  rmSync(folder, { recursive: true, force: true });
});

function configOf(upstream: string): string {
  return `
import { trace } from '${import.meta.resolve('@opentelemetry/api')}';
export default {
  deliveries: { allowPrivateAddresses: true },
  types: {
    think(input, { attempt, traceparent }) {
      trace.getTracer('handler').startSpan('inside').end();
      if (attempt === 1) throw new Error('not yet');
      return traceparent;
    },
    program: { kind: 'command', program: 'sh', args: ['-c', 'printf \\'"%s"\\' "$TRACEPARENT"'] },
    call: { kind: 'http', url: '${upstream}/upstream', allowPrivateAddresses: true },
    far: { kind: 'remote' },
  },
};
`;
}

function spansOfOthers(): readonly ShownSpan[] {
  const lines = readdirSync(SPANS).flatMap((file) => readFileSync(join(SPANS, file), 'utf8').split('\n').slice(0, -1));
  return lines.map((line) => JSON.parse(line) as ShownSpan);
}

/** As soon as there are as many. */
async function spansNamed(name: string, count: number): Promise<readonly [ShownSpan, ...ShownSpan[]]> {
  for (;;) {
    const found = spansOfOthers().filter((span) => span.name === name);
    if (found.length >= count) return found as [ShownSpan, ...ShownSpan[]];
    await once(watcher, 'change');
  }
}

const idIn = (traceparent: unknown) => String(traceparent).split('-')[2];

test('a job is one trace: submit, attempts, what they call, and webhooks, over three processes', async () => {
  const tracer = trace.getTracer('user');
  const types = ['think', 'program', 'call', 'far'];
  const retry = { attempts: 2, backoffMs: 1 };
  const submitted = await tracer.startActiveSpan('user', async (span) => {
    const jobs = await Promise.all(types.map((type) => client.submit({ type, retry })));
    span.end();
    return jobs;
  });
  const { jobs: items } = await client.waitMany(submitted.map(({ id }) => id));
  assert.deepEqual(
    items.map((job) => job.state),
    types.map(() => 'succeeded'),
  );
  // The main threads of two processes, and those of handlers; a store's own threads need no SDK.
  const loaded = readFileSync(join(folder, 'loaded'), 'utf8').split('\n');
  assert.ok(loaded.length > 3 && !loaded.includes('bide-store'), loaded.join());
  const [user] = exporter.getFinishedSpans().map(shownSpan);
  assert.ok(user !== undefined);
  const delivered = await Promise.all(types.map(() => spansNamed('deliver job.succeeded', types.length)));
  for (const type of types) {
    const [sent] = await spansNamed(`send ${type}`, 1);
    assert.deepEqual([sent.kind, sent.parent, sent.trace, sent.pid === process.pid], [3, user.id, user.trace, false]);
    assert.equal(sent.attributes['messaging.message.id'], submitted[types.indexOf(type)]?.id);
    const attempts = await spansNamed(`process ${type}`, type === 'think' ? 2 : 1);
    for (const [index, attempt] of attempts.entries()) {
      assert.deepEqual([attempt.kind, attempt.parent, attempt.trace], [4, sent.id, user.trace]);
      assert.equal(attempt.attributes['bide.job.attempt'], index + 1);
      assert.equal(attempt.pid === worker.pid, type === 'far');
      assert.deepEqual(attempt.links, index === 0 ? [] : [sent.id]);
    }
    const hook = delivered[0]?.find(
      ({ attributes }) => attributes['messaging.message.id'] === submitted[types.indexOf(type)]?.id,
    );
    assert.deepEqual([hook?.kind, hook?.parent, hook?.trace], [2, sent.id, user.trace]);
    assert.equal(hook?.attributes['http.response.status_code'], 200);
    assert.ok(came.some(({ path, traceparent }) => path === '/hook' && idIn(traceparent) === hook?.id));
  }
  const result = (type: string) => {
    const job = items[types.indexOf(type)];
    return job?.state === 'succeeded' ? job.result : undefined;
  };
  const [failed, second] = await spansNamed('process think', 2);
  assert.deepEqual([failed.hasFailed, failed.attributes['error.type']], [true, 'HANDLER_FAILED']);
  assert.deepEqual(
    [failed.attributes['bide.job.state'], second?.attributes['bide.job.state']],
    ['waiting', 'succeeded'],
  );
  // In the handler's thread, which has an SDK of its own.
  assert.deepEqual(
    (await spansNamed('inside', 2)).map(({ parent, trace }) => [parent, trace]),
    [failed.id, second?.id].map((id) => [id, user.trace]),
  );
  assert.equal(idIn(result('think')), second?.id);
  assert.equal(idIn(result('program')), (await spansNamed('process program', 1))[0].id);
  const calledBy = (path: string) => idIn(came.find((one) => one.path === path)?.traceparent);
  assert.equal(calledBy('/upstream'), (await spansNamed('process call', 1))[0].id);
  assert.equal(calledBy('/far'), (await spansNamed('process far', 1))[0].id);
});

test('the SDK of the page collects what Bide does, up to the end of the process', async () => {
  const fence = fencesOf('docs/operations/tracing.md').find(({ name }) => name === 'otel.mjs');
  // The packages of this checkout, since the folder has none.
  const text = fence?.text.replaceAll(
    /from '(@opentelemetry[^']+)'/g,
    (_, name) => `from '${import.meta.resolve(name)}'`,
  );
  writeFileSync(join(folder, 'otel.mjs'), text ?? '');
  const program = join(folder, 'program.mjs');
  const index = new URL('../../src/index.ts', import.meta.url);
  writeFileSync(
    program,
    `import { openBide } from '${index}';
     const bide = await openBide({ types: { task: () => 'done' } }, { data: 'own' });
     await bide.wait((await bide.submit('task', null)).id);
     await bide.close();`,
  );
  const collected: string[] = [];
  const collector = createServer(async (request, response) => {
    collected.push(`${request.url} ${await bodyOf(request)}`);
    response.setHeader('content-type', 'application/json').end('{}');
  }).listen(0, '127.0.0.1');
  await once(collector, 'listening');
  const { port } = collector.address() as AddressInfo;
  const env = { ...process.env, OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` };
  const args = ['--import', './otel.mjs', program];
  const [code] = await once(spawn(process.execPath, args, { cwd: folder, env, stdio: 'inherit' }), 'exit');
  collector.close().closeAllConnections();
  assert.equal(code, 0);
  assert.match(collected.join('\n'), /^\/v1\/traces /);
  for (const name of ['send task', 'process task']) assert.ok(collected.join().includes(`"name":"${name}"`), name);
});

test('a submit of nobody’s trace begins one, and a replay and a refusal are told by their spans', async () => {
  const job = { type: 'program', delayMs: 60_000 };
  const first = await client.submit(job, { idempotencyKey: 'once' });
  await client.submit(job, { idempotencyKey: 'once' });
  const refused = client.submit({ ...job, delayMs: 1 }, { idempotencyKey: 'once' });
  await assert.rejects(refused, /IDEMPOTENCY_MISMATCH|idempotency/i);
  const sent = (await spansNamed('send program', 4)).filter(({ parent }) => parent === null);
  assert.equal(new Set(sent.map(({ trace }) => trace)).size, 3);
  assert.deepEqual(
    sent.map(({ attributes }) => attributes['messaging.message.id']),
    [first.id, first.id, first.id],
  );
  assert.deepEqual(
    sent.map(({ attributes }) => attributes['error.type']),
    [undefined, undefined, 'conflict'],
  );
});
