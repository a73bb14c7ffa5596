import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { hostsOf } from './hosts.ts';

describe('hostsOf', () => {
  const CASES = [
    ['postgres://u:p@a/db', ['postgres://u:p@a/db']],
    [
      'postgresql://u:p@a:1,b:2/db?sslmode=require',
      ['postgresql://u:p@a:1/db?sslmode=require', 'postgresql://u:p@b:2/db?sslmode=require'],
    ],
    ['postgres://u:p%2C@a,b/db?target_session_attrs=read-write', ['postgres://u:p%2C@a/db', 'postgres://u:p%2C@b/db']],
    ['postgres://u:p,q@a,[::1]:5/db', ['postgres://u:p,q@a/db', 'postgres://u:p,q@[::1]:5/db']],
    ['postgres://u@/db?host=a,b&port=1,2', ['postgres://u@a:1/db', 'postgres://u@b:2/db']],
    ['postgres://u@/db?host=a,::1&port=9', ['postgres://u@a:9/db', 'postgres://u@[::1]:9/db']],
    ['postgres://u@/db?host=/var/run', ['postgres://u@/db?host=%2Fvar%2Frun']],
    ['/var/run db', ['/var/run db']],
  ] as const;
  for (const [url, urls] of CASES) {
    test(`hostsOf makes ${urls.length} of ${url}`, () => assert.deepEqual(hostsOf(url).urls, urls));
  }

  test('hostsOf keeps the settings that the URL asks for apart', () => {
    const hosts = hostsOf('postgres://a/db?options=-c%20search_path%3Dx&ssl=0');
    assert.deepEqual([hosts.urls, hosts.settings], [['postgres://a/db?ssl=0'], '-c search_path=x']);
  });

  test('hostsOf refuses standbys, ports that do not fit, and too many hosts', () => {
    for (const wanted of ['standby', 'prefer-standby', 'read-only', 'x']) {
      assert.throws(
        () => hostsOf(`postgres://a,b/db?target_session_attrs=${wanted}`),
        { code: 'CONFIG_INVALID' },
        wanted,
      );
    }
    assert.throws(() => hostsOf('postgres:///db?host=a,b,c&port=1,2'), { code: 'CONFIG_INVALID' });
    const many = Array.from({ length: 17 }, (_, index) => `h${index}`).join(',');
    assert.throws(() => hostsOf(`postgres://${many}/db`), { code: 'CONFIG_INVALID' });
  });

  test('hostsOf asks the host first that was good last', () => {
    const hosts = hostsOf('postgres://a,b,c/db');
    hosts.good('postgres://b/db');
    assert.deepEqual(hosts.urls, ['postgres://b/db', 'postgres://a/db', 'postgres://c/db']);
  });

  test('hostsOf counts a move once, however many connections learn of it', () => {
    const hosts = hostsOf('postgres://a,b/db');
    hosts.moved(0);
    hosts.moved(0);
    assert.equal(hosts.generation, 1);
  });
});
