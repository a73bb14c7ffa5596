/** The client and its worker loop against a real server, over real sockets. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Client, ClientError, createClient, isFinished, runWorker, WorkError } from '../../src/client/index.ts';
import { type ServerProcess, startServer } from '../process/server-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'bide-client-'));
const data = join(folder, 'data');
const config = join(folder, 'bide.config.mjs');
writeFileSync(config, "export default { types: { far: { kind: 'remote' } } };\n");

let server: ServerProcess;
let client: Client;

const start = (...more: readonly string[]) =>
  startServer({ data, cwd: folder, args: ['--playground', '--config', config, ...more] });

before(async () => {
  server = await start();
  client = createClient({ url: server.url, key: server.key });
});

after(async () => {
  await server.end('SIGTERM');
  rmSync(folder, { recursive: true, force: true });
});

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => assert.fail('it resolved'),
    (error: unknown) => (error instanceof ClientError ? [error.code, error.status] : assert.fail(String(error))),
  );

describe('the client', () => {
  test('submit with a wait answers with the finished job and its result', async () => {
    const job = await client.submit({ type: 'echo', input: { a: [1, 'ü'] } }, { waitMs: 20_000 });
    assert.deepEqual([job.state, job.result], ['succeeded', { a: [1, 'ü'] }]);
  });

  test('submit with the same idempotency key gives the same job, and another request is refused', async () => {
    const options = { idempotencyKey: 'client-once' };
    const first = await client.submit({ type: 'echo', delayMs: 3_600_000 }, options);
    assert.equal((await client.submit({ type: 'echo', delayMs: 3_600_000 }, options)).id, first.id);
    assert.deepEqual(await codeOf(client.submit({ type: 'echo' }, options)), ['IDEMPOTENCY_MISMATCH', 422]);
  });

  test('submitMany answers each on its own, more than one request takes', async () => {
    const jobs = Array.from({ length: 1_100 }, (_, at) =>
      at === 1_050 ? { type: 'none' } : { type: 'echo', input: at },
    );
    const items = await client.submitMany(jobs);
    assert.equal(items.length, 1_100);
    assert.equal(items[1_050]?.error?.code, 'TYPE_UNKNOWN');
    const ids = items.flatMap(({ job }) => (job === undefined ? [] : [job.id]));
    assert.equal(new Set(ids).size, 1_099);
    const all = await client.waitMany(ids, { timeoutMs: 60_000 });
    assert.equal(all.isSatisfied, true);
    assert.deepEqual(
      all.jobs.map((job) => job.state === 'succeeded' && job.result),
      jobs.flatMap((job) => ('input' in job ? [job.input] : [])),
    );
  });

  test('waitMany for any is satisfied by the first of a thousand and a half', async () => {
    const later = await client.submitMany(Array.from({ length: 1_500 }, () => ({ type: 'echo', delayMs: 3_600_000 })));
    const soon = await client.submit({ type: 'sleep', input: { ms: 200 } });
    const ids = [...later.flatMap(({ job }) => (job === undefined ? [] : [job.id])), soon.id];
    const waited = await client.waitMany(ids, { for: 'any', timeoutMs: 30_000 });
    assert.equal(waited.isSatisfied, true);
    assert.deepEqual(
      waited.jobs.filter(isFinished).map((job) => job.id),
      [soon.id],
    );
  });

  test('wait gives back the latest snapshot when its time is over', async () => {
    const { id } = await client.submit({ type: 'echo', delayMs: 3_600_000 });
    const waited = await client.wait(id, { timeoutMs: 50 });
    assert.deepEqual([waited.isSatisfied, waited.job.state], [false, 'scheduled']);
  });

  test('watch follows a job through all it goes through, and ends', async () => {
    const { id } = await client.submit({
      type: 'sleep',
      input: { ms: 400, steps: 4, failTimes: 1 },
      retry: { backoffMs: 10 },
    });
    const seen = [];
    for await (const job of client.watch(id)) seen.push(job);
    const revisions = seen.map((job) => job.revision);
    assert.deepEqual(
      revisions,
      [...new Set(revisions)].sort((a, b) => a - b),
    );
    assert.equal(seen.at(-1)?.state, 'succeeded');
    assert.equal(seen.at(-1)?.attempt, 2);
    assert.ok(seen.some(({ state, progress }) => state === 'running' && progress.percent > 0));
  });

  test('events follows a job by one stream, from any revision on, to its result', async () => {
    const input = { ms: 400, steps: 4, failTimes: 1, result: 'rested' };
    const { id } = await client.submit({ type: 'sleep', input, retry: { backoffMs: 10 } });
    const seen = [];
    for await (const job of client.events(id)) seen.push(job);
    const revisions = seen.map((job) => job.revision);
    assert.deepEqual(
      revisions,
      [...new Set(revisions)].sort((a, b) => a - b),
    );
    const last = seen.at(-1);
    assert.deepEqual(last, await client.get(id));
    assert.deepEqual([last?.state, last?.attempt, last?.result], ['succeeded', 2, 'rested']);
    assert.ok(seen.some(({ state, progress }) => state === 'running' && progress.percent > 0));
    const again = [];
    for await (const job of client.events(id, { lastEventId: 1 })) again.push(job);
    assert.deepEqual(again, [last]);
    for await (const _ of client.events(id, { lastEventId: last?.revision })) assert.fail('it is known to its end');
  });

  test('events is left by its signal, and refused like get', async () => {
    const { id } = await client.submit({ type: 'echo', delayMs: 3_600_000 });
    const leaving = new AbortController();
    const events = client.events(id, { signal: leaving.signal });
    assert.equal((await events.next()).value?.state, 'scheduled');
    const next = events.next();
    leaving.abort(new Error('left'));
    await assert.rejects(next, { message: 'left' });
    const none = client.events('0190a1b2-0000-7000-8000-000000000001').next();
    assert.deepEqual(await codeOf(none), ['JOB_NOT_FOUND', 404]);
  });

  test('list reads all pages, newest first', async () => {
    const tags = { listed: 'client' };
    await client.submitMany(
      Array.from({ length: 7 }, (_, at) => ({ type: 'echo', input: at, tags, delayMs: 3_600_000 })),
    );
    const ids: string[] = [];
    for await (const job of client.list({ tags, pageSize: 3, states: ['scheduled'] })) ids.push(job.id);
    assert.equal(ids.length, 7);
    assert.deepEqual(ids, ids.toSorted().reverse());
  });

  test('counts gives jobs per type and in all', async () => {
    await client.submit({ type: 'echo', delayMs: 3_600_000 });
    const { total, types } = await client.counts({ types: ['echo', 'none'] });
    assert.deepEqual(types, [{ type: 'echo', ...total }]);
    assert.ok(total.waiting > 0);
  });

  test('result gives bytes, openResult a stream of them, and both say when there is none', async () => {
    const { id } = await client.submit({ type: 'sleep', input: { bytes: 200_000 } }, { waitMs: 20_000 });
    const whole = await client.result(id);
    assert.deepEqual(await client.input(id), { bytes: 200_000, ms: 0, steps: 10 });
    assert.deepEqual([whole.contentType, whole.bytes.length], ['application/octet-stream', 200_000]);
    const open = await client.openResult(id);
    let length = 0;
    for await (const chunk of open.body) length += chunk.length;
    assert.deepEqual([open.bytesTotal, length], [200_000, 200_000]);
    const later = await client.submit({ type: 'echo', delayMs: 3_600_000 });
    assert.deepEqual(await codeOf(client.result(later.id)), ['RESULT_NOT_READY', 409]);
  });

  test('cancel, retry and remove do what they say, once', async () => {
    const { id } = await client.submit({ type: 'echo', delayMs: 3_600_000, input: 5 });
    assert.equal((await client.cancel(id)).state, 'cancelled');
    assert.equal((await client.cancel(id)).state, 'cancelled');
    assert.equal((await client.retry(id)).finishedAt, null);
    assert.deepEqual((await client.wait(id)).job.result, 5);
    await client.remove(id);
    assert.deepEqual(await codeOf(client.get(id)), ['JOB_GONE', 410]);
  });

  test('keys work for what they are made for, and not after their end', async () => {
    const made = await client.keys.create({ name: 'reader', scopes: ['read'], tenant: 'elsewhere' });
    const reader = createClient({ url: server.url, key: made.key });
    assert.ok((await reader.types()).some(({ name }) => name === 'far'));
    assert.deepEqual(await codeOf(reader.submit({ type: 'echo' })), ['SCOPE_MISSING', 403]);
    assert.deepEqual(
      (await client.keys.list({ tenant: 'elsewhere' })).map(({ id, revokedAt }) => [id, revokedAt]),
      [[made.id, null]],
    );
    await client.keys.revoke(made.id);
    assert.deepEqual(await codeOf(reader.types()), ['UNAUTHENTICATED', 401]);
    assert.deepEqual(await codeOf(client.keys.revoke(made.id)), ['KEY_NOT_FOUND', 404]);
  });
});

describe('runWorker', () => {
  /** Runs a worker for as long as `during` takes. */
  async function withWorker(handle: Parameters<typeof runWorker>[1]['handle'], during: () => Promise<void>) {
    const stop = new AbortController();
    const run = runWorker(client, { types: ['far'], slots: 4, handle, signal: stop.signal, name: 'the tests' });
    try {
      await during();
    } finally {
      stop.abort();
      await run;
    }
  }

  test('runs jobs side by side, reports progress, and delivers JSON and bytes', async () => {
    const reported = Promise.withResolvers<void>();
    await withWorker(
      async ({ input }, { progress }) => {
        if (input === 'bytes') return { contentType: 'text/csv', bytes: new TextEncoder().encode('a,b\n') };
        progress(42, 'on the way');
        await reported.promise;
        return { got: input };
      },
      async () => {
        const [json, bytes] = await Promise.all([
          client.submit({ type: 'far', input: 'json' }),
          client.submit({ type: 'far', input: 'bytes' }),
        ]);
        for await (const job of client.watch(json.id)) {
          if (job.progress.percent !== 42) continue;
          assert.equal(job.progress.message, 'on the way');
          reported.resolve();
        }
        assert.deepEqual((await client.get(json.id)).result, { got: 'json' });
        await client.wait(bytes.id);
        const result = await client.result(bytes.id);
        assert.deepEqual([result.contentType, new TextDecoder().decode(result.bytes)], ['text/csv', 'a,b\n']);
      },
    );
  });

  test('stops the handler of a job that somebody cancels', async () => {
    const begun = Promise.withResolvers<void>();
    const reasons: unknown[] = [];
    await withWorker(
      (_, { signal }) => {
        begun.resolve();
        return new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            reasons.push(signal.reason);
            reject(new Error('stopped'));
          });
        });
      },
      async () => {
        const { id } = await client.submit({ type: 'far' });
        await begun.promise;
        assert.equal((await client.cancel(id, { waitMs: 20_000 })).state, 'cancelled');
      },
    );
    assert.deepEqual(reasons, ['cancel']);
  });

  test('has failures tried again, but for those that say no', async () => {
    await withWorker(
      ({ input, attempt }) => {
        if (input === 'never') throw new WorkError('BAD_PAGE', 'page 7 is blank', { isRetryable: false });
        if (attempt === 1) throw new Error('once more');
        return attempt;
      },
      async () => {
        const retry = { backoffMs: 10 };
        const [again, never] = await Promise.all([
          client.submit({ type: 'far', input: 'again', retry }, { waitMs: 20_000 }),
          client.submit({ type: 'far', input: 'never', retry }, { waitMs: 20_000 }),
        ]);
        assert.deepEqual([again?.state, again?.result], ['succeeded', 2]);
        assert.deepEqual([never?.state, never?.attempt, never?.error?.code], ['failed', 1, 'BAD_PAGE']);
      },
    );
  });
});

describe('the client beside a server that restarts', () => {
  test('a wait goes on over the restart, on the same port', async () => {
    const { id } = await client.submit({ type: 'sleep', input: { ms: 300 }, delayMs: 2_500 });
    const waited = createClient({ url: server.url, key: server.key, triesMax: 12 }).wait(id);
    const { port } = new URL(server.url);
    await server.end('SIGKILL');
    server = await start('--port', port);
    assert.equal((await waited).job.state, 'succeeded');
  });
});
