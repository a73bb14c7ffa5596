/**
 * The examples of the OpenAPI document are what a server took and answered: a story in which each operation is called once, kept in a file.
 *
 * Where an answer has changed: `node --test --test-update-snapshots test/http/native-examples.test.ts`, and look at the difference.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Json } from '../../src/core/job.ts';
import { renderDelivery } from '../../src/dialects/native/render-delivery.ts';
import { createFakeClock } from '../../src/engine/index.ts';
import { json, type Run } from '../engine/engine-fixture.ts';
import { type HttpFixture, openHttp } from './http-fixture.ts';

const FILE = `${import.meta.dirname}/../../src/dialects/native/openapi/examples.snap.json`;
const MAKE = { type: 'thumbnail', input: { url: 'https://images.example/cat.jpg', width: 320 } };
const SMALL = { type: 'thumbnail', input: { url: 'https://images.example/cat.jpg', width: 64 } };
const BETWEEN_MS = 400;
const report: Run = async () => json({ isSent: true });

interface Example {
  readonly path: string;
  readonly body?: object;
  readonly answers: Record<string, Json>;
}
/** Calls an operation, keeps what it took and said under its name, and returns the answer; without a name nothing is kept. */
type Play = (name: string | null, method: string, path: string, body?: object) => Promise<Answered>;
type Answered = Record<string, Json> & { readonly id: string };

