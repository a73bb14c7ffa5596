/** The vendor's wire: its seven states (those of pg-boss 3 to 9), its bodies, and what its requests may say. */
import { type Static, Type } from 'typebox';
import type { Json } from '../../core/job.ts';

export const STATES = ['created', 'retry', 'active', 'completed', 'expired', 'cancelled', 'failed'] as const;
export type State = (typeof STATES)[number];

/** `output` is an object or null, never a bare value: that is how pg-boss stores it. */
export interface JobStatus {
  readonly id: string;
  readonly state: State;
  readonly output: { readonly [key: string]: Json } | null;
}

/** Keyed by id, in the order of the request; ids that are not known are left out. */
export type StatusMap = Readonly<Record<string, JobStatus>>;

export interface FoundJob extends JobStatus {
  readonly jobType: string;
  readonly createdOn: string;
  readonly completedOn: string | null;
}

/** Seconds. Any wait below 0 is without end. */
export const StatusesRequest = Type.Object({
  jobIds: Type.Union([Type.Array(Type.String()), Type.String()]),
  wait: Type.Optional(Type.Integer()),
  pollInterval: Type.Optional(Type.Integer({ minimum: 1 })),
});
export type StatusesRequest = Static<typeof StatusesRequest>;

/** hapi's boom, which every error is. */
export interface Boom {
  readonly statusCode: number;
  readonly error: string;
  readonly message: string;
}
