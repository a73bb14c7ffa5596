import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { jsonProblem } from './json-problem.ts';

const lenient = (value: unknown) => jsonProblem(value, { isStrict: false });
const strict = (value: unknown) => jsonProblem(value, { isStrict: true });

class Point {
  x = 1;
}

const cycle: { self?: unknown } = {};
cycle.self = [cycle];
const shared = { a: 1 };
let deep: unknown = 0;
for (let depth = 0; depth < 600; depth += 1) deep = [deep];

describe('jsonProblem', () => {
  it('finds nothing in whatever JSON can carry', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        assert.equal(lenient(value), null);
        assert.equal(strict(value), null);
      }),
    );
  });

  for (const [name, value, path, what] of [
    ['a function', () => 1, '', 'a function'],
    ['a symbol', { a: [Symbol('x')] }, '/a/0', 'a symbol'],
    ['a bigint', [[1n]], '/0/0', 'a bigint'],
    ['a cycle', cycle, '/self/0', 'a cycle'],
    ['a Map', { 'a/b': { '~': new Map() } }, '/a~1b/~0', 'a Map'],
    ['a Set', [new Set([1])], '/0', 'a Set'],
    ['bytes inside', { data: Buffer.from('x') }, '/data', 'a Buffer'],
    ['an ArrayBuffer', new ArrayBuffer(2), '', 'an ArrayBuffer'],
    ['a promise that nobody awaited', { later: Promise.resolve(1) }, '/later', 'a Promise'],
    ['an error', { error: new TypeError('x') }, '/error', 'a TypeError'],
    ['a generator', (function* () {})(), '', 'a Generator'],
    ['an async generator', [(async function* () {})()], '/0', 'an AsyncGenerator'],
    ['a Response', { answer: new Response('x') }, '/answer', 'a Response'],
    ['a Blob', new Blob(['x']), '', 'a Blob'],
    ['an instance of a class', [new Point()], '/0', 'a Point'],
    ['an iterator', new Map().values(), '', 'an Iterator'],
    ['what toJSON gives', { toJSON: () => ({ inner: new Map() }) }, '/inner', 'a Map'],
    ['a bigint that toJSON gives', { toJSON: () => 1n }, '', 'a bigint'],
    ['a RegExp', /x/, '', 'a RegExp'],
    ['depth', deep, '', 'a value nested deeper than 500'],
  ] as const) {
    it(`finds ${name}`, () => assert.deepEqual(lenient(value), { path, what }));
  }

  it('finds nothing in what JSON has a form for: undefined, NaN, dates, URLs, shared objects', () => {
    const value = {
      u: undefined,
      n: Number.NaN,
      d: new Date(0),
      w: new URL('http://a.example'),
      f: { toJSON: () => [1, { a: null }] },
      realm: runInNewContext('({ a: [1] })'),
      s: [shared, shared],
      bare: Object.create(null),
    };
    assert.equal(lenient(value), null);
    assert.equal(lenient(undefined), null);
  });

  it('finds a Date where the value must stay what it is', () => {
    assert.deepEqual(strict({ when: new Date(0) }), { path: '/when', what: 'a Date' });
  });
});
