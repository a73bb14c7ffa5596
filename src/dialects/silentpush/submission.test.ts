import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BideError } from '../../core/errors.ts';
import type { Json } from '../../core/job.ts';
import { parseQuery, startFlags } from './query.ts';
import { type SpqlSearch, spqlSearch, submission } from './submission.ts';
import { type EndpointName, RETAIN_MS, STARTING_ENDPOINTS } from './wire.ts';

const search = (body: Json) => spqlSearch(body);

function submitted(name: EndpointName, queryText: string, body: SpqlSearch | null = null) {
  const endpoint = STARTING_ENDPOINTS.find((one) => one.name === name);
  assert.ok(endpoint);
  const query = parseQuery(queryText);
  const flags = startFlags(query, 'clamp');
  return submission({ tenant: 't', endpoint, options: { type: 'search' }, params: {}, query, flags, body });
}

describe('spqlSearch', () => {
  it('counts empty lists as left out', () => {
    const expected = { query: 'x', fields: null, sort: ['scan_date/desc', 'domain/asc'] };
    assert.deepEqual(search({ query: 'x' }), expected);
    assert.deepEqual(search({ query: 'x', fields: [], sort: [] }), expected);
    assert.deepEqual(search({ query: 'x', fields: null, sort: null, other: 1 }), expected);
  });

  it('sorts a bare field upwards, and ignores a sort by a field that is not wanted', () => {
    const { sort } = search({ query: 'x', fields: ['domain', 'ip'], sort: ['ip', 'port/desc', 'domain/desc'] });
    assert.deepEqual(sort, ['ip/asc', 'domain/desc']);
  });

  it('refuses bodies that are no search, saying why', () => {
    for (const [body, message] of [
      [undefined, /missing/],
      [[], /object/],
      [null, /object/],
      [{}, /query is missing/],
      [{ query: '' }, /query must be/],
      [{ query: 'x', fields: 'domain' }, /lists/],
      [{ query: 'x', sort: [1] }, /lists/],
    ] as const) {
      const isSaid = (error: unknown) => error instanceof BideError && message.test(error.message);
      assert.throws(() => spqlSearch(body), isSaid, JSON.stringify(body));
    }
  });
});

describe('submission', () => {
  it('carries the request to the handler and the shape of the answer to the origin', () => {
    const request = submitted('domain/search', 'domain=*.org&nsname=a&nsname=b&limit=5&skip=2&with_metadata=True');
    assert.deepEqual(request, {
      tenant: 't',
      type: 'search',
      input: {
        endpoint: 'domain/search',
        path: {},
        query: { domain: ['*.org'], nsname: ['a', 'b'] },
        body: null,
        limit: 5,
        skip: 2,
      },
      retainMs: RETAIN_MS,
      origin: {
        dialect: 'silentpush',
        data: { resultKey: 'records', queryName: 'domain/search', limit: 5, skip: 2, withMetadata: true },
      },
    });
  });

  it('names the query after the source that the search names', () => {
    const nameOf = (query: string) => {
      const request = submitted('scandata/search/raw', '', { query, fields: null, sort: [] });
      assert.ok(request.origin);
      return (request.origin.data as { queryName: string }).queryName;
    };
    assert.equal(nameOf('domain = "example.org"'), 'scandata/search/raw/_spql');
    assert.equal(nameOf('datasource = "whois" AND domain = "example.org"'), 'whois/search/_spql');
    assert.equal(nameOf('domain = "example.org" AND datasource=webscan'), 'scandata/search/raw/_spql');
  });
});
