import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Json } from '../../core/job.ts';
import type { HttpOptions } from './options.ts';
import { inputIssues, placeholdersOf, targetOf } from './target.ts';

const BASE = 'https://api.example.com/v1/reports/{id}/lines/{line}';

function hrefOf(options: HttpOptions, input: Json): string {
  assert.deepEqual(inputIssues(options, input), []);
  return targetOf(options, input).href;
}

describe('targetOf', () => {
  it('gives the URL as it is when the input goes into the body', () => {
    assert.equal(hrefOf({ url: 'https://a.example/x?y=1' }, { z: 2 }), 'https://a.example/x?y=1');
  });

  it('fills placeholders, percent-encoded', () => {
    const url = hrefOf({ url: BASE }, { id: 'a/b?c#d ä', line: 7, other: true });
    assert.equal(url, 'https://api.example.com/v1/reports/a%2Fb%3Fc%23d%20%C3%A4/lines/7');
  });

  it('puts the other fields into the query where there is no body', () => {
    const options: HttpOptions = { url: 'https://a.example/{id}?key=1', method: 'GET' };
    assert.equal(
      hrefOf(options, { id: 'x', q: 'a&b', list: [1, 'two', null], none: null, flag: false }),
      'https://a.example/x?key=1&q=a%26b&list=1&list=two&flag=false',
    );
    assert.equal(hrefOf({ url: 'https://a.example/', method: 'GET' }, null), 'https://a.example/');
  });

  it('sends nothing along when told so', () => {
    assert.equal(hrefOf({ url: 'https://a.example/', method: 'GET', send: 'nothing' }, { q: 1 }), 'https://a.example/');
  });

  it('never lets the input reach another host or another folder', () => {
    const options: HttpOptions = { url: 'https://api.example.com/v1/{id}/end', method: 'GET' };
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (id) => {
        if (inputIssues(options, { id }).length > 0) return;
        const { origin, pathname } = targetOf(options, { id });
        assert.equal(origin, 'https://api.example.com');
        assert.match(pathname, /^\/v1\/[^/]+\/end$/);
      }),
    );
  });
});

describe('inputIssues', () => {
  it('wants an object where fields go into the URL', () => {
    assert.deepEqual(inputIssues({ url: BASE }, [1]), [
      { path: '', message: 'must be an object: its fields go into the URL' },
    ]);
    assert.equal(inputIssues({ url: 'https://a.example/', method: 'DELETE' }, 'x').length, 1);
    assert.equal(inputIssues({ url: 'https://a.example/' }, 'x').length, 0);
  });

  for (const id of ['', '.', '..', null, {}, [1], '\ud800']) {
    it(`refuses ${JSON.stringify(id)} for a placeholder`, () => {
      assert.deepEqual(
        inputIssues({ url: BASE }, { id, line: 1 }).map(({ path }) => path),
        ['/id'],
      );
    });
  }

  it('names every missing placeholder', () => {
    assert.deepEqual(
      inputIssues({ url: BASE }, {}).map(({ path }) => path),
      ['/id', '/line'],
    );
  });

  it('refuses what a query cannot say', () => {
    const paths = inputIssues(
      { url: 'https://a.example/', method: 'GET' },
      { ok: 1, deep: { a: 1 }, list: [[1]], half: '\ud800' },
    ).map(({ path }) => path);
    assert.deepEqual(paths, ['/deep', '/list', '/half']);
  });
});

describe('placeholdersOf', () => {
  it('finds the names in order', () => {
    assert.deepEqual(placeholdersOf(BASE), ['id', 'line']);
    assert.deepEqual(placeholdersOf('https://a.example/{}/{1}/x'), []);
  });
});
