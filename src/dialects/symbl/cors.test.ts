import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { openSymbl, type SymblRig } from '../../../test/dialects/symbl-rig.ts';
import { symbl } from './index.ts';

describe('browser apps of other origins', () => {
  let rig: SymblRig;
  before(async () => {
    rig = await openSymbl();
  });
  after(() => rig.close());
  const fill = (path: string) => path.replaceAll(/\{\w+\}/g, '1234567890123456').replace('{name}', 'x');

  it('may ask for every route, and read every answer, refusals and what is not there included', async () => {
    const unknown = { method: 'GET', path: '/v1/nothing' };
    for (const { method, path } of [...symbl.serves, unknown]) {
      const asked = await rig.send(
        {
          ...{ method: 'OPTIONS', path: fill(path) },
          headers: {
            origin: 'https://app.example.org',
            'access-control-request-method': method,
            'access-control-request-headers': 'authorization,content-type,x-custom',
          },
        },
        'nobody',
      );
      assert.equal(asked.status, 204, `${method} ${path}: ${asked.text}`);
      assert.equal(asked.headers['access-control-allow-origin'], '*');
      assert.match(asked.headers['access-control-allow-methods'] ?? '', new RegExp(`\\b${method}\\b`), path);
      assert.equal(asked.headers['access-control-allow-headers'], 'authorization,content-type,x-custom');
      for (const caller of ['nobody', 'owner'] as const) {
        const answer = await rig.send({ method, path: fill(path) }, caller);
        assert.equal(answer.headers['access-control-allow-origin'], '*', `${method} ${path} for ${caller}`);
      }
    }
  });

  it('may read the status of a job, also from memory, and why a path or method is refused', async () => {
    const { jobId } = await rig.submit({ messages: [{ payload: { content: 'Hi.' } }] });
    for (const path of [`/v1/job/${jobId}`, '/v1/job/%', '/v1/conversations?limit=x']) {
      assert.equal((await rig.get(path)).headers['access-control-allow-origin'], '*', path);
    }
    const refused = await rig.send({ method: 'PATCH', path: `/v1/job/${jobId}` });
    assert.equal(refused.status, 405);
    assert.equal(refused.headers['access-control-allow-origin'], '*');
  });

  it('are granted the usual headers where they ask for what is no header name', async () => {
    const headers = { 'access-control-request-method': 'GET', 'access-control-request-headers': 'x<script>' };
    const { headers: granted } = await rig.send({ method: 'OPTIONS', path: '/v1/conversations', headers }, 'nobody');
    assert.equal(granted['access-control-allow-headers'], 'authorization, content-type, x-api-key');
  });
});
