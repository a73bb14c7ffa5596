import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { sampleJob } from '../sample-job.ts';
import { FINAL_STATES, type FinalState } from '../state.ts';
import {
  type FollowUp,
  type Group,
  groupEnd,
  groupOf,
  groupPercent,
  groupState,
  isComplete,
  outcomeOf,
  unfinished,
} from './group.ts';

const followUp: FollowUp = { spec: sampleJob({ type: 'after' }), delayMs: 5, input: { to: 'ops' } };
const ALL = { always: followUp, onSuccess: followUp, onFailure: followUp };

function group(over: Partial<Group> = {}): Group {
  const asked = { type: 'after', jobId: null };
  const followUps = { always: asked, onSuccess: asked, onFailure: asked };
  const own = { id: 'g', tenant: 't', createdAt: 1, retainMs: 10, idempotencyKey: null, requestHash: null };
  return { ...groupOf({ ...own, followUps }), ...over };
}

let ids = 0;
function newId(): string {
  ids += 1;
  return `id-${ids}`;
}

const slotsMade = ({ followUps }: Group) =>
  Object.entries(followUps).flatMap(([slot, { jobId }]) => (jobId === null ? [] : [slot]));

describe('a group', () => {
  it('without members ends well as soon as it is closed', () => {
    assert.equal(isComplete(group()), false);
    const closed = group({ isOpen: false });
    assert.equal(isComplete(closed), true);
    assert.deepEqual(slotsMade(groupEnd(closed, ALL, 7, newId).group), ['always', 'onSuccess']);
  });

  it('ends with its own time, and with what becomes of it in the inputs of the jobs that follow', () => {
    const counts = { succeeded: 1, failed: 1, cancelled: 0, expired: 0 };
    const { group: ended, jobs } = groupEnd(group({ isOpen: false, total: 2, counts, revision: 4 }), ALL, 100, newId);
    const { finishedAt, removeAt, outcome, revision } = ended;
    assert.deepEqual(
      { finishedAt, removeAt, outcome, revision },
      { finishedAt: 100, removeAt: 110, outcome: 'failed', revision: 5 },
    );
    assert.deepEqual(slotsMade(ended), ['always', 'onFailure']);
    assert.deepEqual(
      jobs.map(({ spec: { type, createdAt, runAt }, input }) => ({ type, createdAt, runAt, input: JSON.parse(input) })),
      Array.from({ length: 2 }, () => ({
        type: 'after',
        createdAt: 100,
        runAt: 105,
        input: { to: 'ops', group: { id: 'g', outcome: 'failed', total: 2, counts } },
      })),
    );
    assert.equal(isComplete(ended), false);
    assert.equal(groupState(ended), 'finished');
  });

  it('ends once, whatever its members do, and only when all of them are final', () => {
    const move = fc.oneof(
      fc.record({ kind: fc.constant('add' as const), state: fc.constantFrom(null, ...FINAL_STATES) }),
      fc.record({ kind: fc.constant('move' as const), at: fc.nat(20), state: fc.constantFrom(null, ...FINAL_STATES) }),
      fc.record({ kind: fc.constant('close' as const) }),
    );
    fc.assert(
      fc.property(fc.array(move, { maxLength: 60 }), (moves) => {
        let now = group();
        const members: (FinalState | null)[] = [];
        let ends = 0;
        for (const one of moves) {
          if (one.kind === 'close') now = { ...now, isOpen: false };
          else if (one.kind === 'add' && now.isOpen) members.push(one.state);
          else if (one.kind === 'move' && one.at < members.length) members[one.at] = one.state;
          now = { ...now, total: members.length, counts: countsOf(members) };
          const left = members.filter((state) => state === null).length;
          assert.equal(unfinished(now), left);
          assert.equal(groupPercent(now) === 100, left === 0);
          if (!isComplete(now)) continue;
          ends += 1;
          assert.ok(left === 0 && !now.isOpen);
          assert.equal(
            outcomeOf(now) === 'succeeded',
            members.every((state) => state === 'succeeded'),
          );
          const { group: ended, jobs } = groupEnd(now, ALL, 9, newId);
          assert.equal(jobs.length, 2);
          now = ended;
        }
        assert.ok(ends <= 1);
      }),
    );
  });
});

function countsOf(members: readonly (FinalState | null)[]): Group['counts'] {
  const of = (state: FinalState) => members.filter((one) => one === state).length;
  return { succeeded: of('succeeded'), failed: of('failed'), cancelled: of('cancelled'), expired: of('expired') };
}
