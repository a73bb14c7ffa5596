import assert from 'node:assert/strict';
import { BlockList } from 'node:net';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isPrivateAddress } from './private-address.ts';

describe('isPrivateAddress', () => {
  const inside = [
    '0.0.0.0',
    '10.255.0.1',
    '100.64.0.1',
    '127.0.0.1',
    '127.255.255.255',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '198.19.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:a00:1',
    '64:ff9b::10.0.0.1',
    '2002:7f00:1::',
    'fc00::1',
    'fd12:3456::1',
    'fe80::1%eth0',
    'ff02::1',
    '2001:db8::1',
    '100::1',
  ];
  const outside = [
    '1.1.1.1',
    '8.8.8.8',
    '100.63.255.255',
    '172.15.255.255',
    '172.32.0.0',
    '192.167.255.255',
    '223.255.255.255',
    '2606:4700:4700::1111',
    '::ffff:8.8.8.8',
    '64:ff9b::808:808',
    '2002:808:808::1',
  ];
  const nonsense = [
    '',
    'localhost',
    '1.2.3',
    '1.2.3.4.5',
    '1.2.3.256',
    '01.2.3.4444',
    '1:2',
    ':::',
    '1::2::3',
    'g::1',
    '1:2:3:4:5:6:7:8:9',
  ];

  for (const address of inside) it(`is true for ${address}`, () => assert.equal(isPrivateAddress(address), true));
  for (const address of outside) it(`is false for ${address}`, () => assert.equal(isPrivateAddress(address), false));
  for (const text of nonsense)
    it(`is true for the non-address "${text}"`, () => assert.equal(isPrivateAddress(text), true));

  it('agrees with node:net on every IPv4 address tried', () => {
    const list = new BlockList();
    const nets =
      '0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/3';
    for (const net of nets.split(' ')) {
      const [first = '', bits] = net.split('/');
      list.addSubnet(first, Number(bits), 'ipv4');
    }
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        assert.equal(isPrivateAddress(address), list.check(address, 'ipv4'));
        assert.equal(isPrivateAddress(`::ffff:${address}`), list.check(address, 'ipv4'));
      }),
      { numRuns: 2_000 },
    );
  });

  it('never calls an IPv6 address public that node:net finds in a private network', () => {
    const list = new BlockList();
    for (const [first, bits] of [
      ['fc00::', 7],
      ['fe80::', 10],
      ['ff00::', 8],
      ['::', 96],
      ['2001:db8::', 32],
      ['100::', 64],
    ] as const) {
      list.addSubnet(first, bits, 'ipv6');
    }
    fc.assert(
      fc.property(fc.ipV6(), (address) => {
        if (list.check(address, 'ipv6')) assert.equal(isPrivateAddress(address), true);
      }),
      { numRuns: 2_000 },
    );
  });
});
