/** The audit over the native API: which deeds are noted, and who may read them. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { openHttp } from './http-fixture.ts';

interface Line {
  readonly at: string;
  readonly by: { readonly keyId: string; readonly keyName: string };
  readonly deed: string;
  readonly target: string | null;
  readonly count: number | null;
  readonly request: unknown;
}

const deedsOf = (page: object) => (page as { readonly deeds: readonly Line[] }).deeds;

describe('GET /v1/audit', () => {
  test('tells who made and revoked keys and removed jobs, without a secret', async () => {
    await using http = await openHttp();
    const made = (await http.call('POST', '/v1/keys', { body: { name: 'ci', scopes: ['operate'] } })).json();
    http.on.clock.advance(1);
    await http.call('DELETE', `/v1/keys/${made.id}`);
    http.on.clock.advance(1);
    const ids = [await http.submit('task'), await http.submit('task')];
    for (const id of ids) {
      await http.call('POST', `/v1/jobs/${id}/cancel`);
      await http.call('DELETE', `/v1/jobs/${id}`, { key: http.keys.submitter });
    }
    const answer = await http.call('GET', '/v1/audit', { key: http.keys.reader });
    assert.equal(answer.status, 200, answer.text);
    const deeds = deedsOf(answer.json());
    assert.deepEqual(
      deeds.map(({ deed, by, target, count }) => [deed, by.keyName, target, count]),
      [
        ['job.remove', 'submitter', null, 2],
        ['key.revoke', 'admin', made.id, null],
        ['key.create', 'admin', made.id, null],
      ],
    );
    assert.deepEqual(deeds[0]?.request, { targets: ids });
    assert.ok(!answer.text.includes(String(made.key)));
    const foreign = await http.call('GET', '/v1/audit', { key: http.keys.foreigner });
    assert.deepEqual(foreign.json(), { deeds: [], next: null });
  });

  test('goes page by page, by deed and time', async () => {
    await using http = await openHttp();
    for (const name of ['a', 'b', 'c']) {
      await http.call('POST', '/v1/keys', { body: { name, scopes: ['read'] } });
      http.on.clock.advance(1_000);
    }
    const read = async (query: string) => (await http.call('GET', `/v1/audit?${query}`)).json();
    const names = (page: object) => deedsOf(page).map(({ request }) => (request as { name: string }).name);
    const first = await read('limit=2');
    assert.deepEqual(names(first), ['c', 'b']);
    const second = await read(`limit=2&cursor=${String(first.next)}`);
    assert.deepEqual([names(second), second.next], [['a'], null]);
    assert.deepEqual(names(await read('deed=key.revoke')), []);
    const at = deedsOf(first)[1]?.at ?? '';
    assert.deepEqual(names(await read(`before=${at}`)), ['a']);
    assert.deepEqual(names(await read(`from=${at}`)), ['c', 'b']);
  });

  test('refuses unknown deeds, cursors of other lists and keys without read', async () => {
    await using http = await openHttp();
    const refusal = async (query: string, key = http.keys.reader) => {
      const { status, json } = await http.call('GET', `/v1/audit?${query}`, { key });
      return [status, json().code];
    };
    assert.deepEqual(await refusal('deed=job.eat'), [400, 'INVALID_REQUEST']);
    assert.deepEqual(await refusal('from=yesterday'), [400, 'INVALID_REQUEST']);
    assert.deepEqual(await refusal('cursor=abc'), [400, 'INVALID_CURSOR']);
    assert.deepEqual(await refusal('', http.keys.submitter), [403, 'SCOPE_MISSING']);
  });
});
