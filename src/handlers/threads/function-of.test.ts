import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { functionOf } from './function-of.ts';

const plain = () => 'plain';
const config = {
  types: { plain, own: { mark: 'this', run: method }, command: { kind: 'command' }, wrong: { run: 5 } },
};
function method(this: { mark: string }) {
  return this.mark;
}

describe('functionOf', () => {
  it('finds a plain function', () => assert.equal(functionOf(config, 'plain'), plain));

  it('finds `run` and calls it as a method', () => {
    assert.equal(functionOf(config, 'own')?.(null as never, {} as never), 'this');
  });

  for (const type of ['command', 'wrong', 'missing', 'constructor', '__proto__']) {
    it(`finds nothing for ${type}`, () => assert.equal(functionOf(config, type), null));
  }

  for (const [name, other] of [
    ['undefined', undefined],
    ['null', null],
    ['a number', 4],
    ['no types', {}],
    ['types that are null', { types: null }],
  ] as const) {
    it(`finds nothing in ${name}`, () => assert.equal(functionOf(other, 'plain'), null));
  }
});
