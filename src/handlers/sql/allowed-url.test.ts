import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isAllowedUrl } from './allowed-url.ts';

describe('isAllowedUrl', () => {
  const allowed = [
    'https://data.example.com/open/',
    'https://other.example:8443/one',
    'http://whole.example',
    'http://127.0.0.1:*/open/',
    'http://localhost:*',
  ];

  for (const url of [
    'https://data.example.com/open/a.csv',
    'https://DATA.example.com:443/open/deep/a.csv?x=1',
    'https://other.example:8443/one',
    'https://other.example:8443/one/below',
    'https://other.example:8443/one?x=1',
    'http://whole.example/anything',
    'http://whole.example/a..b/..c/100%25.csv',
    'https://data.example.com/%6fpen/%C3%A4.csv',
    'https://data.example.com/open/a%2fb.csv',
    'http://127.0.0.1/open/a.csv',
    'http://127.0.0.1:49152/open/a.csv',
    'http://LOCALHOST:1/anything',
  ]) {
    it(`allows ${url}`, () => assert.equal(isAllowedUrl(allowed, url), true));
  }
  for (const url of [
    'https://data.example.com/open',
    'https://data.example.com/open/../secret/a.csv',
    'https://data.example.com/open/%2e%2e/secret/a.csv',
    'https://data.example.com/open/..%2fsecret',
    'https://data.example.com/open/..%2Fsecret',
    'https://data.example.com/open/..%5csecret',
    'https://data.example.com/open/..%252fsecret',
    'https://data.example.com/open/%252e%252e/secret',
    'https://data.example.com/open/x%2f..%2f..%2fsecret',
    'https://data.example.com/open/%25zz/..%252f..%252fsecret',
    'https://data.example.com/open/..;/secret',
    'https://data.example.com/open/%2525252525252561',
    'http://data.example.com/open/a.csv',
    'https://data.example.com.evil.example/open/a.csv',
    'https://data.example.com@evil.example/open/a.csv',
    'https://user:pass@data.example.com/open/a.csv',
    'https://other.example:8443/ones',
    'https://other.example/one',
    'http://whole.example.evil.example/',
    'https://127.0.0.1:49152/open/a.csv',
    'http://127.0.0.1:49152/secret/a.csv',
    'http://127.0.0.2:49152/open/a.csv',
    'http://localhost.evil.example:1/a.csv',
    'http://whole.example:8080/a.csv',
    'not a url',
    '',
  ]) {
    it(`refuses ${url}`, () => assert.equal(isAllowedUrl(allowed, url), false));
  }

  it('takes any port of loopback hosts alone', () => {
    for (const each of ['http://10.0.0.1:*/', 'http://data.example:*', 'http://localhost:*.evil.example/'])
      assert.equal(isAllowedUrl([each], each.replace('*', '80')), false, each);
  });
});
