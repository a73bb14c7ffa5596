/**
 * Metrics for Prometheus: what the engine tells through its telemetry, what it holds at the moment of a scrape, and what the server answers.
 *
 * No label carries a tenant or an id: their number has no bound, and
 * whoever may scrape is not thereby told who uses the service.
 */
import type { FastifyInstance, onRequestHookHandler } from 'fastify';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { RunningEngine, TelemetryEvent } from '../engine/index.ts';
import { type Answered, countAnswered } from './answered.ts';
import type { Holds } from './hold.ts';
import { METRICS, type MetricDefinition, type MetricName } from './metric-table.ts';
import { createOpenRegistry, OPEN_METRICS, openMetricsText, wantsOpenMetrics } from './open-metrics.ts';

export interface MetricsOptions {
  readonly engine: Pick<RunningEngine, 'clock' | 'count' | 'oldestDue' | 'stats' | 'telemetry'>;
  readonly holds: Pick<Holds, 'count' | 'abandonedCount' | 'refusedCount'>;
}

export interface Metrics {
  /** In the text format of Prometheus, or as OpenMetrics where the caller prefers that. */
  text(accept?: string): Promise<{ readonly contentType: string; readonly text: string }>;
  /** What this process has answered so far. */
  answered(): readonly Answered[];
  /** Stops listening. */
  close(): void;
}

/** Counting every job costs a scan of an index: a scrape every few seconds must not pay it each time. */
const COUNT_LIFE_MS = 10_000;

export function createMetrics(options: MetricsOptions): Metrics {
  const { telemetry } = options.engine;
  const registry = new Registry();
  const series = createSeries(registry);
  collectDefaultMetrics({ register: registry });
  const stopTelemetry = telemetry.subscribe((event) => record(series, event));
  const answers = countAnswered(options.engine.clock);
  const refreshJobs = createJobsGauges(series, options.engine);

  return {
    async text(accept) {
      await refreshJobs();
      setHeld(series, options);
      series.replace('bide_http_responses_total');
      for (const { dialect, status, count } of answers.list())
        series.add('bide_http_responses_total', { dialect, status }, count);
      if (wantsOpenMetrics(accept)) return { contentType: OPEN_METRICS, text: await openMetricsText(registry) };
      return { contentType: registry.contentType, text: await registry.metrics() };
    },
    answered: answers.list,
    close() {
      stopTelemetry();
      answers.close();
    },
  };
}

const TEXT = { description: 'The metrics.', content: { 'text/plain': { schema: { type: 'string' } } } };

export function declareMetricsRoute(app: FastifyInstance, metrics: Metrics, onRequest: onRequestHookHandler): void {
  app.get(
    '/metrics',
    {
      onRequest,
      schema: { tags: ['service'], summary: 'Metrics in the text format of Prometheus', response: { 200: TEXT } },
    },
    async (request, reply) => {
      const { contentType, text } = await metrics.text(request.headers.accept);
      return reply.type(contentType).header('cache-control', 'no-store').header('vary', 'accept').send(text);
    },
  );
}

// --- Series ---------------------------------------------------------------------------------------------------------------

type Labels = Readonly<Record<string, string | number>>;

interface Series {
  add(name: MetricName, labels: Labels, value?: number): void;
  set(name: MetricName, labels: Labels, value: number): void;
  /** @param traceId of what took so long, where that is traced */
  observe(name: MetricName, labels: Labels, value: number, traceId?: string | null): void;
  /** Forgets what was recorded: the next values are the whole truth. */
  replace(name: MetricName): void;
}

function createSeries(registry: Registry): Series {
  const counters = new Map<MetricName, Counter>();
  const gauges = new Map<MetricName, Gauge>();
  const histograms = new Map<MetricName, Histogram>();
  for (const [key, definition] of Object.entries(METRICS) as [MetricName, MetricDefinition][]) {
    const config = { name: key, help: definition.help, labelNames: definition.labels, registers: [registry] };
    if (definition.kind === 'counter') counters.set(key, new Counter(config));
    else if (definition.kind === 'gauge') gauges.set(key, new Gauge(config));
    else histograms.set(key, histogramOf(registry, config, definition));
  }
  return {
    add: (name, labels, value = 1) => counters.get(name)?.inc(labels, value),
    set: (name, labels, value) => gauges.get(name)?.set(labels, value),
    observe: (name, labels, value, traceId = null) =>
      histograms.get(name)?.observe({ labels, value, exemplarLabels: traceId === null ? {} : { trace_id: traceId } }),
    replace: (name) => (counters.get(name) ?? gauges.get(name))?.reset(),
  };
}

