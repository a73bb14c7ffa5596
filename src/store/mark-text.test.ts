import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Marks } from '../core/marks.ts';
import { awaitedText, freedText, groupStarts, isAwaited, isHeld, marksText } from './mark-text.ts';

const ID = '01890000-0000-7000-8000-000000000000';
/** What callers choose: words of marks, wherever they stand. */
const signals: Marks['signals'] = { a: { value: { isAwaited: true, awaitsParents: true, group: ID }, at: 1 } };

const isOfGroup = (text: string) => groupStarts(ID).some((start) => text.startsWith(start));

test('a mark is found at the beginning of its text, and what a signal brought is none', () => {
  const told = marksText({ signals });
  assert.deepEqual([isAwaited(told), isHeld(told), isOfGroup(told)], [false, false, false]);
  assert.deepEqual([isAwaited(awaitedText(told)), isOfGroup(awaitedText(told))], [true, false]);
  for (const awaitsParents of [undefined, true, false]) {
    const text = marksText({
      signals,
      group: ID,
      isAwaited: true,
      ...(awaitsParents === undefined ? {} : { awaitsParents }),
    });
    assert.deepEqual([isAwaited(text), isHeld(text), isOfGroup(text)], [true, awaitsParents === true, true]);
    assert.equal(isOfGroup(freedText(text)), true);
    const other = marksText({ signals, group: `${ID.slice(0, -1)}1`, isAwaited: true });
    assert.equal(isOfGroup(other), false);
  }
});
