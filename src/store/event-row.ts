/** Events as both stores keep them: the kinds as bits, and the job as one JSON text of its cells in the order of `JOB_COLUMNS`. */
import type { Job } from '../core/job.ts';
import { STORED_STATES } from '../core/state.ts';
import type { EventKind } from './contract-events.ts';
import { type Cell, JOB_WIDTH, jobReader, type TextCodec } from './job-row.ts';

/** A kind's place is its bit. */
export const EVENT_KINDS: readonly EventKind[] = [...STORED_STATES, 'changed'];

export function kindsMask(kinds: readonly EventKind[]): number {
  let mask = 0;
  for (const kind of kinds) mask |= kindBit(kind);
  return mask;
}

export function kindBit(kind: EventKind): number {
  return 1 << EVENT_KINDS.indexOf(kind);
}

/** @param row of a job; what is behind its cells is left out */
export function eventText(row: readonly Cell[]): string {
  return JSON.stringify(row.length === JOB_WIDTH ? row : row.slice(0, JOB_WIDTH));
}

export function eventJobReader(codec: TextCodec): (text: string) => Job {
  const jobAt = jobReader(codec);
  return (text) => jobAt(JSON.parse(text) as readonly Cell[]);
}
