/** An attempt for tests of handlers: what it is told is kept, and can be awaited. */
import type { Json } from '../core/job.ts';
import type { LogLevel } from '../core/log-line.ts';
import type { AbortReason, Attempt } from '../engine/api.ts';

export interface SampleAttempt extends Attempt {
  readonly reports: readonly Report[];
  readonly logs: readonly string[];
  /** What was emitted. */
  readonly chunks: readonly Json[];
  /** The same lines with their levels and fields. */
  readonly lines: readonly { readonly line: string; readonly level: LogLevel; readonly fields: string | null }[];
  abort(reason: AbortReason): void;
  /** Resolves with the first report that was or will be made. */
  reported(): Promise<Report>;
  /** Resolves with the first log line that was or will be written. */
  logged(): Promise<string>;
}

export interface Report {
  readonly percent: number | undefined;
  readonly message: string | null | undefined;
}

let made = 0;

export function sampleAttempt(input: Json = null, job: Partial<Attempt['job']> = {}): SampleAttempt {
  const controller = new AbortController();
  const reports: Report[] = [];
  const logs: string[] = [];
  const chunks: Json[] = [];
  const lines: SampleAttempt['lines'][number][] = [];
  const firstReport = Promise.withResolvers<Report>();
  const firstLog = Promise.withResolvers<string>();
  made += 1;
  const defaults = {
    number: made,
    tenant: 'default',
    type: 'sample',
    attempt: 1,
    fence: 1,
    tags: {},
    timeoutMs: null,
    deadlineAt: null,
    startedAt: null,
    marks: null,
    terms: null,
  };
  return {
    job: { id: `00000000-0000-7000-8000-${String(made).padStart(12, '0')}`, ...defaults, ...job },
    input: JSON.stringify(input),
    trace: job.terms?.trace ?? null,
    signal: controller.signal,
    get isStopped() {
      return controller.signal.aborted;
    },
    reports,
    logs,
    report(percent, message) {
      reports.push({ percent, message });
      firstReport.resolve({ percent, message });
    },
    lines,
    chunks,
    emit: (chunk) => void chunks.push(JSON.parse(chunk) as Json),
    log(line, level = 'info', fields = null) {
      logs.push(line);
      lines.push({ line, level, fields });
      firstLog.resolve(line);
    },
    parents: async () => [],
    abort: (reason) => controller.abort(reason),
    reported: () => firstReport.promise,
    logged: () => firstLog.promise,
  };
}

/** The result of an outcome: JSON parsed, other bytes as text. Throws where there is none. */
export function resultOf(outcome: {
  readonly kind: string;
  readonly result?: { contentType: string; bytes: Uint8Array } | null;
}): unknown {
  if (outcome.kind !== 'succeeded' || !outcome.result) throw new Error(`no result: ${JSON.stringify(outcome)}`);
  const text = Buffer.from(outcome.result.bytes).toString();
  return outcome.result.contentType === 'application/json' ? JSON.parse(text) : text;
}
