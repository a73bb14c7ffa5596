/**
 * The spans of a job, by OpenTelemetry's conventions for messaging: `send {type}` for its submit, `create {type}` where it is stored among others, and
 * `process {type}` for each attempt.
 *
 * All attempts are children of the submit, so that a job is one trace. A later one is linked to the submit as well: that is how it is told from the first.
 */
import type { TraceContext } from '../core/trace-context.ts';
import { type OpenSpan, openSpan } from './open-span.ts';
import type { Attributes } from './otel.ts';

export interface SentJob {
  readonly type: string;
  readonly tenant: string;
  /** The trace of its call; null begins one. */
  readonly trace: TraceContext | null;
}

export function openSend(operation: 'send' | 'create', { type, tenant, trace }: SentJob): OpenSpan | null {
  const attributes = { ...messaging(operation, type), 'bide.job.tenant': tenant };
  return openSpan({ name: `${operation} ${type}`, kind: 'producer', attributes, parent: trace });
}

export interface ProcessedJob {
  readonly id: string;
  readonly type: string;
  /** A worker does not know it. */
  readonly tenant?: string;
  readonly attempt: number;
  /** 1 for the first time that it runs. */
  readonly fence: number;
  readonly trace: TraceContext | null;
}

export function openProcess({ id, type, tenant, attempt, fence, trace }: ProcessedJob): OpenSpan | null {
  const attributes = {
    ...messaging('process', type),
    'messaging.message.id': id,
    'bide.job.attempt': attempt,
    ...(tenant === undefined ? {} : { 'bide.job.tenant': tenant }),
  };
  const links = trace === null || fence <= 1 ? [] : [trace];
  return openSpan({ name: `process ${type}`, kind: 'consumer', attributes, parent: trace, links });
}

function messaging(operation: 'send' | 'create' | 'process', type: string): Attributes {
  return {
    'messaging.system': 'bide',
    'messaging.operation.name': operation,
    'messaging.operation.type': operation,
    'messaging.destination.name': type,
  };
}
