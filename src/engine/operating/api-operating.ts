/** What an operator reads and steers, beside the jobs themselves. */

import type { Json } from '../../core/job.ts';
import type { LimitBounds } from '../../core/limit-spec.ts';
import type { StatFigures } from '../../core/stat-figures.ts';

/** What a type is to its callers. */
export interface TypeFacts {
  readonly name: string;
  /** `function`, `command`, `http`, `sql`, `remote`, or what else handlers there are. */
  readonly kind: string;
  readonly slots: number;
  readonly agingMs: number | null;
  /** How long a job usually takes; null where the config does not say. */
  readonly expectedMs: number | null;
  /** Of all processes together: of the type as a whole, or of each key that a function makes of the input. */
  readonly limit: (LimitBounds & { readonly isPerKey: boolean }) | null;
  readonly description: string | null;
  /** JSON Schema; null where there is none. */
  readonly inputSchema: Json | null;
  /** Since when nothing of it is claimed; null where it is not paused. */
  readonly pausedAt: number | null;
}

/** A type as an operator looks at it: the jobs of one tenant, now and of late. */
export interface TypeReport extends TypeFacts {
  readonly running: number;
  readonly waiting: number;
  /** For how long the job that was due first has been due; null where none is. */
  readonly oldestWaitingMs: number | null;
  /** Of these last minutes, the one under way included. */
  readonly recent: readonly { readonly minutes: number; readonly figures: StatFigures }[];
  /** Failed jobs of the last hour by the code of their error, the most frequent first. */
  readonly errors: readonly { readonly code: string; readonly count: number }[];
}

export interface StatsRequest {
  readonly tenant: string;
  readonly type?: string | undefined;
  /** How far back; the minute under way is the last one. */
  readonly minutes: number;
  /** Minutes of one point. */
  readonly step: number;
}

export interface StatsPoint {
  /** When it began. */
  readonly at: number;
  readonly figures: StatFigures;
}

export type PauseOutcome =
  | { readonly kind: 'done' }
  /** It is so already. */
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'unknownType'; readonly types: readonly string[] };

/** A process of the server, or a remote worker. */
export interface SeenWorker {
  /** Null for a process, which works for all. */
  readonly tenant: string | null;
  readonly name: string;
  readonly seenAt: number;
  readonly host: string | null;
  readonly pid: number | null;
  readonly version: string | null;
  readonly startedAt: number | null;
  readonly types: readonly { readonly name: string; readonly slots: number }[];
  readonly slots: number;
}

export interface WorkerReport extends SeenWorker {
  /** Jobs that it runs: of all tenants where everything is asked for, else of the one that asks. */
  readonly running: number;
}

export interface Operating {
  types(): readonly TypeFacts[];
  /** Of all types, or of one; cheap, however many jobs there are. */
  typeReports(tenant: string, name?: string): Promise<readonly TypeReport[]>;
  /** One point per step, also where nothing happened. */
  readStats(request: StatsRequest): Promise<readonly StatsPoint[]>;
  /** Who is alive: all processes, and the remote workers of this tenant. */
  workers(request: { readonly tenant: string; readonly countsAll: boolean }): Promise<readonly WorkerReport[]>;
  /** Nothing of the type is claimed any more, by no process and for no tenant: at once here, within a second elsewhere. Durable. */
  pauseType(name: string): Promise<PauseOutcome>;
  resumeType(name: string): Promise<PauseOutcome>;
}
