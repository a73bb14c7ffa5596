/** What people and programs do to jobs from outside: cancel, retry, remove. */

import { BideError } from '../../core/errors.ts';
import type { Limits } from '../../core/limits.ts';
import { isFinal } from '../../core/state.ts';
import type { CommandOutcome, Engine } from '../api.ts';
import type { Reader } from '../reading/reader.ts';
import { absenceOf, lookupOf } from '../reading/waiters.ts';
import type { Carried, Commands } from './commands.ts';
import type { Removals } from './removals.ts';

export type Control = Pick<Engine, 'cancel' | 'retry' | 'remove'>;

export function createControl(options: {
  readonly commands: Commands;
  readonly reader: Reader;
  readonly removals: Removals;
  readonly limits: Limits;
}): Control {
  const { commands, reader, removals, limits } = options;

  return {
    cancel: (tenant, id) => command(tenant, id, 'cancel'),
    retry: (tenant, id) => command(tenant, id, 'retry'),
    async remove(tenant, id) {
      for (let attempt = 1; attempt <= limits.applyAttemptsMax; attempt += 1) {
        // Fresh from the second time on: what memory says was just refused.
        const [found] = await (attempt === 1 ? reader.look([id]) : reader.fresh([id]));
        const lookup = lookupOf(found, tenant);
        if (lookup.kind !== 'found') return lookup;
        const { snapshot } = lookup;
        if (!isFinal(snapshot.job.state)) return { kind: 'wrongState', snapshot };
        if ((await removals.remove(snapshot.job)) === 'removed') return { kind: 'done', snapshot };
      }
      throw new BideError('CHANGED_MEANWHILE', undefined, { id, attempts: limits.applyAttemptsMax });
    },
  };

  async function command(tenant: string, id: string, kind: 'cancel' | 'retry'): Promise<CommandOutcome> {
    const [found] = await reader.look([id]);
    const lookup = lookupOf(found, tenant);
    if (lookup.kind !== 'found') return lookup;
    return outcomeOf(await commands.carryOut(id, { kind }, lookup.snapshot.job), tenant, kind);
  }
}

function outcomeOf(carried: Carried, tenant: string, kind: 'cancel' | 'retry'): CommandOutcome {
  if (carried.kind === 'applied') return { kind: 'done', snapshot: carried.snapshot };
  if (carried.kind === 'refused') {
    const { snapshot, reason } = carried;
    const isSoAlready = reason === 'NO_CHANGE' || (kind === 'cancel' && snapshot.job.state === 'cancelled');
    return { kind: isSoAlready ? 'unchanged' : 'wrongState', snapshot };
  }
  return absenceOf(carried, tenant);
}
