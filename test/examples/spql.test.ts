import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isLike, spqlFilter } from '../../examples/vendors/spql.ts';

const row = {
  domain: 'jobs.example.dev',
  license: 'MIT',
  datasource: 'webscan',
  scan_date: '2025-04-18 01:14:56',
  port: 8443,
};

describe('spqlFilter', () => {
  for (const query of [
    'datasource = ["webscan"]',
    'datasource=webscan AND domain = "*.dev"',
    'scan_date >= "2025-04-18"',
    'scan_date > "2025-04-17" and scan_date < "2025-04-19"',
    'license = ["ISC", "MIT"]',
    'license != ["ISC", "BSD*"]',
    'license = "ISC" OR domain = "jobs*"',
    '(license = "ISC" or license = "MIT") AND port >= 443',
    'NOT (license = "ISC") AND port <= 8443',
    "domain = 'JOBS.example.DEV'",
  ])
    it(`finds the row by ${query}`, () => assert.equal(spqlFilter(query)(row), true));

  for (const query of [
    'datasource = "whois"',
    'scan_date >= "2025-04-19"',
    'license = "ISC" OR domain = "x*" AND port = 8443',
    'domain = "jobs"',
    'port < 443',
    'nothing = "x"',
  ])
    it(`does not find it by ${query}`, () => assert.equal(spqlFilter(query)(row), false));

  for (const [query, at] of [
    ['domain =', 'its end'],
    ['domain = "x" AND >> 5', '>> 5'],
    ['domain = ["x" "y"]', '"y"\\]'],
    ['(domain = "x"', 'its end'],
    ['domain = "x" license = "y"', 'license'],
    ['domain "x"', '"x"'],
    ['(('.repeat(1_000), '\\('],
  ] as const)
    it(`says where ${query.slice(0, 40)} cannot be read`, () =>
      assert.throws(() => spqlFilter(query), new RegExp(`cannot be read as SPQL at ${at}`)));
});

describe('isLike', () => {
  it('takes linear time, whatever the pattern', () => {
    assert.equal(isLike('a'.repeat(100_000), `${'*a'.repeat(20_000)}b`), false);
    assert.equal(isLike('a'.repeat(100_000), `${'*a'.repeat(20_000)}*`), true);
  });

  it('matches parts in their order, without counting a character twice', () => {
    assert.equal(isLike('aba', 'ab*ba'), false);
    assert.equal(isLike('abba', 'ab*ba'), true);
    assert.equal(isLike(null, '*'), true);
  });
});
