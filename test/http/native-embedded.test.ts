/** The native routes as a part of somebody's own Fastify app: everything of theirs stays as it was. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import Fastify, { type FastifyInstance } from 'fastify';
import { DEFAULT_LIMITS } from '../../src/core/limits.ts';
import { type NativeServices, nativeRoutes } from '../../src/dialects/native/index.ts';
import { createAuthenticator } from '../../src/http/auth.ts';
import { createHolds } from '../../src/http/hold.ts';
import { type Fixture, openEngine, TENANT } from '../engine/engine-fixture.ts';

interface Host extends AsyncDisposable {
  readonly on: Fixture;
  readonly app: FastifyInstance;
}

async function openHost(prefix: string, services: Partial<NativeServices> = {}): Promise<Host> {
  const on = await openEngine({ types: { task: 'remote' } });
  const { engine, clock, store } = on;
  const app = Fastify();
  app.get('/own', () => ({ mine: true }));
  app.post('/own', (request) => ({ got: request.body }));
  app.setNotFoundHandler((_request, reply) => reply.code(404).send('their 404'));
  app.setErrorHandler((_error, _request, reply) => reply.code(500).send('their error'));
  app.addHook('onSend', async (_request, reply) => void reply.header('x-theirs', 'yes'));
  const context = {
    engine,
    auth: createAuthenticator({ store, clock, limits: DEFAULT_LIMITS }),
    holds: createHolds({ limits: DEFAULT_LIMITS, draining: engine.draining, clock: engine.clock }),
  };
  const identify: NativeServices['identify'] = ({ headers }) =>
    headers['x-user'] === 'ann'
      ? { tenant: TENANT, keyId: 'ann', keyName: 'Ann', scopes: new Set(['submit', 'read']) }
      : null;
  await app.register(
    (scope) => nativeRoutes(scope, context, { version: '1', keys: null, hasDocs: true, identify, ...services }),
    { prefix },
  );
  await app.ready();
  return {
    on,
    app,
    async [Symbol.asyncDispose]() {
      await app.close();
      await on[Symbol.asyncDispose]();
    },
  };
}

/** Resolves once somebody waits. */
async function somebodyWaits({ engine }: Fixture): Promise<void> {
  while (engine.stats().waits === 0) await new Promise(setImmediate);
}

const ANN = { 'x-user': 'ann' };

describe('nativeRoutes in an app of its own', () => {
  test('serve under the prefix, with links that lead back there', async () => {
    await using host = await openHost('/bide');
    const answer = await host.app.inject({
      method: 'POST',
      url: '/bide/v1/jobs',
      headers: ANN,
      payload: { type: 'task' },
    });
    assert.equal(answer.statusCode, 202, answer.payload);
    const { id, links } = answer.json() as { id: string; links: { self: string } };
    assert.equal(links.self, `/bide/v1/jobs/${id}`);
    assert.equal(answer.headers.location, links.self);
    const read = await host.app.inject({ url: links.self, headers: ANN });
    assert.deepEqual([read.statusCode, read.headers.etag], [200, '"1"']);
  });

  test('let the hooks of the app see every answer', async () => {
    await using host = await openHost('/bide');
    const submitted = await host.app.inject({
      ...{ method: 'POST', url: '/bide/v1/jobs', headers: ANN, payload: { type: 'task' } },
    });
    const { id } = submitted.json() as { id: string };
    const read = await host.app.inject({ url: `/bide/v1/jobs/${id}`, headers: ANN });
    assert.deepEqual([submitted.headers['x-theirs'], read.headers['x-theirs']], ['yes', 'yes']);
    assert.equal(read.headers['content-type'], 'application/json; charset=utf-8');
  });

  test('stream events with what the app puts on its answers, and end them when it closes', async () => {
    await using host = await openHost('/bide');
    const id = await host.on.submit('task');
    const waited = somebodyWaits(host.on);
    const following = host.app.inject({ url: `/bide/v1/jobs/${id}/events`, headers: ANN });
    await waited;
    await host.app.close();
    const { headers, payload } = await following;
    assert.deepEqual([headers['content-type'], headers['x-theirs']], ['text/event-stream', 'yes']);
    assert.match(payload, /^retry: 2000\n\nid: 1\nevent: job\ndata: .*\/bide\/v1\/jobs.*\n\n: over for now/);
  });

  test('ask the app who calls', async () => {
    await using host = await openHost('/bide');
    const anonymous = await host.app.inject({ url: '/bide/v1/jobs' });
    assert.deepEqual([anonymous.statusCode, anonymous.json().code], [401, 'UNAUTHENTICATED']);
    const claim = { method: 'POST', url: '/bide/v1/work/claim', headers: ANN, payload: { types: ['task'] } } as const;
    assert.equal((await host.app.inject(claim)).json().code, 'SCOPE_MISSING');
    assert.equal((await host.app.inject({ url: '/bide/v1/keys', headers: ANN })).statusCode, 404);
  });

  test('say errors as problems below the prefix, and leave the rest to the app', async () => {
    await using host = await openHost('/bide');
    assert.equal((await host.app.inject({ url: '/bide/nope' })).json().code, 'ROUTE_NOT_FOUND');
    assert.equal((await host.app.inject({ method: 'PUT', url: '/bide/v1/jobs' })).json().code, 'METHOD_NOT_ALLOWED');
    assert.equal((await host.app.inject({ url: '/nope' })).payload, 'their 404');
    assert.deepEqual((await host.app.inject({ url: '/own' })).json(), { mine: true });
    const posted = await host.app.inject({ method: 'POST', url: '/own', payload: { a: 1 } });
    assert.deepEqual(posted.json(), { got: { a: 1 } });
    const broken = { method: 'POST', payload: '{', headers: { ...ANN, 'content-type': 'application/json' } } as const;
    assert.equal((await host.app.inject({ ...broken, url: '/own' })).payload, 'their error');
    assert.equal((await host.app.inject({ ...broken, url: '/bide/v1/jobs' })).json().code, 'MALFORMED_JSON');
  });

  test('take bodies strictly although the app coerces its own', async () => {
    await using host = await openHost('/bide');
    const submit = { method: 'POST', url: '/bide/v1/jobs', headers: ANN } as const;
    const answer = await host.app.inject({ ...submit, payload: { type: 'task', priority: '5' } });
    assert.equal(answer.statusCode, 400);
  });

  test('serve their reference page below the prefix', async () => {
    await using host = await openHost('/bide');
    assert.equal((await host.app.inject({ url: '/bide/docs' })).statusCode, 200);
    const document = (await host.app.inject({ url: '/bide/openapi.json' })).json() as { paths: object };
    assert.ok('/bide/v1/jobs' in document.paths);
  });

  test('without a prefix leave unknown paths to the app', async () => {
    await using host = await openHost('');
    assert.equal((await host.app.inject({ url: '/nope' })).payload, 'their 404');
    assert.equal((await host.app.inject({ url: '/v1/types', headers: ANN })).statusCode, 200);
  });
});
