/** What the engine offers for schedules: a job to be submitted again and again, by the name of the schedule. */
import type { Schedule, ScheduleSpec } from '../../core/schedules/schedule.ts';

export interface NamedSchedule extends Schedule {
  readonly tenant: string;
  readonly name: string;
  /** Grows with every change and every tick. */
  readonly revision: number;
  readonly createdAt: number;
  /** The next five ticks; none while it is paused. */
  readonly next: readonly number[];
}

export interface PutOutcome {
  readonly kind: 'created' | 'changed' | 'unchanged';
  readonly schedule: NamedSchedule;
}

export interface PutRequest {
  readonly tenant: string;
  readonly name: string;
  readonly spec: ScheduleSpec;
  readonly source: Schedule['source'];
}

export interface SchedulesPage {
  readonly schedules: readonly NamedSchedule[];
  readonly hasMore: boolean;
}

export interface SchedulesRequest {
  readonly tenant: string;
  /** The last one seen. */
  readonly after?: Pick<NamedSchedule, 'createdAt' | 'name'>;
  readonly limit: number;
}

export interface ConfiguredSchedule {
  readonly tenant: string;
  readonly name: string;
  readonly spec: ScheduleSpec;
}

export interface RunRequest {
  readonly tenant: string;
  readonly name: string;
  /** The same key again answers with the job of the first time. */
  readonly idempotencyKey?: string | undefined;
}

export interface RunOutcome {
  readonly id: string;
  /** `replayed`: by the idempotency key; `held`: another job holds the unique key of the schedule's. */
  readonly kind: 'created' | 'replayed' | 'held';
}

/** All throw SCHEDULE_NOT_FOUND for one that the tenant does not have, SCHEDULE_FROM_CONFIG where the config decides, and what else is wrong by its code. */
export interface Schedules {
  /** Makes it, or changes it from now on; the same again changes nothing. Where its job would be refused, so is it. */
  put(tenant: string, name: string, spec: ScheduleSpec): Promise<PutOutcome>;
  read(tenant: string, name: string): Promise<NamedSchedule>;
  /** Newest first. */
  list(request: SchedulesRequest): Promise<SchedulesPage>;
  /** Jobs that it has submitted stay. */
  remove(tenant: string, name: string): Promise<void>;
  /** Ticks until it is resumed are passed over. */
  pause(tenant: string, name: string): Promise<NamedSchedule>;
  resume(tenant: string, name: string): Promise<NamedSchedule>;
  /** Submits its job once, now, whatever its ticks; also while it is paused. */
  run(request: RunRequest): Promise<RunOutcome>;
  /** Makes those of the config what it says, and removes those that it no longer has. */
  reconcile(configured: readonly ConfiguredSchedule[]): Promise<void>;
}
