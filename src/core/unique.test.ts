import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isFinal, STORED_STATES } from './state.ts';
import { holderBefore, type Unique, type UniqueHolder, type UniqueMode, uniqueStep } from './unique.ts';

const NOW = 1_000;
const MODES: readonly UniqueMode[] = ['reject', 'existing', 'replace', 'debounce', 'rerun'];

function stepOf(unique: Partial<Unique>, holder: Partial<UniqueHolder> | null, after: readonly string[] = []) {
  const known = holder && { id: 'h', state: 'waiting' as const, createdAt: 0, isParked: false, forMs: null, ...holder };
  return uniqueStep({ unique: { key: 'k', mode: 'reject', ...unique }, createdAt: NOW, runAt: NOW + 5, after }, known);
}

/** Per mode what becomes of a submit: the holder waits, is parked, runs, or is final. */
const TABLE: Readonly<Record<UniqueMode, readonly string[]>> = {
  reject: ['held', 'held', 'held', 'take'],
  existing: ['held', 'held', 'held', 'take'],
  replace: ['replace', 'take', 'take', 'take'],
  debounce: ['replace', 'take', 'take', 'take'],
  rerun: ['held', 'held', 'held', 'take'],
};

describe('uniqueStep', () => {
  it('takes a key that nobody has, and else goes by the mode and the state of its holder', () => {
    for (const mode of MODES) {
      assert.equal(stepOf({ mode }, null).kind, 'take');
      for (const state of STORED_STATES) {
        const [waiting, parked, running, final] = TABLE[mode];
        const wanted = state === 'waiting' ? waiting : state === 'running' ? running : final;
        assert.equal(stepOf({ mode }, { state }).kind, wanted, `${mode} ${state}`);
        if (state === 'waiting') assert.equal(stepOf({ mode }, { state, isParked: true }).kind, parked, mode);
      }
    }
  });

  it('holds for forMs of the holder where the holder is final, to the millisecond', () => {
    for (const mode of ['reject', 'existing'] as const) {
      assert.equal(stepOf({ mode }, { state: 'failed', forMs: NOW + 1 }).kind, 'held');
      assert.equal(stepOf({ mode }, { state: 'failed', forMs: NOW }).kind, 'take');
    }
  });

  it('moves a debounced job to its quiet time, never beyond the maximum and never into the past', () => {
    const runAtOf = (maxMs?: number) => {
      const step = stepOf({ mode: 'debounce', forMs: 100, ...(maxMs === undefined ? {} : { maxMs }) }, {});
      return step.kind === 'replace' ? step.runAt : null;
    };
    assert.deepEqual([runAtOf(), runAtOf(1_050), runAtOf(500)], [1_100, 1_050, NOW]);
  });

  it('lets a job over that comes after the holder', () => {
    assert.equal(stepOf({ mode: 'rerun' }, { state: 'running' }, ['h']).kind, 'take');
    assert.equal(stepOf({ mode: 'rerun' }, { state: 'running' }, ['other']).kind, 'held');
  });

  it('looks behind a follow-up that is final, and behind no other job', () => {
    for (const mode of MODES)
      for (const state of STORED_STATES) {
        const isLeft = mode === 'rerun' && isFinal(state);
        assert.equal(holderBefore({ state, mode, after: ['first'] }), isLeft ? 'first' : null, `${mode} ${state}`);
        assert.equal(holderBefore({ state, mode, after: [] }), null);
      }
  });
});
