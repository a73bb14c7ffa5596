/** `docs/reference/metrics.md`: every metric of `/metrics` with its labels, and where the rest of the page comes from. */
import { METRICS, type MetricDefinition } from '../../src/http/metric-table.ts';
import { code, page, table } from './markdown.ts';

export function metricsPage(): string {
  const rows = Object.entries<MetricDefinition>(METRICS).map(([name, { kind, labels, help }]) => [
    code(name),
    kind,
    labels.map(code).join(', '),
    help,
  ]);
  return page('Metrics', '`src/http/metric-table.ts`', [
    INTRODUCTION,
    table(['metric', 'kind', 'labels', 'meaning'], rows),
  ]);
}

const INTRODUCTION = `What \`GET /metrics\` says in the text format of Prometheus, beside the usual ones of the Node process (\`process_…\`, \`nodejs_…\`, the lag
of the event loop among them). Counters and histograms are of this process since its start; \`bide_jobs\` and \`bide_oldest_due_seconds\` are of the whole store, looked at
anew every ten seconds at most. The call needs an API key with the scope \`metrics\`, which Prometheus sends with \`authorization: { credentials_file: … }\`.

Whoever prefers OpenMetrics in \`Accept\`, as Prometheus does, gets that, and with it examples (exemplars): the \`trace_id\` of one sampled job in each bucket of
\`bide_job_wait_seconds\` and \`bide_job_run_seconds\`. Prometheus keeps them with \`--enable-feature=exemplar-storage\`; see [tracing.md](../operations/tracing.md).
Types are those of the config, and no label has a tenant or an id, so the number of series is bounded. Each node counts what happens in it: sum over nodes, but take
the largest of \`bide_jobs\` and \`bide_oldest_due_seconds\`, which every node says of the whole store. \`bide work\` answers no HTTP, so what it starts and ends is in
those two alone, and in \`GET /v1/stats\`.

A dashboard for Grafana is in \`deploy/grafana/bide.json\`, alerts for Prometheus are in \`deploy/prometheus/bide.rules.yaml\`; both expect the scrape job to be called \`bide\`.`;
