/**
 * Headers that operations read. They stand in the document alone: in the schemas of the routes every request would be checked for them by the
 * schema, and a trace that is not in order is no reason to refuse a job.
 */
import type { Parameter } from './document-parts.ts';

const TRACED: ReadonlySet<string> = new Set(['submitJob', 'submitJobs', 'createGroup', 'addToGroup']);
export const REPEATABLE: ReadonlySet<string> = new Set([
  ...TRACED,
  ...['resubmitJob', 'cancelJobs', 'retryJobs', 'removeJobs', 'cancelGroup', 'retryGroup', 'runSchedule'],
]);

const header = (name: string, description: string): Parameter => ({
  ...{ name, in: 'header', required: false, description },
  schema: { type: 'string' },
});

const IDEMPOTENCY_KEY = header(
  'Idempotency-Key',
  'The same key with the same request again answers with what was made the first time.',
);
const TRACE = [
  header('traceparent', 'The trace that the job belongs to (W3C Trace Context); one that is not in order is as none.'),
  header('tracestate', 'Goes with traceparent.'),
];

export function headersOf(operationId: string): readonly Parameter[] {
  return [...(REPEATABLE.has(operationId) ? [IDEMPOTENCY_KEY] : []), ...(TRACED.has(operationId) ? TRACE : [])];
}
