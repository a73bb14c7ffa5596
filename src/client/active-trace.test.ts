import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { createClient } from './client.ts';
import { fakeServer, jobBody } from './fake-server.ts';

const OTEL = Symbol.for('opentelemetry.js.api.1');
const PARENT = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
const GIVEN = `00-${'c'.repeat(32)}-${'d'.repeat(16)}-01`;
const registry = globalThis as Record<symbol, unknown>;

afterEach(() => {
  delete registry[OTEL];
});

/** An API whose active span has these ids. */
function register(traceId: string): void {
  const spanContext = () => ({ traceId, spanId: 'b'.repeat(16), traceFlags: 1 });
  registry[OTEL] = { trace: {}, context: { active: () => ({ getValue: () => ({ spanContext }) }) } };
}

async function sent(given: { traceparent?: string | null; tracestate?: string } = {}) {
  const server = fakeServer(({ url }) => ({
    json: url.pathname.endsWith('bulk') ? { items: [] } : jobBody({}),
  }));
  const client = createClient({ ...server.options, ...given });
  await client.submit({ type: 'task' });
  await client.submitMany([{ type: 'task' }]);
  await client.groups.create({ jobs: [{ type: 'task' }] });
  await client.get('id');
  return server.requests.map(({ headers }) => [headers.get('traceparent'), headers.get('tracestate')]);
}

const NONE = [null, null];

test('submits carry the trace that is active in OpenTelemetry, and reads do not', async () => {
  register('a'.repeat(32));
  const own = [PARENT, null];
  assert.deepEqual(await sent({ traceparent: GIVEN }), [own, own, own, NONE]);
});

test('submits carry the given trace where OpenTelemetry has none, or is not there', async () => {
  const given = [GIVEN, 'a=1'];
  assert.deepEqual(await sent({ traceparent: GIVEN, tracestate: 'a=1' }), [given, given, given, NONE]);
  register('0'.repeat(32));
  assert.deepEqual(await sent({ traceparent: GIVEN, tracestate: 'a=1' }), [given, given, given, NONE]);
});

test('submits carry no trace where there is none, and go out though OpenTelemetry breaks', async () => {
  assert.deepEqual(await sent({ traceparent: null, tracestate: 'a=1' }), [NONE, NONE, NONE, NONE]);
  registry[OTEL] = { trace: {}, context: { active: () => assert.fail('broken') } };
  assert.deepEqual(await sent(), [NONE, NONE, NONE, NONE]);
});
