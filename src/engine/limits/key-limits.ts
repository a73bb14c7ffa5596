/** What the engine offers for limits per key. */
import type { Job } from '../../core/job.ts';
import type { LimitBounds } from '../../core/limit-spec.ts';
import type { LimitRow } from '../../store/contract.ts';

/** The key of the job is closed for so long from now, unless it is for longer already. */
export type CloseKey = (job: Pick<Job, 'tenant' | 'terms'>, ms: number) => Promise<void>;

/** All throw LIMIT_INVALID for a key or bounds that cannot be, LIMIT_NOT_FOUND where there is no such key, and LIMITS_FULL. */
export interface KeyLimits {
  read(tenant: string, key: string): Promise<LimitRow>;
  /** By key. */
  list(
    tenant: string,
    page: { readonly after?: string | undefined; readonly limit: number },
  ): Promise<readonly LimitRow[]>;
  /** Holds from now on, whatever jobs say. */
  set(tenant: string, key: string, bounds: LimitBounds): Promise<LimitRow>;
  /** What jobs say holds again. */
  remove(tenant: string, key: string): Promise<void>;
  /** Nothing of the key starts before; null: until it is opened. What runs goes on. */
  close(tenant: string, key: string, untilMs: number | null): Promise<LimitRow>;
  readonly closeKey: CloseKey;
  open(tenant: string, key: string): Promise<LimitRow>;
}
