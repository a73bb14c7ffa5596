import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { BideError } from '../../core/errors.ts';
import { filtersOf, parseQuery, pollFlags, startFlags } from './query.ts';

const poll = (search: string) => pollFlags(parseQuery(search), 'clamp');
const start = (search: string) => startFlags(parseQuery(search), 'clamp');
const refused = (run: () => unknown, message: RegExp) =>
  assert.throws(run, (error) => error instanceof BideError && error.kind === 'invalid' && message.test(error.message));

describe('pollFlags', () => {
  it('waits 25 s when nothing is said', () => {
    assert.deepEqual(poll(''), { waitSeconds: 25, isStatusOnly: false, forcedMetadata: null });
  });

  it('takes the last when a parameter came twice', () => {
    assert.equal(poll('max_wait=2&max_wait=20').waitSeconds, 20);
    assert.equal(poll('status_only=1&status_only=0').isStatusOnly, false);
  });

  it('reads the booleans of Python and JavaScript', () => {
    for (const yes of ['1', 'true', 'True', 'TRUE', 'yes']) {
      assert.equal(poll(`status_only=${yes}`).isStatusOnly, true, yes);
      assert.equal(poll(`force_metadata_on=${yes}`).forcedMetadata, true, yes);
    }
    for (const no of ['0', 'false', 'False', '', 'no', 'None']) {
      assert.equal(poll(`status_only=${no}`).isStatusOnly, false, no);
      assert.equal(poll(`force_metadata_off=${no}`).forcedMetadata, null, no);
    }
    assert.equal(poll('status_only').isStatusOnly, false);
  });

  it('takes all three flags with a wait as one connector sends them', () => {
    const sent = 'max_wait=20&status_only=True&force_metadata_on=False&force_metadata_off=False';
    assert.deepEqual(poll(sent), { waitSeconds: 20, isStatusOnly: true, forcedMetadata: null });
  });

  it('lets off win when both force flags are set', () => {
    assert.equal(poll('force_metadata_on=1&force_metadata_off=1').forcedMetadata, false);
  });

  it('answers a status at once unless a wait is asked for in so many words', () => {
    assert.equal(poll('status_only=1').waitSeconds, 0);
    assert.equal(poll('status_only=1&max_wait=7').waitSeconds, 7);
  });

  it('pulls max_wait into its range, or refuses it under the other rule', () => {
    assert.equal(poll('max_wait=-3').waitSeconds, 0);
    assert.equal(poll('max_wait=26').waitSeconds, 25);
    assert.equal(pollFlags(parseQuery('max_wait=25'), 'refuse').waitSeconds, 25);
    refused(() => pollFlags(parseQuery('max_wait=26'), 'refuse'), /range from 0 to 25/);
    refused(() => pollFlags(parseQuery('max_wait=-1'), 'refuse'), /range from 0 to 25/);
  });

  it('refuses what is no integer and what is no flag', () => {
    for (const value of ['1.5', 'x', '1e1', '0x10', '٣'])
      refused(() => poll(`max_wait=${value}`), /max_wait must be an/);
    refused(() => poll('status_only=perhaps'), /status_only must be 0 or 1/);
  });
});

describe('startFlags', () => {
  it('has the defaults of the vendor', () => {
    assert.deepEqual(start(''), { prefer: 'result', waitSeconds: 25, withMetadata: false, limit: 100, skip: 0 });
  });

  it('reads a query in which a question mark stands for an ampersand', () => {
    const flags = start('explain=1?scan_data=1&with_metadata=1?limit=5');
    assert.equal(flags.withMetadata, true);
    assert.equal(flags.limit, 5);
  });

  it('takes the largest page that clients ask for, and refuses one below nothing', () => {
    assert.equal(start('limit=10000').limit, 10_000);
    refused(() => start('limit=-1'), /limit must be/);
    refused(() => start('skip=x'), /skip must be/);
    refused(() => start('prefer=both'), /prefer must be/);
  });
});

describe('filtersOf', () => {
  it('keeps every value of a repeated filter and drops what steers the answer', () => {
    const query = parseQuery('nsname=a&nsname=b&limit=5&prefer=job_id&domain=*.example.org');
    assert.deepEqual(filtersOf(query), { nsname: ['a', 'b'], domain: ['*.example.org'] });
  });

  it('takes apart several sorts that came as one value', () => {
    assert.deepEqual(filtersOf(parseQuery('sort=last_seen/desc%26sort=first_seen/asc')), {
      sort: ['last_seen/desc', 'first_seen/asc'],
    });
  });

  it('keeps a filter named like a member of every object as a filter', () => {
    const filters = filtersOf(parseQuery('__proto__=x&constructor=y'));
    assert.deepEqual(Object.entries(filters), [
      ['__proto__', ['x']],
      ['constructor', ['y']],
    ]);
  });
});

describe('parseQuery', () => {
  it('leaves alone what cannot be decoded, and decodes the rest', () => {
    assert.deepEqual(
      [...parseQuery('a=%zz&b=%C3%A9&c=1+2&%64=5&&=x')],
      [
        ['a', ['%zz']],
        ['b', ['é']],
        ['c', ['1 2']],
        ['d', ['5']],
        ['', ['x']],
      ],
    );
  });

  it('reads any text, and any text gives flags or a refusal', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (search) => {
        try {
          const flags = poll(search);
          assert.ok(flags.waitSeconds >= 0 && flags.waitSeconds <= 25);
        } catch (error) {
          assert.ok(error instanceof BideError);
        }
      }),
    );
  });
});