/** Made for a registry of OpenMetrics, since prom-client keeps examples for those alone; in the other one all the same. */
function histogramOf(
  registry: Registry,
  config: { readonly name: string; readonly help: string; readonly labelNames: readonly string[] },
  { buckets = [] }: MetricDefinition,
): Histogram {
  const registers = [createOpenRegistry() as unknown as Registry];
  const histogram = new Histogram({ ...config, registers, buckets: [...buckets], enableExemplars: true });
  registry.registerMetric(histogram);
  return histogram;
}

function record(series: Series, event: TelemetryEvent): void {
  switch (event.kind) {
    case 'jobSubmitted':
      series.add('bide_jobs_submitted_total', { type: event.type });
      break;
    case 'jobClaimed':
      series.add('bide_jobs_claimed_total', { type: event.type });
      series.observe('bide_job_wait_seconds', { type: event.type }, event.waitedMs / 1_000, event.traceId);
      break;
    case 'jobFinished':
      series.add('bide_jobs_finished_total', { type: event.type, state: event.state });
      if (event.runMs !== null)
        series.observe('bide_job_run_seconds', { type: event.type }, event.runMs / 1_000, event.traceId);
      break;
    case 'batchSent':
      series.observe('bide_batch_items', { batch: event.batch }, event.items);
      series.observe('bide_batch_seconds', { batch: event.batch }, event.ms / 1_000);
      if (event.error !== null) series.add('bide_store_errors_total', { batch: event.batch });
      break;
    case 'swept':
      if (event.lost > 0) series.add('bide_leases_ended_total', {}, event.lost);
      break;
    case 'tickSkipped':
      series.add('bide_ticks_skipped_total', { reason: event.reason });
      break;
    case 'webhookDisabled':
      series.add('bide_webhooks_disabled_total', {});
      break;
    case 'loopFailed':
      series.add('bide_loop_failures_total', { loop: event.loop }, 1 + event.suppressed);
      break;
    case 'internalError':
      series.add('bide_internal_errors_total', {});
      break;
    case 'delivered':
      series.add('bide_deliveries_total', { outcome: 'delivered' });
      break;
    case 'deliveryFailed':
      series.add('bide_deliveries_total', { outcome: event.isGivenUp ? 'givenUp' : 'failed' });
      break;
    default: {
      const name = COUNTED[event.kind];
      if (name !== undefined && 'type' in event) series.add(name, { type: event.type });
    }
  }
}

/** Events that are counted by type and say nothing more. */
const COUNTED: Partial<Readonly<Record<TelemetryEvent['kind'], MetricName>>> = {
  jobRetried: 'bide_jobs_retried_total',
  jobReleased: 'bide_jobs_released_total',
  attemptLost: 'bide_attempts_lost_total',
  attemptAbandoned: 'bide_attempts_abandoned_total',
  outcomeDropped: 'bide_outcomes_dropped_total',
};

/** Both are of the whole store, and every node says them. */
function createJobsGauges(series: Series, { clock, count, oldestDue }: MetricsOptions['engine']): () => Promise<void> {
  let until = 0;
  return async () => {
    const now = clock.now();
    if (now < until) return;
    until = now + COUNT_LIFE_MS;
    const sums = new Map<string, { readonly type: string; readonly state: string; count: number }>();
    for (const { type, state, count: more } of await count({ tenant: null })) {
      const key = `${state} ${type}`;
      const sum = sums.get(key) ?? { type, state, count: 0 };
      sum.count += more;
      sums.set(key, sum);
    }
    const waiting = [...sums.values()].flatMap(({ type, state }) => (state === 'waiting' ? [type] : []));
    const oldest = new Map((await oldestDue(waiting)).map(({ type, runAt }) => [type, runAt]));
    series.replace('bide_jobs');
    for (const { type, state, count: sum } of sums.values()) series.set('bide_jobs', { type, state }, sum);
    series.replace('bide_oldest_due_seconds');
    for (const type of new Set([...sums.values()].map((sum) => sum.type)))
      series.set('bide_oldest_due_seconds', { type }, Math.max(0, now - (oldest.get(type) ?? now)) / 1_000);
  };
}

function setHeld(series: Series, { engine, holds }: MetricsOptions): void {
  const stats = engine.stats();
  for (const [type, slots] of stats.slots) {
    series.set('bide_slots', { type }, slots);
    series.set('bide_slots_used', { type }, stats.running.get(type) ?? 0);
  }
  series.set('bide_waits', {}, stats.waits);
  series.set('bide_workers_waiting', {}, stats.workersWaiting);
  series.set('bide_snapshots', {}, stats.snapshots);
  series.set('bide_snapshot_bytes', {}, stats.snapshotBytes);
  series.set('bide_holds', {}, holds.count);
  series.replace('bide_holds_abandoned_total');
  series.add('bide_holds_abandoned_total', {}, holds.abandonedCount);
  series.replace('bide_holds_refused_total');
  series.add('bide_holds_refused_total', {}, holds.refusedCount);
}
