import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SAMPLE_NOW, sampleJob } from './sample-job.ts';
import { FINAL_STATES, isFinal, SHOWN_STATES, STORED_STATES, shownState } from './state.ts';

test('isFinal is true for the four final states and no other', () => {
  assert.deepEqual(STORED_STATES.filter(isFinal), [...FINAL_STATES]);
});

test('shownState tells scheduled, queued and retrying apart by the job and the time alone', () => {
  const job = sampleJob({ runAt: SAMPLE_NOW + 10 });
  assert.equal(shownState(job, SAMPLE_NOW), 'scheduled');
  assert.equal(shownState(job, SAMPLE_NOW + 10), 'queued');
  assert.equal(shownState({ ...job, attempt: 1 }, SAMPLE_NOW), 'retrying');
  assert.equal(shownState({ ...job, attempt: 1 }, SAMPLE_NOW + 10), 'retrying');
});

test('shownState says every other state as it is stored', () => {
  for (const state of STORED_STATES.filter((stored) => stored !== 'waiting')) {
    assert.equal(shownState(sampleJob({ state, attempt: 1 }), SAMPLE_NOW), state);
  }
});

test('SHOWN_STATES has the stored states with three words in place of waiting', () => {
  const stored = STORED_STATES.filter((state) => state !== 'waiting');
  assert.deepEqual([...SHOWN_STATES], ['scheduled', 'queued', 'retrying', ...stored]);
});
