/**
 * The same metrics as OpenMetrics, which has examples: the trace of one job that fell into a bucket.
 *
 * prom-client takes `_total` off the names of the counters that it writes this way, for good; so it is given stand-ins here, and the text format is what it was.
 */
import { type Metric, type OpenMetricsContentType, Registry } from 'prom-client';

/** What a registry asks of its metrics; its types do not say so. */
interface Written {
  readonly name: string;
  readonly type: string;
  get(): Promise<object>;
  getForPromString?(): Promise<object>;
}

export const OPEN_METRICS = Registry.OPENMETRICS_CONTENT_TYPE;

export function createOpenRegistry(): Registry<OpenMetricsContentType> {
  const registry = new Registry<OpenMetricsContentType>();
  registry.setContentType(OPEN_METRICS);
  return registry;
}

export async function openMetricsText(registry: Registry): Promise<string> {
  const open = createOpenRegistry();
  for (const metric of registry.getMetricsAsArray() as unknown as readonly Written[])
    open.registerMetric(standIn(metric) as unknown as Metric);
  return open.metrics();
}

function standIn(metric: Written): Written {
  const name = metric.type === 'counter' ? metric.name.replace(/_total$/, '') : metric.name;
  const get = async () => ({ ...(await (metric.getForPromString?.() ?? metric.get())), name });
  return { name, type: metric.type, get, getForPromString: get };
}

/** Whether the caller of this `Accept` prefers it to the text format, as Prometheus does. */
export function wantsOpenMetrics(accept = ''): boolean {
  const weightOf = (wanted: string) =>
    accept.split(',').reduce((most, part) => {
      const [type, ...parameters] = part.split(';').map((text) => text.trim().toLowerCase());
      const weight = parameters.find((text) => text.startsWith('q='))?.slice(2) ?? 1;
      return type === wanted ? Math.max(most, Number(weight) || 0) : most;
    }, 0);
  const weight = weightOf('application/openmetrics-text');
  return weight > 0 && weight >= weightOf('text/plain');
}
