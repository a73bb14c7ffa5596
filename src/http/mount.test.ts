import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createPick, type MountPoint } from './mount.ts';

const entry = (name: string, at: MountPoint) => ({ name, at });
const ROOT = entry('root', { kind: 'root' });
const A = entry('a', { kind: 'prefix', prefix: '/a' });
const AB = entry('ab', { kind: 'prefix', prefix: '/ab' });
const HOST = entry('host', { kind: 'host', host: 'x.test' });

describe('createPick', () => {
  const pick = createPick([ROOT, A, AB, HOST]);
  const at = (url: string, host?: string) => {
    const route = pick(url, host);
    return [route?.target.name, route?.url];
  };

  test('picks by whole segments and takes the prefix off', () => {
    assert.deepEqual(at('/a'), ['a', '/']);
    assert.deepEqual(at('/a/'), ['a', '/']);
    assert.deepEqual(at('/a/b?c'), ['a', '/b?c']);
    assert.deepEqual(at('/a?c'), ['a', '/?c']);
    assert.deepEqual(at('/ab/c'), ['ab', '/c']);
    assert.deepEqual(at('/abc'), ['root', '/abc']);
    assert.deepEqual(at('/'), ['root', '/']);
  });

  test('picks by host name before the path', () => {
    assert.deepEqual(at('/a/b', 'X.test:80'), ['host', '/a/b']);
    assert.deepEqual(at('/a/b', 'y.test'), ['a', '/b']);
  });

  test('leads a well-known path to who serves it, wherever that is mounted, and no other', () => {
    const known = { ...A, dialect: { wellKnown: ['/.well-known/card.json'] } };
    const pickKnown = createPick([{ ...ROOT, dialect: {} }, known]);
    const route = pickKnown('/.well-known/card.json?x', undefined);
    assert.deepEqual([route?.target.name, route?.url], ['a', '/.well-known/card.json?x']);
    assert.equal(pickKnown('/.well-known/card.jso', undefined)?.target.name, 'root');
    assert.equal(pickKnown('/a/.well-known/card.json', undefined)?.url, '/.well-known/card.json');
  });

  test('reads absolute and odd targets', () => {
    assert.deepEqual(at('http://h/a/b'), ['a', '/b']);
    assert.deepEqual(at('HTTPS://h:1?x'), ['root', '/?x']);
    assert.deepEqual(at('*'), ['root', '/']);
    assert.deepEqual(at(''), ['root', '/']);
  });

  test('finds nothing where nothing is mounted', () => {
    assert.equal(createPick([A])('/b', undefined), undefined);
  });
});
