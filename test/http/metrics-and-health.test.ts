/** What operators look at: metrics that count what happened, and a readiness that tells the truth. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createWorker } from '../../src/dialects/contract-suite/stage.ts';
import { METRICS } from '../../src/http/metric-table.ts';
import { TENANT } from '../engine/engine-fixture.ts';
import { type HttpFixture, openHttp } from './http-fixture.ts';

/** The value of a series, by its name and labels as they are printed. */
async function scrape(http: HttpFixture): Promise<(series: string) => number | undefined> {
  const answer = await http.call('GET', '/metrics', { key: http.keys.scraper });
  assert.equal(answer.status, 200);
  assert.match(String(answer.headers['content-type']), /^text\/plain; version=0\.0\.4/);
  return (series) => {
    const line = answer.text.split('\n').find((one) => one.startsWith(`${series} `));
    return line === undefined ? undefined : Number(line.slice(series.length + 1));
  };
}

describe('/metrics', () => {
  test('counts jobs, attempts, batches, holds and answers', async () => {
    await using http = await openHttp();
    await http.server.listen({ host: '127.0.0.1', port: 0 });
    const worker = createWorker(http.on.engine, TENANT);
    await http.submit('task');
    await worker.succeed(await worker.claim('task'), 1);
    await http.submit('task', { retry: { attempts: 2 } });
    await worker.fail(await worker.claim('task'), 'no', true);
    const id = await http.submit('task');
    const holding = http.call('GET', `/v1/jobs/${id}?wait=5`);
    await http.held(1);
    const value = await scrape(http);
    assert.equal(value('bide_jobs_submitted_total{type="task"}'), 3);
    assert.equal(value('bide_jobs_claimed_total{type="task"}'), 2);
    assert.equal(value('bide_jobs_finished_total{type="task",state="succeeded"}'), 1);
    assert.equal(value('bide_jobs_retried_total{type="task"}'), 1);
    assert.equal(value('bide_jobs{type="task",state="waiting"}'), 2);
    assert.equal(value('bide_jobs{type="task",state="succeeded"}'), 1);
    assert.equal(value('bide_job_run_seconds_count{type="task"}'), 1);
    assert.equal(value('bide_batch_items_sum{batch="insert"}'), 3);
    assert.equal(value('bide_holds'), 1);
    assert.equal(value('bide_waits'), 1);
    assert.ok((value('nodejs_eventloop_lag_seconds') ?? -1) >= 0);
    await http.on.advance(5_000);
    await holding;
  });

  test('says how long the oldest due job of a type has waited, of whatever tenant, and 0 where none is due', async () => {
    await using http = await openHttp();
    const oldest = async () => (await scrape(http))('bide_oldest_due_seconds{type="task"}');
    await http.on.engine.submit([{ tenant: 'other', type: 'task' }]);
    await http.on.advance(5_000);
    await http.submit('task');
    await http.submit('task', { delayMs: 3_600_000, priority: 9 });
    await http.on.advance(60_000);
    assert.equal(await oldest(), 65);
    for (const tenant of ['other', TENANT]) {
      const worker = createWorker(http.on.engine, tenant);
      await worker.succeed(await worker.claim('task'), 1);
    }
    await http.on.advance(10_000);
    assert.equal(await oldest(), 0);
  });

  test('says the same as OpenMetrics to whoever prefers that, with the trace of a job as an example of its bucket', async () => {
    await using http = await openHttp();
    const worker = createWorker(http.on.engine, TENANT);
    const [sampled, other] = ['01', '00'].map((flags) => `00-${flags.repeat(16)}-${'b'.repeat(16)}-${flags}`);
    for (const traceparent of [sampled ?? '', other ?? '']) {
      await http.call('POST', '/v1/jobs', { body: { type: 'task' }, headers: { traceparent } });
      await http.on.advance(200);
      await worker.succeed(await worker.claim('task'), 1);
    }
    const accept = 'application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.3,*/*;q=0.2';
    const answer = await http.call('GET', '/metrics', { key: http.keys.scraper, headers: { accept } });
    assert.match(String(answer.headers['content-type']), /^application\/openmetrics-text; version=1\.0\.0/);
    const lines = answer.text.split('\n');
    assert.deepEqual(lines.slice(-2), ['# EOF', '']);
    assert.ok(lines.includes('# TYPE bide_jobs_submitted counter'));
    assert.ok(lines.includes('bide_jobs_submitted_total{type="task"} 2'));
    const bucket = lines.find((line) => line.startsWith('bide_job_wait_seconds_bucket{le="0.5",type="task"} 2 # '));
    assert.match(bucket ?? '', new RegExp(`# \\{trace_id="${'01'.repeat(16)}"\\} 0\\.2 \\d+`));
    assert.ok(!answer.text.includes(`"${'00'.repeat(16)}"`));
    // The text format is what it was.
    const value = await scrape(http);
    assert.equal(value('bide_jobs_submitted_total{type="task"}'), 2);
    for (const accept of [
      'text/plain',
      '*/*',
      'text/plain;q=1, application/openmetrics-text;q=0.5',
      'application/openmetrics-text;q=0',
    ])
      assert.match(
        (await http.call('GET', '/metrics', { headers: { accept } })).text,
        /# TYPE bide_jobs_submitted_total counter/,
      );
  });

  test('counts answers by status as they leave a socket', async () => {
    await using http = await openHttp();
    const url = await http.server.listen({ host: '127.0.0.1', port: 0 });
    for (const path of ['/healthz', '/healthz', '/nope']) await (await fetch(url + path)).text();
    const value = await scrape(http);
    assert.ok((value('bide_http_responses_total{dialect="native",status="200"}') ?? 0) >= 2);
    assert.equal(value('bide_http_responses_total{dialect="native",status="404"}'), 1);
  });

  test('counts failing batches of the store', async () => {
    await using http = await openHttp();
    http.on.spy.breakDown('insert');
    const answer = await http.call('POST', '/v1/jobs', { body: { type: 'task' } });
    assert.deepEqual([answer.status, answer.json().code], [503, 'STORE_UNAVAILABLE']);
    assert.ok(Number(answer.headers['retry-after']) >= 1);
    http.on.spy.repair();
    assert.equal((await scrape(http))('bide_store_errors_total{batch="insert"}'), 1);
  });

  test('have the names of the table, and none without help', async () => {
    await using http = await openHttp();
    const answer = await http.call('GET', '/metrics');
    const named = [...answer.text.matchAll(/^# HELP (bide_\w+) (\S.*)$/gm)].map((match) => match[1]);
    assert.deepEqual(named.sort(), Object.keys(METRICS).sort());
  });
});

describe('/healthz and /readyz', () => {
  test('answer without a key', async () => {
    await using http = await openHttp();
    for (const path of ['/healthz', '/readyz']) {
      const answer = await http.call('GET', path, { key: null });
      assert.deepEqual([answer.status, answer.json().status], [200, 'ok'], path);
    }
  });

  test('tell a store that is away from a process that lives', async () => {
    await using http = await openHttp();
    http.on.spy.breakDown('ping');
    const ready = await http.call('GET', '/readyz');
    assert.deepEqual([ready.status, ready.json().status], [503, 'unready']);
    assert.match(String(ready.json().reason), /database/);
    assert.equal((await http.call('GET', '/healthz')).status, 200);
    http.on.spy.repair();
    await http.on.advance(1_000);
    assert.equal((await http.call('GET', '/readyz')).status, 200);
  });

  test('are not ready from the moment that a shutdown begins', async () => {
    await using http = await openHttp();
    assert.equal((await http.call('GET', '/readyz')).status, 200);
    const stopping = http.on.engine.stop({ drainMs: 0 });
    assert.equal((await http.call('GET', '/readyz')).status, 503);
    await stopping;
  });
});
