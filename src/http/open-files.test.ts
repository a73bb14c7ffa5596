import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { connectionsWithin, openFilesMax } from './open-files.ts';

describe('connectionsWithin', () => {
  it('keeps descriptors for everything that is no connection', () => {
    assert.equal(connectionsWithin(50_000, 1_024), 768);
    assert.equal(connectionsWithin(50_000, 64), 32);
    assert.equal(connectionsWithin(50_000, 1), 1);
  });

  it('is what was configured where that is less, or nothing is known', () => {
    assert.equal(connectionsWithin(100, 1_024), 100);
    assert.equal(connectionsWithin(50_000, 1_048_576), 50_000);
    assert.equal(connectionsWithin(50_000, null), 50_000);
  });

  it('is told by the system', () => {
    assert.ok((openFilesMax() ?? Number.POSITIVE_INFINITY) >= 32);
  });
});
