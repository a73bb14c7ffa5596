/** Every operation of the native API: which scope it takes, and that nobody without it, and nobody of another tenant, gets anywhere. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Scope } from '../../src/core/scopes.ts';
import { type Caller, type HttpFixture, openHttp } from './http-fixture.ts';

const SINCE = { failedSince: '2026-01-01T00:00:00Z' };
const FENCE = { fence: 1 };

/** With a body that is no reason to refuse, where one is needed. */
const OPERATIONS: Readonly<Record<string, readonly [scope: Scope, body?: object]>> = {
  'POST /v1/jobs': ['submit', { type: 'none' }],
  'GET /v1/jobs': ['read'],
  'GET /v1/jobs/{id}': ['read'],
  'DELETE /v1/jobs/{id}': ['submit'],
  'PATCH /v1/jobs/{id}': ['submit', { priority: -1 }],
  'POST /v1/jobs/{id}/cancel': ['submit'],
  'POST /v1/jobs/{id}/retry': ['submit'],
  'POST /v1/jobs/{id}/resubmit': ['submit'],
  'POST /v1/jobs/bulk': ['submit', { jobs: [{ type: 'none' }] }],
  'POST /v1/jobs/wait': ['read', { ids: ['0190a1b2-0000-7000-8000-000000000001'] }],
  'GET /v1/jobs/{id}/result': ['read'],
  'POST /v1/jobs/{id}/token': ['read'],
  'GET /v1/jobs/{id}/input': ['read'],
  'GET /v1/jobs/{id}/attempts': ['read'],
  'GET /v1/jobs/{id}/children': ['read'],
  'GET /v1/jobs/{id}/parents': ['read'],
  'GET /v1/jobs/{id}/events': ['read'],
  'GET /v1/jobs/{id}/logs': ['read'],
  'GET /v1/jobs/{id}/output': ['read'],
  'GET /v1/jobs/{id}/deliveries': ['read'],
  'GET /v1/jobs/{id}/deliveries/{delivery}': ['operate'],
  'POST /v1/jobs/{id}/deliveries/{delivery}/redeliver': ['operate'],
  'POST /v1/jobs/cancel': ['operate', { filter: { type: 'none' }, dryRun: true }],
  'POST /v1/jobs/retry': ['operate', { filter: { type: 'none' }, dryRun: true }],
  'POST /v1/jobs/remove': ['operate', { filter: { type: 'none' }, dryRun: true }],
  'GET /v1/counts': ['read'],
  'GET /v1/events': ['read'],
  'GET /v1/audit': ['read'],
  'GET /v1/stats': ['read'],
  'GET /v1/workers': ['read'],
  'POST /v1/work/claim': ['work', { types: ['task'], worker: 'w' }],
  'POST /v1/work/{id}/heartbeat': ['work', FENCE],
  'POST /v1/work/{id}/fail': ['work', { ...FENCE, error: { code: 'X', message: 'x' } }],
  'POST /v1/work/{id}/succeed': ['work'],
  'POST /v1/webhooks': ['operate', { url: 'https://a.example/' }],
  'GET /v1/webhooks': ['operate'],
  'GET /v1/webhooks/{id}': ['operate'],
  'PATCH /v1/webhooks/{id}': ['operate', {}],
  'DELETE /v1/webhooks/{id}': ['operate'],
  'POST /v1/webhooks/{id}/rotate': ['operate'],
  'POST /v1/webhooks/{id}/test': ['operate'],
  'GET /v1/webhooks/secret': ['operate'],
  'POST /v1/webhooks/secret/rotate': ['operate'],
  'GET /v1/webhooks/{id}/deliveries': ['operate'],
  'GET /v1/webhooks/{id}/deliveries/{delivery}': ['operate'],
  'POST /v1/webhooks/{id}/deliveries/{delivery}/redeliver': ['operate'],
  'POST /v1/webhooks/{id}/deliveries/redeliver': ['operate', SINCE],
  'GET /v1/schedules': ['read'],
  'GET /v1/schedules/{name}': ['read'],
  'GET /v1/schedules/{name}/runs': ['read'],
  'PUT /v1/schedules/{name}': ['operate', { cron: '@daily', job: { type: 'none' } }],
  'DELETE /v1/schedules/{name}': ['operate'],
  'POST /v1/schedules/{name}/pause': ['operate'],
  'POST /v1/schedules/{name}/resume': ['operate'],
  'POST /v1/schedules/{name}/run': ['operate'],
  'POST /v1/jobs/{id}/signals/{name}': ['submit', { value: 1 }],
  'POST /v1/work/{id}/release': ['work', { ...FENCE, reason: { signal: 'go' } }],
  'GET /v1/limits': ['read'],
  'GET /v1/limits/{key}': ['read'],
  'PUT /v1/limits/{key}': ['operate', { concurrency: 1 }],
  'DELETE /v1/limits/{key}': ['operate'],
  'POST /v1/limits/{key}/close': ['operate'],
  'POST /v1/limits/{key}/open': ['operate'],
  'POST /v1/groups': ['submit', { jobs: [] }],
  'GET /v1/groups': ['read'],
  'GET /v1/groups/{id}': ['read'],
  'GET /v1/groups/{id}/jobs': ['read'],
  'GET /v1/groups/{id}/events': ['read'],
  'POST /v1/groups/{id}/jobs': ['submit', { jobs: [{ type: 'task' }] }],
  'POST /v1/groups/{id}/close': ['submit'],
  'POST /v1/groups/{id}/cancel': ['submit'],
  'POST /v1/groups/{id}/retry': ['submit'],
  'DELETE /v1/groups/{id}': ['submit'],
  'GET /v1/types': ['read'],
  'GET /v1/types/{type}': ['read'],
  // Where other tenants have keys, as here, a pause needs `admin`; elsewhere `operate` will do.
  'POST /v1/types/{type}/pause': ['admin'],
  'POST /v1/types/{type}/resume': ['admin'],
  'POST /v1/keys': ['admin', { name: 'x', scopes: ['read'] }],
  'GET /v1/keys': ['admin'],
  'DELETE /v1/keys/{id}': ['admin'],
  'GET /metrics': ['metrics'],
};

