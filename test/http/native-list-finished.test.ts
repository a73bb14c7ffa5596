/** Lists of finished jobs over the native API: by the time of their end, by error, page by page. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createWorker } from '../../src/dialects/contract-suite/stage.ts';
import { TENANT } from '../engine/engine-fixture.ts';
import { type HttpFixture, openHttp } from './http-fixture.ts';

/** Four jobs, of which the last submitted ends first; the first one waits. */
async function someFinished(http: HttpFixture): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let at = 0; at < 4; at += 1) ids.push(await http.submit('task', { delayMs: 3_600_000 }));
  for (const id of ids.slice(1).toReversed()) {
    await http.call('POST', `/v1/jobs/${id}/cancel`);
    await http.on.clock.advance(1_000);
  }
  return ids;
}

async function listed(http: HttpFixture, query: string): Promise<readonly unknown[]> {
  const answer = await http.call('GET', `/v1/jobs?${query}`);
  assert.equal(answer.status, 200, answer.text);
  return (answer.json().jobs as { id: string }[]).map(({ id }) => id);
}

describe('GET /v1/jobs', () => {
  test('sorts by submit or by end, and pages through either', async () => {
    await using http = await openHttp();
    const [waiting, one, two, three] = await someFinished(http);
    assert.deepEqual(await listed(http, 'sort=oldest'), [waiting, one, two, three]);
    assert.deepEqual(await listed(http, 'sort=newestFinished'), [one, two, three]);
    for (const [sort, wanted] of [
      ['newestFinished', [one, two, three]],
      ['oldestFinished', [three, two, one]],
      ['oldest', [waiting, one, two, three]],
    ] as const) {
      const seen: unknown[] = [];
      for (let cursor: unknown = ''; cursor !== null; ) {
        const path = `/v1/jobs?limit=1&sort=${sort}${cursor === '' ? '' : `&cursor=${cursor}`}`;
        const { jobs, next } = (await http.call('GET', path)).json() as { jobs: { id: string }[]; next: unknown };
        seen.push(...jobs.map(({ id }) => id));
        cursor = next;
      }
      assert.deepEqual(seen, wanted, sort);
    }
  });

  test('filters by the time of the end', async () => {
    await using http = await openHttp();
    const [, one, two] = await someFinished(http);
    const { finishedAt } = (await http.call('GET', `/v1/jobs/${two}`)).json();
    assert.deepEqual(await listed(http, `finishedFrom=${finishedAt}`), [one, two]);
    assert.deepEqual(await listed(http, `finishedFrom=${finishedAt}&sort=oldestFinished&limit=1`), [two]);
    assert.equal((await listed(http, `finishedBefore=${finishedAt}`)).length, 1);
  });

  test('filters by error code', async () => {
    await using http = await openHttp();
    const id = await http.submit('task', { retry: { attempts: 1 } });
    await http.submit('task');
    const { fence } = await createWorker(http.on.engine, TENANT).claim('task');
    const body = { fence, retryable: false, error: { code: 'NO_LUCK', message: 'None.' } };
    await http.call('POST', `/v1/work/${id}/fail`, { body });
    assert.deepEqual(await listed(http, 'errorCode=NO_LUCK'), [id]);
    assert.deepEqual(await listed(http, 'errorCode=NO'), []);
  });

  test('refuses a sort, a state or a cursor that do not go with it', async () => {
    await using http = await openHttp();
    await someFinished(http);
    const refusal = async (query: string) => {
      const { code, errors } = (await http.call('GET', `/v1/jobs?${query}`)).json();
      return [code, (errors as { path: string }[] | undefined)?.[0]?.path];
    };
    assert.deepEqual(await refusal('errorCode=A&sort=oldest'), ['INVALID_REQUEST', '/sort']);
    assert.deepEqual(await refusal('sort=newestFinished&state=running'), ['INVALID_REQUEST', '/state']);
    assert.deepEqual(await refusal('finishedFrom=soon'), ['INVALID_REQUEST', '/finishedFrom']);
    assert.deepEqual((await refusal('sort=upwards'))[0], 'INVALID_REQUEST');
    const cursor = async (query: string) => (await http.call('GET', `/v1/jobs?limit=1&${query}`)).json().next;
    assert.deepEqual(await refusal(`cursor=${await cursor('sort=newestFinished')}`), ['INVALID_CURSOR', undefined]);
    assert.deepEqual(await refusal(`sort=newestFinished&cursor=${await cursor('')}`), ['INVALID_CURSOR', undefined]);
  });
});
