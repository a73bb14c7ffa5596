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
of the event loop among them). Counters and histograms are of this process since its start; \`bide_jobs\` is of the whole store, counted
anew every ten seconds at most. The call needs an API key with the scope \`metrics\`, which Prometheus sends with \`authorization: { credentials_file: … }\`.`;
