import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PLACES, sharedTable } from './messages.ts';

describe('sharedTable', () => {
  it('gives a posted run to the first side that asks', () => {
    const main = sharedTable();
    const thread = sharedTable(main.shared);
    main.post(3);
    assert.equal(thread.start(3), true);
    assert.equal(main.withdraw(3), false);
    main.post(4);
    assert.equal(main.withdraw(4), true);
    assert.equal(thread.start(4), false);
  });

  it('keeps places apart, the first and the last included', () => {
    const main = sharedTable();
    const last = PLACES - 1;
    main.post(0);
    main.abort(last, 'lost');
    assert.equal(main.start(last), false);
    assert.equal(main.start(0), true);
    assert.equal(main.abortReason(0), null);
    assert.equal(main.abortReason(last), 'lost');
  });

  it('forgets the abort of the run that had the place before', () => {
    const main = sharedTable();
    main.post(1);
    main.abort(1, 'cancel');
    main.post(1);
    assert.equal(main.abortReason(1), null);
  });

  it('remembers the first culprit', () => {
    const table = sharedTable();
    assert.equal(table.blamed(), null);
    table.blame(0);
    table.blame('nobody');
    assert.equal(table.blamed(), 0);
    const other = sharedTable();
    other.blame('nobody');
    other.blame(5);
    assert.equal(other.blamed(), 'nobody');
  });
});
