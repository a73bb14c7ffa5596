/** Who works: a row for each process and each remote worker, renewed while it is alive. */
import type { Json } from '../core/job.ts';

export interface WorkerRow {
  /** Of a remote worker. Empty for a process of the server, which works for all. */
  readonly tenant: string;
  /** As leases name it. */
  readonly name: string;
  readonly seenAt: number;
  readonly facts: Json;
}

export interface WorkerFilter {
  readonly tenants: readonly string[];
  /** Seen at or after this time. */
  readonly since: number;
  readonly limit: number;
}

/** Running jobs of one tenant that this worker holds. */
export interface WorkerLoad {
  readonly tenant: string;
  readonly worker: string;
  readonly running: number;
}
