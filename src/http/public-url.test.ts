import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { describe, test } from 'node:test';
import { hostNameOf, publicUrlOf } from './public-url.ts';

function request(host: string | undefined, socket: object = { localAddress: '127.0.0.1', localPort: 80 }) {
  return { headers: { host }, socket } as unknown as IncomingMessage;
}

describe('publicUrlOf', () => {
  test('takes the configured URL before anything else', () => {
    assert.equal(publicUrlOf(request('evil.test'), 'https://jobs.example'), 'https://jobs.example');
  });

  test('takes a Host header that is a host', () => {
    for (const host of ['a', 'jobs.example:8080', '127.0.0.1:1', '[::1]:7070', 'a-b.c_d'])
      assert.equal(publicUrlOf(request(host), null), `http://${host}`);
    assert.equal(publicUrlOf(request('a', { encrypted: true }), null), 'https://a');
  });

  test('takes its own address where the Host header is something else', () => {
    for (const host of [undefined, '', 'a/b', 'a b', 'user@a', '"><script>', 'a:99x', 'a:123456', '-', '[x]'])
      assert.equal(publicUrlOf(request(host), null), 'http://127.0.0.1:80', String(host));
    assert.equal(publicUrlOf(request('', { localAddress: '::1', localPort: 7 }), null), 'http://[::1]:7');
    assert.equal(
      publicUrlOf(request('', { localAddress: '::ffff:10.0.0.1', localPort: 7 }), null),
      'http://10.0.0.1:7',
    );
  });
});

describe('hostNameOf', () => {
  test('is the name in lower case without the port, or null', () => {
    assert.deepEqual(['A.Test:80', 'a.test', '[::1]:7', 'a/b', undefined].map(hostNameOf), [
      'a.test',
      'a.test',
      '[::1]',
      null,
      null,
    ]);
  });
});
