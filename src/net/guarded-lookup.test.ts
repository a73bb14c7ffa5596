import assert from 'node:assert/strict';
import type { LookupAddress } from 'node:dns';
import { describe, it } from 'node:test';
import { guardedLookupWith, PrivateAddressError, refusePrivateHost } from './guarded-lookup.ts';

const PUBLIC = { address: '1.1.1.1', family: 4 };
const PRIVATE = { address: '10.0.0.1', family: 4 };

/** What the hook hands to the socket when names resolve to `addresses`. */
function lookedUp(addresses: LookupAddress[], all: boolean): Promise<unknown> {
  const hook = guardedLookupWith((_name, _options, answer) => answer(null, addresses));
  return new Promise((resolve) => {
    hook('name.example', { all }, (error, address, family) => resolve(error ?? (all ? address : [address, family])));
  });
}

describe('guardedLookupWith', () => {
  it('hands on public addresses, all or the first', async () => {
    assert.deepEqual(await lookedUp([PUBLIC], true), [PUBLIC]);
    assert.deepEqual(await lookedUp([PUBLIC], false), ['1.1.1.1', 4]);
  });

  it('leaves private addresses out of a mixed answer', async () => {
    assert.deepEqual(await lookedUp([PRIVATE, PUBLIC], true), [PUBLIC]);
    assert.deepEqual(await lookedUp([PRIVATE, PUBLIC], false), ['1.1.1.1', 4]);
  });

  it('refuses an answer with private addresses alone, whatever it was at an earlier look', async () => {
    const answers = [[PUBLIC], [PRIVATE]];
    const hook = guardedLookupWith((_name, _options, answer) => answer(null, answers.shift() ?? []));
    const look = () =>
      new Promise((resolve) => hook('rebinding.example', { all: true }, (error, found) => resolve(error ?? found)));
    assert.deepEqual(await look(), [PUBLIC]);
    assert.ok((await look()) instanceof PrivateAddressError);
  });

  it('hands on the error of a name that does not resolve', async () => {
    const error = Object.assign(new Error('no such name'), { code: 'ENOTFOUND' });
    const hook = guardedLookupWith((_name, _options, answer) => answer(error, []));
    assert.equal(await new Promise((resolve) => hook('nowhere.example', { all: true }, resolve)), error);
  });
});

describe('refusePrivateHost', () => {
  it('refuses private addresses and names of this machine in every spelling that a URL knows, and nothing else', () => {
    for (const host of ['127.1', '0177.0.0.1', '[fe80::1]', '2130706433', 'localhost', 'a.LocalHost.']) {
      assert.throws(() => refusePrivateHost(new URL(`http://${host}/`)), PrivateAddressError);
    }
    refusePrivateHost(new URL('http://1.1.1.1/'));
    refusePrivateHost(new URL('http://name.example/'));
    refusePrivateHost(new URL('http://localhost.example/'));
  });
});
