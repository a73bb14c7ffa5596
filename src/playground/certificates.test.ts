import assert from 'node:assert/strict';
import { it } from 'node:test';
import { rootCertificates } from 'node:tls';
import { findCertificates } from './certificates.ts';

it('findCertificates gives all of them when nothing is searched for', () => {
  for (const input of [undefined, null, 5, 'text', {}, { limit: 5 }, { contains: '' }, { query: { domain: ['*'] } }]) {
    assert.equal(findCertificates(input).length, rootCertificates.length);
  }
});

it('findCertificates finds by text, filter, parameter and quoted text, whatever the case', () => {
  const expected = findCertificates({ contains: 'DigiCert' });
  assert.ok(expected.length > 0 && expected.length < rootCertificates.length);
  assert.ok(expected.every((row) => /digicert/i.test(row.organization + row.common_name)));
  assert.deepEqual(findCertificates({ path: { domain: 'www.digicert.com' } }), expected);
  assert.deepEqual(findCertificates({ query: { domain: ['*.digicert.com'] }, path: {} }), expected);
  assert.deepEqual(
    findCertificates({ query: { domain: ['digicert.com'], sort: ['x/desc'], format: ['json'] } }),
    expected,
  );
  const body = { query: 'organization = "DigiCert"', fields: ['none'], sort: ['scan_date/desc'] };
  assert.deepEqual(findCertificates({ body }), expected);
});

it('findCertificates wants everything that is searched for, and gives no row where nothing fits', () => {
  assert.deepEqual(findCertificates({ contains: 'no such authority' }), []);
  const both = findCertificates({ contains: ['digicert', 'G2'] });
  assert.ok(both.length > 0 && both.length < findCertificates({ contains: 'digicert' }).length);
});
