/** Bad requests: each refused in the vendor's own shape, and in nobody else's. */
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import type { Dialect } from '../../http/dialect.ts';
import { type DialectAdapter, jsonOf, type WireRequest } from './adapter.ts';
import { NEIGHBOUR_ERROR } from './neighbour.ts';
import { type Caller, openRig, type Rig } from './rig.ts';
import { send } from './send.ts';
import { stageJob } from './stage.ts';

export function testErrors<O>(dialect: Dialect<O>, adapter: DialectAdapter<O>): void {
  let rig: Rig;
  before(async () => {
    rig = await openRig(dialect, adapter, { limits: { bodyBytesMax: 4_096 } });
  });
  after(() => rig.close());

  const expectRefusal = async (request: WireRequest, status: number | null, as?: Caller) => {
    const answer = await rig.send(request, as);
    const said = `${request.method} ${request.path}: ${answer.status} ${answer.text.slice(0, 300)}`;
    if (status === null) assert.ok(answer.status >= 400 && answer.status < 500, said);
    else assert.equal(answer.status, status, said);
    assert.equal(adapter.complaint(answer, request), null, said);
    return answer;
  };
  const unauthorized = dialect.errorBody('unauthorized', '').status;

  it('read is refused when the caller has no key, or one that nobody gave out', async () => {
    const { job } = await stageJob(rig, 'queued');
    await expectRefusal(adapter.read(job), unauthorized, 'nobody');
    await expectRefusal(adapter.read(job), unauthorized, 'stranger');
  });

  it('read and start are refused when the key lacks the scope', async () => {
    const { job } = await stageJob(rig, 'queued');
    const forbidden = dialect.errorBody('forbidden', '').status;
    await expectRefusal(adapter.read(job), forbidden, 'limited');
    if (adapter.start !== null) await expectRefusal(adapter.start, forbidden, 'limited');
  });

  it('a path that nothing serves is refused', async () => {
    await expectRefusal({ method: 'GET', path: '/no/such/path' }, dialect.errorBody('not_found', '').status);
  });

  it('a path that cannot be read is refused', async () => {
    await expectRefusal({ method: 'GET', path: '/%zz/%' }, null);
  });

  it('every method that a path does not take is refused', async () => {
    const { job } = await stageJob(rig, 'queued');
    const { path } = adapter.read(job);
    const refused = ['PUT', 'PATCH', 'DELETE', 'TRACE'].filter((method) => !isServed(dialect, method, path));
    assert.notEqual(refused.length, 0);
    for (const method of refused) await expectRefusal({ method, path }, dialect.errorBody('method', '').status);
  });

  it('a body beyond the limit is refused', async () => {
    const served = dialect.serves.find(({ method, path }) => method === 'POST' && !path.includes('{'));
    const request = adapter.start?.method === 'POST' ? adapter.start : served && { method: 'POST', path: served.path };
    if (request === undefined) return;
    const json = { padding: 'x'.repeat(5_000) };
    await expectRefusal({ method: 'POST', path: request.path, json }, dialect.errorBody('too_large', '').status);
  });

  for (const { title, request, status } of adapter.refused) {
    it(`a request is refused: ${title}`, async () => {
      await expectRefusal(request, status);
    });
  }

  it('nothing of the dialect leaks into its neighbour', async () => {
    const call = (request: WireRequest) => send({ agent: rig.agent, baseUrl: rig.neighbourUrl }, request);
    for (const path of ['/nowhere', '/%zz', adapter.read({ id: 'x', number: 1 }).path]) {
      const answer = await call({ method: 'GET', path });
      assert.deepEqual([answer.status, jsonOf(answer)], [418, NEIGHBOUR_ERROR]);
    }
    const json = await call({ method: 'POST', path: '/echo', json: {} });
    assert.deepEqual([json.status, jsonOf(json)], [418, NEIGHBOUR_ERROR]);
    const headers = { 'content-type': 'application/x-neighbour' };
    const echo = await call({ method: 'POST', path: '/echo', headers, body: 'hello' });
    assert.deepEqual(jsonOf(echo), { body: 'hello' });
  });
}

/** Whether `serves` names the method for the path, where `{...}` stands for one segment. */
function isServed({ serves }: Dialect, method: string, path: string): boolean {
  const segments = path.replace(/\?.*/, '').split('/');
  return serves.some((served) => {
    const wanted = served.path.split('/');
    const fits = wanted.every((part, at) => part === segments[at] || /^\{.+\}$/.test(part));
    return fits && wanted.length === segments.length && served.method.split(', ').includes(method);
  });
}
