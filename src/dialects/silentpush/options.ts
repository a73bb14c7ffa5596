/** The options of `dialects.silentpush` in a config: which job type serves which starting endpoint, and where the vendor leaves a choice. */
import type { MaxWaitRule } from './query.ts';
import { type EndpointName, STARTING_ENDPOINTS } from './wire.ts';

export interface EndpointOptions {
  /** The job type that is submitted. */
  readonly type: string;
  /** Key of the rows in the answer; the vendor's own unless named. */
  readonly resultKey?: string;
  /** `query_name` in the metadata; the vendor's own unless named. */
  readonly queryName?: string;
}

export interface SilentpushOptions {
  /** By the endpoint's path below `explore/` without its parameters; an endpoint that is not named here answers 404. */
  readonly endpoints: Readonly<Partial<Record<EndpointName, EndpointOptions>>>;
  /** What a `max_wait` out of range gets: pulled into it, or 400. */
  readonly maxWait: MaxWaitRule;
  /** What a job id that nobody knows gets: 404, or PENDING as a bare Celery backend answers. */
  readonly unknownJobs: 'notFound' | 'pending';
}

type Parsed<T> =
  | { readonly kind: 'options'; readonly options: T }
  | { readonly kind: 'invalid'; readonly message: string };

export const DEFAULTS: SilentpushOptions = { endpoints: {}, maxWait: 'clamp', unknownJobs: 'notFound' };

/** Keys that have a meaning of their own beside the rows. */
const RESERVED_KEYS: ReadonlySet<string> = new Set(['job_status', 'metadata', 'error', 'errors']);

export function parseOptions(raw: unknown): Parsed<SilentpushOptions> {
  if (raw === undefined || raw === null) return { kind: 'options', options: DEFAULTS };
  if (!isRecord(raw)) return invalid('the options must be an object');
  const unknown = Object.keys(raw).find((key) => !Object.hasOwn(DEFAULTS, key));
  if (unknown !== undefined) return invalid(`there is no option ${unknown}`);
  const { maxWait = DEFAULTS.maxWait, unknownJobs = DEFAULTS.unknownJobs } = raw;
  if (maxWait !== 'clamp' && maxWait !== 'refuse') return invalid('maxWait must be clamp or refuse');
  if (unknownJobs !== 'notFound' && unknownJobs !== 'pending')
    return invalid('unknownJobs must be notFound or pending');
  const endpoints = parseEndpoints(raw.endpoints ?? {});
  if (endpoints.kind === 'invalid') return endpoints;
  return { kind: 'options', options: { endpoints: endpoints.options, maxWait, unknownJobs } };
}

function parseEndpoints(raw: unknown): Parsed<SilentpushOptions['endpoints']> {
  if (!isRecord(raw)) return invalid('endpoints must be an object');
  const names = STARTING_ENDPOINTS.map((endpoint) => endpoint.name);
  for (const [name, endpoint] of Object.entries(raw)) {
    if (!names.includes(name as EndpointName)) {
      return invalid(`there is no endpoint ${name}; there are ${names.join(', ')}`);
    }
    const complaint = complaintAbout(endpoint);
    if (complaint !== null) return invalid(`endpoints['${name}']${complaint}`);
  }
  return { kind: 'options', options: raw as SilentpushOptions['endpoints'] };
}

function complaintAbout(endpoint: unknown): string | null {
  if (!isRecord(endpoint)) return ' must be an object with a type';
  for (const [key, value] of Object.entries(endpoint)) {
    if (key !== 'type' && key !== 'resultKey' && key !== 'queryName') return ` has no option ${key}`;
    if (typeof value !== 'string' || value === '') return `.${key} must be a text`;
  }
  if (endpoint.type === undefined) return '.type is missing: the job type to submit';
  if (RESERVED_KEYS.has(String(endpoint.resultKey))) return `.resultKey must not be ${String(endpoint.resultKey)}`;
  return null;
}

function invalid(message: string): { readonly kind: 'invalid'; readonly message: string } {
  return { kind: 'invalid', message };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
