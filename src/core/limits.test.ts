import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_LIMITS, LIMIT_DEFINITIONS, type LimitDefinition, limitsWith } from './limits.ts';

const DEFINITIONS = Object.entries<LimitDefinition>(LIMIT_DEFINITIONS);

test('every limit has a default within its range and a meaning that is a sentence', () => {
  for (const [name, { value, min, max, meaning }] of DEFINITIONS) {
    assert.ok([value, min, max].every(Number.isSafeInteger), name);
    assert.ok(min <= value && value <= max, `${name}: ${min} <= ${value} <= ${max}`);
    assert.match(meaning, /^[A-Z].*\.$/s, name);
  }
});

test('limits that name a unit end in it or carry it before Max', () => {
  for (const [name] of DEFINITIONS) assert.doesNotMatch(name, /^(max|min)[A-Z]|(Seconds|Millis|Sec)$/, name);
});

test('defaults that are bounded by another limit stay below it', () => {
  const { leaseMs, leaseMsMax, timeoutMs, timeoutMsMax, retainMs, retainMsMax } = DEFAULT_LIMITS;
  assert.ok(leaseMs <= leaseMsMax && timeoutMs <= timeoutMsMax && retainMs <= retainMsMax);
  assert.ok(DEFAULT_LIMITS.resultInlineBytesMax <= DEFAULT_LIMITS.resultBytesMax);
});

test('limitsWith writes overrides over the defaults and freezes the result', () => {
  const outcome = limitsWith({ tagsMax: 3 });
  assert.equal(outcome.kind, 'limits');
  if (outcome.kind !== 'limits') return;
  assert.deepEqual(outcome.limits, { ...DEFAULT_LIMITS, tagsMax: 3 });
  assert.ok(Object.isFrozen(outcome.limits));
});

test('limitsWith takes both ends of every range and nothing beyond', () => {
  for (const [name, { min, max }] of DEFINITIONS) {
    for (const value of [min, max]) assert.equal(limitsWith({ [name]: value }).kind, 'limits', name);
    for (const value of [min - 1, max + 1]) assert.equal(limitsWith({ [name]: value }).kind, 'invalid', name);
  }
});

test('limitsWith says the name, the range and the value of what it refuses', () => {
  const told = (overrides: Record<string, number>) => {
    const outcome = limitsWith(overrides);
    return outcome.kind === 'invalid' ? outcome.message : null;
  };
  assert.equal(told({ tagsMax: 101 }), 'Limit tagsMax must be a whole number from 0 to 100, not 101.');
  assert.equal(told({ tagsMax: 1.5 }), 'Limit tagsMax must be a whole number from 0 to 100, not 1.5.');
  assert.equal(told({ tagMax: 1 }), 'There is no limit named tagMax.');
  assert.equal(told({ constructor: 1 }), 'There is no limit named constructor.');
});
