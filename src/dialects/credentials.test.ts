import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { BideError } from '../core/errors.ts';
import type { Authenticator, Principal } from '../http/dialect.ts';
import { credentialOf, principalOf, requireScope } from './credentials.ts';

const principal = (scopes: Principal['scopes']): Principal => ({ tenant: 't', keyId: 'k', keyName: 'k', scopes });
const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

describe('credentialOf', () => {
  it('reads a bearer token, basic credentials, and a value without a scheme', () => {
    assert.deepEqual(credentialOf('Bearer abc'), { scheme: 'bearer', secret: 'abc' });
    assert.deepEqual(credentialOf('bearer   abc '), { scheme: 'bearer', secret: 'abc' });
    assert.deepEqual(credentialOf(basic('user:se:cret')), { scheme: 'basic', user: 'user', secret: 'se:cret' });
    assert.deepEqual(credentialOf(basic('secret')), { scheme: 'basic', user: '', secret: 'secret' });
    assert.deepEqual(credentialOf('abc'), { scheme: 'bare', secret: 'abc' });
    assert.deepEqual(credentialOf('Bearer'), { scheme: 'bare', secret: 'Bearer' });
    assert.deepEqual(credentialOf(['abc', 'def']), { scheme: 'bare', secret: 'abc' });
  });

  it('finds none in a header that is missing or empty', () => {
    for (const header of [undefined, '', '   ', []]) assert.equal(credentialOf(header), null);
  });

  it('reads any header without an error', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (header) => {
        const credential = credentialOf(header);
        assert.ok(credential === null || typeof credential.secret === 'string');
      }),
    );
  });
});

describe('principalOf', () => {
  it('asks for a token only where there is no such key', async () => {
    const asked: string[] = [];
    const known = principal(new Set());
    const auth = {
      byKey: (key: string) => (key === 'key' ? known : null),
      byToken: async (token: string) => {
        asked.push(token);
        return token === 'token' ? known : null;
      },
    } as Authenticator;
    assert.equal(await principalOf(auth, 'key'), known);
    assert.equal(await principalOf(auth, 'token'), known);
    assert.equal(await principalOf(auth, 'neither'), null);
    assert.deepEqual(asked, ['token', 'neither']);
  });

  it('may be dropped while the store is away, and whoever waits for it is told', async () => {
    const away = async () => {
      throw new BideError('STORE_UNAVAILABLE');
    };
    const auths = [{ byKey: away }, { byKey: () => null, byToken: away }] as unknown as Authenticator[];
    const unwatched: unknown[] = [];
    const note = (reason: unknown) => void unwatched.push(reason);
    process.on('unhandledRejection', note);
    for (const auth of auths) void principalOf(auth, 'key');
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', note);
    assert.deepEqual(unwatched, []);
    for (const auth of auths) await assert.rejects(async () => principalOf(auth, 'key'), BideError);
  });
});

describe('requireScope', () => {
  it('lets pass whoever has the scope, or all of them', () => {
    requireScope(principal(new Set(['read'])), 'read');
    requireScope(principal(new Set(['admin'])), 'read');
  });

  it('refuses everybody else, naming the scope', () => {
    const isRefused = (error: unknown) =>
      error instanceof BideError && error.code === 'SCOPE_MISSING' && error.message.includes('read');
    assert.throws(() => requireScope(principal(new Set(['submit', 'work'])), 'read'), isRefused);
  });
});