function player(http: HttpFixture, kept: Record<string, Example>): Play {
  return async (name, method, path, body) => {
    await http.on.advance(BETWEEN_MS);
    const answer = await http.call(method, path, {
      headers: { 'user-agent': 'resizer/1.4' },
      ...(body === undefined ? {} : { body }),
    });
    assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${answer.text}`);
    const said = answer.text === '' ? null : answer.json();
    if (name !== null) {
      kept[name] ??= { path, ...(body === undefined ? {} : { body }), answers: {} };
      if (said !== null) kept[name].answers[answer.status] = said;
    }
    return said as Answered;
  };
}

async function jobs(play: Play): Promise<{ readonly job: string; readonly failed: string }> {
  const asked = { ...MAKE, tags: { customer: '42' }, retry: { attempts: 3, backoffMs: 1_000 } };
  const { id: job } = await play('submitJob', 'POST', '/v1/jobs', {
    ...asked,
    callback: { url: 'https://app.example/thumbnail-made' },
  });
  const at = `/v1/jobs/${job}`;
  await play('amendJob', 'PATCH', at, { priority: -5, tags: { customer: '42', team: 'blue' } });
  const fence = await claim(play, { types: ['thumbnail'], max: 1, leaseMs: 30_000, worker: 'resizer-1' }, 'claimWork');
  const log = [{ line: 'image decoded', level: 'info', fields: { pixels: 2_073_600 } }];
  const progress = { percent: 50, message: 'half of it' };
  await play('heartbeatWork', 'POST', `/v1/work/${job}/heartbeat`, { fence, progress, log, output: ['1 of 2 sizes'] });
  await play('getJob', 'GET', at);
  await play('makeJobToken', 'POST', `${at}/token`, { ttlMs: 600_000 });
  await play('listWorkers', 'GET', '/v1/workers');
  await play('readLogs', 'GET', `${at}/logs`);
  await play('readOutput', 'GET', `${at}/output`);
  const result = { url: 'https://images.example/cat-320.jpg', bytes: 18_204 };
  await play('succeedWork', 'POST', `/v1/work/${job}/succeed`, { fence, result });
  await play('getResult', 'GET', `${at}/result`);
  await play('getInput', 'GET', `${at}/input`);
  await play('listAttempts', 'GET', `${at}/attempts`);
  const again = await play('resubmitJob', 'POST', `${at}/resubmit`, { input: { ...MAKE.input, width: 640 } });
  const child = await play(null, 'POST', '/v1/jobs', { type: 'approve', after: [again.id] });
  await play('listParents', 'GET', `/v1/jobs/${child.id}/parents`);
  await play('listChildren', 'GET', `/v1/jobs/${again.id}/children`);
  await failAndSignal(play, again.id);
  return { job, failed: again.id };
}

async function failAndSignal(play: Play, id: string): Promise<void> {
  const error = { code: 'IMAGE_BROKEN', message: 'The file is no image.' };
  const fence = await claim(play, { types: ['thumbnail'], worker: 'resizer-1' });
  await play('failWork', 'POST', `/v1/work/${id}/fail`, { fence, error, retryable: false });
  await play('retryJob', 'POST', `/v1/jobs/${id}/retry`);
  await play('cancelJob', 'POST', `/v1/jobs/${id}/cancel`);
  const { id: parked } = await play(null, 'POST', '/v1/jobs', { type: 'approve' });
  const reason = { signal: 'approved', timeoutMs: 86_400_000 };
  const held = await claim(play, { types: ['approve'], worker: 'desk-1' });
  await play('releaseWork', 'POST', `/v1/work/${parked}/release`, { fence: held, reason });
  await play('signalJob', 'POST', `/v1/jobs/${parked}/signals/approved`, { value: { by: 'ada' } });
}

async function claim(play: Play, body: object, name: string | null = null): Promise<number> {
  const { jobs: claimed } = await play(name, 'POST', '/v1/work/claim', body);
  return (claimed as { fence: number }[])[0]?.fence ?? assert.fail('Nothing to claim.');
}

async function manyJobs(play: Play, { job }: { readonly job: string }): Promise<void> {
  await play('submitJobs', 'POST', '/v1/jobs/bulk', { jobs: [MAKE, { type: 'no-such-type' }] });
  await play('waitForJobs', 'POST', '/v1/jobs/wait', { ids: [job], for: 'all', timeout: 30 });
  await play('listJobs', 'GET', '/v1/jobs?state=succeeded&limit=1&total=true');
  await play('countJobs', 'GET', '/v1/counts');
  await play('followJobs', 'GET', '/v1/events?after=oldest&type=thumbnail&state=failed');
  await play('removeJob', 'DELETE', `/v1/jobs/${job}`);
  await play('cancelJobs', 'POST', '/v1/jobs/cancel', { filter: { type: 'thumbnail', state: 'queued' } });
  const failed = { filter: { state: 'failed', finishedFrom: '2026-01-31T00:00:00Z' } };
  await play('retryJobs', 'POST', '/v1/jobs/retry', { ...failed, dryRun: true });
  await play('removeJobs', 'POST', '/v1/jobs/remove', {
    filter: { tag: 'customer:42', state: ['succeeded', 'failed'] },
  });
}

async function groups(play: Play): Promise<void> {
  const body = { jobs: [MAKE, SMALL], isOpen: true, onSuccess: { type: 'report' } };
  const { id } = await play('createGroup', 'POST', '/v1/groups', body);
  const at = `/v1/groups/${id}`;
  await play('addToGroup', 'POST', `${at}/jobs`, { jobs: [SMALL] });
  await play('listGroups', 'GET', '/v1/groups');
  await play('getGroup', 'GET', at);
  await play('listGroupJobs', 'GET', `${at}/jobs?limit=1`);
  await play('closeGroup', 'POST', `${at}/close`);
  await play('cancelGroup', 'POST', `${at}/cancel`);
  await play('retryGroup', 'POST', `${at}/retry`);
  await play('removeGroup', 'DELETE', at);
}

async function webhooks(play: Play): Promise<string> {
  const body = { url: 'https://app.example/hooks', events: ['job.succeeded', 'job.failed'], types: ['thumbnail'] };
  const { id } = await play('createWebhook', 'POST', '/v1/webhooks', body);
  await play('listWebhooks', 'GET', '/v1/webhooks');
  await play('getWebhook', 'GET', `/v1/webhooks/${id}`);
  await play('getCallbackSecret', 'GET', '/v1/webhooks/secret');
  await play('rotateCallbackSecret', 'POST', '/v1/webhooks/secret/rotate');
  await play('rotateWebhook', 'POST', `/v1/webhooks/${id}/rotate`);
  await play('updateWebhook', 'PATCH', `/v1/webhooks/${id}`, { types: ['thumbnail', 'report'], disabled: false });
  return id;
}

async function deliveries(play: Play, hook: string, job: string): Promise<void> {
  for (const [at, what] of [
    [`/v1/jobs/${job}`, 'JobDelivery'],
    [`/v1/webhooks/${hook}`, 'WebhookDelivery'],
  ] as const) {
    const list = `list${what.replace('Delivery', 'Deliveries')}`;
    const page = await play(list, 'GET', `${at}/deliveries?limit=1`);
    const [first] = page.deliveries as { id: string }[];
    await play(`get${what}`, 'GET', `${at}/deliveries/${first?.id}`);
    await play(`redeliver${what}`, 'POST', `${at}/deliveries/${first?.id}/redeliver`);
  }
  await play('testWebhook', 'POST', `/v1/webhooks/${hook}/test`);
  const body = { failedSince: '2026-01-31T11:00:00Z' };
  await play('redeliverFailedDeliveries', 'POST', `/v1/webhooks/${hook}/deliveries/redeliver`, body);
  await play('removeWebhook', 'DELETE', `/v1/webhooks/${hook}`);
}

async function schedules(play: Play): Promise<void> {
  const at = '/v1/schedules/nightly-report';
  const job = { type: 'report', input: { to: 'ops@app.example' } };
  const body = { cron: '30 2 * * MON-FRI', timeZone: 'Europe/Berlin', overlap: 'skip', job };
  await play('putSchedule', 'PUT', at, body);
  await play('listSchedules', 'GET', '/v1/schedules');
  await play('runSchedule', 'POST', `${at}/run`);
  await play('getSchedule', 'GET', at);
  await play('listRuns', 'GET', `${at}/runs`);
  await play('pauseSchedule', 'POST', `${at}/pause`);
  await play('resumeSchedule', 'POST', `${at}/resume`);
  await play('removeSchedule', 'DELETE', at);
}

async function operating(play: Play): Promise<void> {
  const at = '/v1/limits/customer-42';
  await play('setLimit', 'PUT', at, { concurrency: 3, rate: { count: 100, perMs: 60_000 } });
  await play('closeLimit', 'POST', `${at}/close`, { untilMs: 30_000 });
  await play('getLimit', 'GET', at);
  await play('listLimits', 'GET', '/v1/limits');
  await play('openLimit', 'POST', `${at}/open`);
  await play('removeLimit', 'DELETE', at);
  await play('listTypes', 'GET', '/v1/types');
  await play('getType', 'GET', '/v1/types/thumbnail');
  await play('pauseType', 'POST', '/v1/types/thumbnail/pause');
  await play('resumeType', 'POST', '/v1/types/thumbnail/resume');
  await play('readStats', 'GET', '/v1/stats?minutes=2');
  const body = { name: 'web shop', tenant: 'shop', scopes: ['submit', 'read'], expiresAt: '2027-01-31T12:00:00Z' };
  const { id } = await play('createKey', 'POST', '/v1/keys', body);
  await play('listKeys', 'GET', '/v1/keys?tenant=shop');
  await play('revokeKey', 'DELETE', `/v1/keys/${id}`);
  await play('readAudit', 'GET', '/v1/audit?limit=2');
  await play('getHealth', 'GET', '/healthz');
  await play('getReadiness', 'GET', '/readyz');
}

/** What is drawn at random, in the order in which it is met: the same text each time. */
const RANDOM: readonly [RegExp, (count: number) => string][] = [
  [/[0-9a-f]{8}-[0-9a-f]{4}-[47][0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g, (n) => `019c13ec-aa80-7000-8000-${pad(n, 12)}`],
  [/bjt_[\w.-]+/g, () => `bjt_4f1d00000001.019c13ec-aa80-7000-8000-000000000001.read.mb2k3z1s.${pad(0, 22)}`],
  [/whsec_[A-Za-z0-9+/]{43}=/g, () => 'whsec_bm90IGEgc2VjcmV0OiB0aGUgZXhhbXBsZSBvZiBvbmU='],
  [/bide_[0-9a-f]{12}_[0-9a-f]{48}/g, () => `bide_4f1d00000001_${pad(0, 48)}`],
  [/(?<=[/"])[0-9a-f]{12}(?=")/g, (n) => `4f1d${pad(n, 8)}`],
  [/(?<=deliveries\/|"id": ")[A-Za-z0-9_-]{48}/g, (n) => `V${pad(n, 47)}`],
  [/(?<="(?:next|cursor)": ")[A-Za-z0-9_-]+/g, (n) => `C${pad(n, 21)}`],
];

function pad(count: number, length: number): string {
  return String(count).padStart(length, '0');
}

function withoutChance(text: string): string {
  return RANDOM.reduce((before, [pattern, draw]) => {
    const names = new Map<string, string>();
    return before.replace(pattern, (found) => {
      const name = names.get(found) ?? draw(names.size + 1);
      names.set(found, name);
      return name;
    });
  }, text);
}

test('the examples of the OpenAPI document are what a server takes and answers', async (t) => {
  await using http = await openHttp({
    types: { thumbnail: 'remote', approve: 'remote', report },
    clock: createFakeClock(Date.parse('2026-01-31T12:00:00Z')),
    postDelivery: async () => ({ status: 204, retryAfter: null, text: null }),
    renderDelivery: new Map([['native', renderDelivery]]),
  });
  const kept: Record<string, Example> = {};
  const play = player(http, kept);
  const hook = await webhooks(play);
  const { job } = await jobs(play);
  await deliveries(play, hook, job);
  await manyJobs(play, { job });
  await groups(play);
  await schedules(play);
  await operating(play);
  t.assert.fileSnapshot(kept, FILE, { serializers: [(value) => `${withoutChance(JSON.stringify(value, null, 1))}\n`] });
});
