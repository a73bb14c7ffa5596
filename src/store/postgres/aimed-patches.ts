/** Where a guarded patch looks for its job, where it wants the job to be, and which statement does that with the fewest rooms. */
import type { Job, JobPatch } from '../../core/job.ts';
import type { StoredState } from '../../core/state.ts';
import type { Expectation, GuardedPatch, ResultContent } from '../contract.ts';
import { FOREIGN, roomOf } from '../job-rooms.ts';
import { patchCell, patchMask, type Room } from '../job-row.ts';
import { STORED } from './rows.ts';
import { type ApplyStatement, isEnd } from './statements/apply-statements.ts';

export interface AimedPatch {
  readonly id: string;
  readonly item: GuardedPatch;
  /** Those of the expected states in which a job can be as the patch makes it. */
  readonly states: readonly StoredState[];
  /** Where it shall be; null where it is. */
  readonly target: Room | null;
  readonly result: ResultContent | null;
}

export function aimed(item: GuardedPatch): AimedPatch {
  const { id, patch, expect } = item;
  const target = patch.state === undefined ? null : roomOf(patch.state);
  const states = expect.states.filter((state) => canBe(patch, roomOf(state), target));
  // Bytes without what they are could not be handed out.
  const result = patch.result === undefined || patch.result === null ? null : (item.result ?? null);
  return { id, item, states, target, result };
}

/** Whether no job can be as this patch makes it, wherever it is found. */
export function isImpossible({ item, states }: AimedPatch): boolean {
  return states.length === 0 && item.expect.states.length > 0;
}

export function isExpected(job: Job, { states, fence, revision }: Expectation): boolean {
  if (!states.includes(job.state)) return false;
  return (fence === undefined || fence === job.fence) && (revision === undefined || revision === job.revision);
}

/** A patch that moves a job says itself that the lease or the end is over: what is left out of a patch stays as it is. */
function canBe(patch: JobPatch, room: Room, target: Room | null): boolean {
  if (target === null || target === room) return fitsRoom(patch, room);
  const leaves = { waiting: null, running: patch.leaseUntil, finished: patch.finishedAt };
  return leaves[room] === null && fitsRoom(patch, target);
}

/** Whether a room has every column that the patch gives a value. */
export function fitsRoom(patch: JobPatch, room: Room): boolean {
  return FOREIGN[room].every((column) => patchCell(column, patch, STORED) === null);
}

/** The statement that looks into the fewest rooms. */
export function statementFor(patches: readonly AimedPatch[], hasResults: boolean): ApplyStatement {
  const isOfRunning = patches.every(({ states }) => states.length === 1 && states[0] === 'running');
  if (isOfRunning && patches.every(({ target, item }) => target === 'finished' && isEnd(patchMask(item.patch)))) {
    return hasResults ? 'jobFinishWithResults' : 'jobFinish';
  }
  if (isOfRunning && patches.every(({ target }) => target === null || target === 'running')) return 'jobReport';
  return hasResults ? 'jobApplyWithResults' : 'jobApply';
}
