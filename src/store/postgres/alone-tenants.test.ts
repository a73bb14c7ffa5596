import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { aloneTenants } from './alone-tenants.ts';

const some = (...tenants: string[]) => new Set(tenants);

describe('alone tenants', () => {
  it('guesses nobody, then who was served alone, and goes round where several were', () => {
    const alone = aloneTenants();
    assert.equal(alone.of('task'), '');
    alone.failed('task');
    assert.equal(alone.of('task'), null);
    alone.served('task', some('a'));
    assert.equal(alone.of('task'), 'a');
    alone.served('task', some('a'));
    alone.served('task', some('a', 'b'));
    assert.equal(alone.of('task'), null);
    assert.equal(alone.of('other'), '');
  });

  it('keeps its guess where a claim brought nothing', () => {
    const alone = aloneTenants();
    alone.served('task', some('a'));
    alone.served('task', some());
    assert.equal(alone.of('task'), 'a');
  });

  it('guesses ever more seldom while tenants come in turns, and as before once a guess is right', () => {
    const alone = aloneTenants();
    let failures = 0;
    for (let claim = 0; claim < 1_000; claim += 1) {
      const tenant = claim % 2 === 0 ? 'a' : 'b';
      const guess = alone.of('task');
      if (guess !== null && guess !== tenant) {
        alone.failed('task');
        failures += 1;
      }
      alone.served('task', some(tenant));
    }
    assert.ok(failures < 10, `${failures} wrong guesses`);
    for (let claim = 0; claim < 200; claim += 1) alone.served('task', some('last'));
    assert.equal(alone.of('task'), 'last');
    alone.failed('task');
    for (let claim = 0; claim < 2; claim += 1) alone.served('task', some('next'));
    assert.equal(alone.of('task'), 'next');
  });
});