const OPEN = ['GET /healthz', 'GET /readyz'];
/** Of a schedule, a limit and a signal. */
const NAME = 'nightly';
const UNKNOWN_ID = '0190a1b2-0000-7000-8000-000000000001';
const CALLERS: Readonly<Partial<Record<Scope, Caller>>> = {
  ...{ submit: 'submitter', read: 'reader', operate: 'operator', work: 'worker', metrics: 'scraper', admin: 'admin' },
};

function ask(http: HttpFixture, operation: string, key: string | null, id = UNKNOWN_ID) {
  const [method = '', path = ''] = operation.split(' ');
  const body = OPERATIONS[operation]?.[1];
  const filled = path
    .replace('{id}', id)
    .replace('{type}', 'none')
    .replace('{delivery}', 'AAAA')
    .replace(/\{(name|key)\}/, NAME);
  const query = path.endsWith('/succeed') ? '?fence=1' : '';
  return http.call(method, filled + query, { key, ...(body === undefined ? {} : { body }) });
}

describe('scopes', () => {
  test('are said here of every operation that there is', async () => {
    await using http = await openHttp();
    const { paths } = (await http.call('GET', '/openapi.json')).json();
    const there = Object.entries(paths as Record<string, object>).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    assert.deepEqual(there.sort(), [...Object.keys(OPERATIONS), ...OPEN].sort());
  });

  test('let a caller pass who has the one that is needed, and nobody else', async () => {
    await using http = await openHttp();
    for (const [operation, [needed]] of Object.entries(OPERATIONS)) {
      const anonymous = await ask(http, operation, null);
      assert.deepEqual([anonymous.status, anonymous.json().code], [401, 'UNAUTHENTICATED'], operation);
      for (const [scope, caller] of Object.entries(CALLERS)) {
        const { status, text } = await ask(http, operation, http.keys[caller]);
        const isRefused = scope !== needed && scope !== 'admin';
        const about = `${operation} by ${scope}: ${status} ${text.slice(0, 300)}`;
        if (isRefused) assert.match(`${status} ${text}`, /^403 .*"SCOPE_MISSING"/s, about);
        else assert.ok(status < 500 && status !== 401 && status !== 403, about);
      }
    }
  });

  test('of another tenant get nowhere: what is not theirs is not there', async () => {
    await using http = await openHttp();
    const job = await http.submit('task');
    await http.call('POST', '/v1/work/claim', { body: { types: ['task'], worker: 'w' } });
    const hook = (await http.call('POST', '/v1/webhooks', { body: { url: 'https://a.example/' } })).json();
    const group = (await http.call('POST', '/v1/groups', { body: { isOpen: true, jobs: [{ type: 'task' }] } })).json();
    await http.call('PUT', `/v1/schedules/${NAME}`, { body: { cron: '@daily', job: { type: 'task' } } });
    await http.call('PUT', `/v1/limits/${NAME}`, { body: { concurrency: 7 } });
    const theirs = [
      `/v1/jobs/${job}`,
      `/v1/webhooks/${hook.id}`,
      `/v1/groups/${group.id}`,
      `/v1/schedules/${NAME}`,
      `/v1/limits/${NAME}`,
    ];
    const look = () => Promise.all(theirs.map(async (path) => (await http.call('GET', path)).text));
    const before = await look();
    // A PUT and a close make what is not there: something of their own, of the same name.
    const makes = ['PUT /v1/schedules/{name}', 'PUT /v1/limits/{key}', 'POST /v1/limits/{key}/close'];
    const named = Object.keys(OPERATIONS).filter((one) =>
      /\/(jobs|work|webhooks|groups|schedules|limits)\/\{/.test(one),
    );
    for (const operation of named.filter((one) => !makes.includes(one))) {
      const id = operation.includes('webhooks') ? hook.id : operation.includes('groups') ? group.id : job;
      const { status, text } = await ask(http, operation, http.keys.foreigner, String(id));
      assert.equal(status, 404, `${operation}: ${text}`);
    }
    for (const operation of makes) await ask(http, operation, http.keys.foreigner);
    assert.deepEqual(await look(), before);
  });
});
