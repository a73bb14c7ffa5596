import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DEFAULTS, parseOptions } from './options.ts';

describe('parseOptions', () => {
  it('has defaults for everything', () => {
    assert.deepEqual(parseOptions({}), { kind: 'options', options: DEFAULTS });
  });

  it('takes endpoints with a type, a result key and a query name', () => {
    const endpoints = { 'domain/search': { type: 'search', resultKey: 'rows', queryName: 'mine' } };
    assert.deepEqual(parseOptions({ endpoints, maxWait: 'refuse', unknownJobs: 'pending' }), {
      kind: 'options',
      options: { endpoints, maxWait: 'refuse', unknownJobs: 'pending' },
    });
  });

  it('says what to fix', () => {
    for (const [raw, message] of [
      ['x', /must be an object/],
      [{ maxWait: 30 }, /maxWait must be one of clamp, refuse/],
      [{ unknownJobs: 404 }, /unknownJobs must be/],
      [{ endpoints: [] }, /endpoints must be an object/],
      [{ endpoints: { 'domain/find': { type: 'x' } } }, /endpoints has no domain\/find; there are scandata/],
      [{ endpoints: { 'domain/search': 'x' } }, /endpoints\['domain\/search'\] must be an object/],
      [{ endpoints: { 'domain/search': {} } }, /type is missing/],
      [{ endpoints: { 'domain/search': { type: '' } } }, /type must not have fewer than 1/],
      [
        { endpoints: { 'domain/search': { type: 'x', key: 'y' } } },
        /endpoints\['domain\/search'\]\.key is not a field/,
      ],
      [{ endpoints: { 'domain/search': { type: 'x', resultKey: 'job_status' } } }, /resultKey must not be job_status/],
    ] as const) {
      const parsed = parseOptions(raw);
      assert.equal(parsed.kind, 'invalid', JSON.stringify(raw));
      assert.match(parsed.kind === 'invalid' ? parsed.message : '', message);
    }
  });
});
