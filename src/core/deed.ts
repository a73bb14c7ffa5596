/** What operators do that is worth remembering: each leaves a line in the audit of its tenant. */
import type { Json } from './job.ts';

export const DEEDS = [
  ...(['bulk.cancel', 'bulk.retry', 'bulk.remove', 'job.remove'] as const),
  ...(['key.create', 'key.revoke', 'type.pause', 'type.resume'] as const),
  ...(['webhook.create', 'webhook.change', 'webhook.remove'] as const),
  ...(['limit.put', 'limit.remove', 'limit.close', 'limit.open'] as const),
  ...(['schedule.put', 'schedule.remove', 'schedule.pause', 'schedule.resume', 'schedule.run'] as const),
] as const;
export type DeedWord = (typeof DEEDS)[number];

/** Whose key it was: its public part, and its name for people. */
export interface Actor {
  readonly keyId: string;
  readonly keyName: string;
}

export interface Deed {
  readonly tenant: string;
  readonly by: Actor;
  readonly deed: DeedWord;
  /** What it was done to: the id of a job, a key or a webhook, the name of a type. Null for many. */
  readonly target: string | null;
  /** How many were changed; null where that is no question, or not known yet. */
  readonly count: number | null;
  /** What was asked for: a filter, the fields of a change. Never a secret. */
  readonly request: Json;
}

/** A deed as it was noted. */
export interface AuditLine extends Deed {
  readonly id: string;
  readonly at: number;
}
