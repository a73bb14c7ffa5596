/** The table of metrics: names, what they mean, and their labels. The documentation is made from it. */

export interface MetricDefinition {
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
  readonly buckets?: readonly number[];
}

/** From a cached answer to a job of hours. */
const SECONDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60, 300, 1_800, 7_200];
const BATCH_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5];
const BATCH_ITEMS = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000];

export const METRICS = Object.freeze({
  bide_jobs: { kind: 'gauge', help: 'Jobs in the store, by type and stored state.', labels: ['type', 'state'] },
  bide_oldest_due_seconds: {
    kind: 'gauge',
    help: 'For how long the oldest job that is due has waited for its start; 0 where none is.',
    labels: ['type'],
  },
  bide_jobs_submitted_total: { kind: 'counter', help: 'Jobs submitted, replays excepted.', labels: ['type'] },
  bide_jobs_claimed_total: { kind: 'counter', help: 'Attempts begun.', labels: ['type'] },
  bide_jobs_finished_total: { kind: 'counter', help: 'Jobs that became final.', labels: ['type', 'state'] },
  bide_jobs_retried_total: { kind: 'counter', help: 'Failed attempts that will be tried again.', labels: ['type'] },
  bide_jobs_released_total: { kind: 'counter', help: 'Attempts given back without counting.', labels: ['type'] },
  bide_job_wait_seconds: {
    kind: 'histogram',
    help: 'Queue time of an attempt: from being due to being claimed.',
    labels: ['type'],
    buckets: SECONDS,
  },
  bide_job_run_seconds: {
    kind: 'histogram',
    help: 'Run time of the last attempt of a finished job.',
    labels: ['type'],
    buckets: SECONDS,
  },
  bide_attempts_lost_total: { kind: 'counter', help: 'Attempts whose lease was lost.', labels: ['type'] },
  bide_attempts_abandoned_total: {
    kind: 'counter',
    help: 'Handlers that ignored their signal past the grace time.',
    labels: ['type'],
  },
  bide_outcomes_dropped_total: {
    kind: 'counter',
    help: 'Outcomes that could not be stored in time; the jobs run again.',
    labels: ['type'],
  },
  bide_leases_ended_total: {
    kind: 'counter',
    help: 'Attempts that were ended because their worker sent no heartbeat in time.',
    labels: [],
  },
  bide_slots: { kind: 'gauge', help: 'Jobs that may run at once in this process.', labels: ['type'] },
  bide_slots_used: { kind: 'gauge', help: 'Jobs that run in this process.', labels: ['type'] },
  bide_batch_items: {
    kind: 'histogram',
    help: 'Operations in one store batch.',
    labels: ['batch'],
    buckets: BATCH_ITEMS,
  },
  bide_batch_seconds: {
    kind: 'histogram',
    help: 'Time of one store batch.',
    labels: ['batch'],
    buckets: BATCH_SECONDS,
  },
  bide_store_errors_total: { kind: 'counter', help: 'Store batches that failed.', labels: ['batch'] },
  bide_loop_failures_total: { kind: 'counter', help: 'Failures of a background loop.', labels: ['loop'] },
  bide_internal_errors_total: { kind: 'counter', help: 'Bugs that were survived; see the log.', labels: [] },
  bide_deliveries_total: {
    kind: 'counter',
    help: 'Tries to deliver an event to a webhook or a callback.',
    labels: ['outcome'],
  },
  bide_webhooks_disabled_total: {
    kind: 'counter',
    help: 'Webhooks that were disabled because their receivers failed.',
    labels: [],
  },
  bide_ticks_skipped_total: { kind: 'counter', help: 'Ticks of schedules that got no job.', labels: ['reason'] },
  bide_waits: { kind: 'gauge', help: 'Waits of callers.', labels: [] },
  bide_workers_waiting: { kind: 'gauge', help: 'Remote workers that wait for jobs.', labels: [] },
  bide_snapshots: { kind: 'gauge', help: 'Job snapshots in memory.', labels: [] },
  bide_snapshot_bytes: { kind: 'gauge', help: 'Bytes of job snapshots in memory.', labels: [] },
  bide_holds: { kind: 'gauge', help: 'HTTP requests held open.', labels: [] },
  bide_holds_abandoned_total: { kind: 'counter', help: 'Held requests whose client went away.', labels: [] },
  bide_holds_refused_total: { kind: 'counter', help: 'Waits refused because of holdsMax.', labels: [] },
  bide_http_responses_total: {
    kind: 'counter',
    help: 'HTTP answers, by dialect and status.',
    labels: ['dialect', 'status'],
  },
} satisfies Record<string, MetricDefinition>);

export type MetricName = keyof typeof METRICS;
