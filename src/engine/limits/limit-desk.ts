/** What the engine offers for limits per key: an operator sets, closes and opens them, beside what jobs say of their keys. */
import { BideError } from '../../core/errors.ts';
import { boundsIssues, keyIssues, type LimitBounds, UNTIL_OPENED } from '../../core/limit-spec.ts';
import type { LimitRow, LimitWrite, Store } from '../../store/contract.ts';
import type { Issue } from '../api.ts';
import type { EngineBase } from '../engine-base.ts';
import type { KeyLimits } from './key-limits.ts';

export interface LimitDeskOptions extends Pick<EngineBase, 'store' | 'clock' | 'limits'> {
  readonly wake: () => void;
  /** Jobs of these types may be claimed now. */
  readonly onWork: (types: readonly string[]) => void;
}

export function createLimitDesk(options: LimitDeskOptions): KeyLimits {
  const { store, clock } = options;
  const read = async (tenant: string, key: string) => requireRow(await store.limitRead({ tenant, key }), key);
  const change = async (tenant: string, key: string, write: Partial<LimitWrite>) => {
    const types = await carryOut(options, { tenant, key, ...write });
    options.wake();
    if (types.length === 0) return;
    options.onWork(types);
    if (store.facts.hasHints) store.hint([{ kind: 'work', types }]);
  };
  return {
    read,
    list: (tenant, { after, limit }) => store.limitList({ tenant, limit, ...(after === undefined ? {} : { after }) }),
    async set(tenant, key, bounds) {
      const { concurrency = null, rate = null } = bounds;
      requireWell(options, key, bounds);
      await change(tenant, key, { bounds: { concurrency, rate } });
      return read(tenant, key);
    },
    async remove(tenant, key) {
      await change(tenant, key, { bounds: null });
    },
    async close(tenant, key, untilMs) {
      requireWell(options, key, {});
      const closedUntil = untilMs === null ? UNTIL_OPENED : Math.min(clock.now() + untilMs, UNTIL_OPENED);
      await change(tenant, key, { closedUntil });
      return read(tenant, key);
    },
    async closeKey({ tenant, terms }, ms) {
      const key = terms?.limit?.key;
      if (key !== undefined) await change(tenant, key, { closedUntil: clock.now() + ms, keepsLonger: true });
    },
    async open(tenant, key) {
      const row = await read(tenant, key);
      await change(tenant, key, { closedUntil: null });
      // Known for nothing but having been closed, it is forgotten now.
      return (await store.limitRead({ tenant, key })) ?? { ...row, closedUntil: null };
    },
  };
}

async function carryOut(
  { store, clock, limits }: LimitDeskOptions,
  write: Pick<LimitWrite, 'tenant' | 'key'> & Partial<LimitWrite>,
): Promise<readonly string[]> {
  const value = limits.limitKeysPerTenantMax;
  const outcome = await store.limitWrite({ ...write, now: clock.now(), keysMax: value });
  if (outcome.kind === 'missing') throw notFound(write.key);
  if (outcome.kind === 'full') throw new BideError('LIMITS_FULL', undefined, { limit: 'limitKeysPerTenantMax', value });
  return outcome.types;
}

function requireWell({ limits }: LimitDeskOptions, key: string, bounds: LimitBounds): void {
  const issues: Issue[] = [];
  const add = (path: string, message: string) => issues.push({ path, message });
  keyIssues(key, limits, '/key', add);
  boundsIssues(bounds, limits, '', add);
  const [first] = issues;
  if (first !== undefined) throw new BideError('LIMIT_INVALID', `${first.path} ${first.message}.`, { errors: issues });
}

function requireRow(row: Awaited<ReturnType<Store['limitRead']>>, key: string): LimitRow {
  if (row === null) throw notFound(key);
  return row;
}

function notFound(key: string): BideError {
  return new BideError('LIMIT_NOT_FOUND', undefined, { key: key.slice(0, 200) });
}
