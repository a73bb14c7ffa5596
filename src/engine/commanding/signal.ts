/** Tells a job something from outside: decided and written as any command, so that no park misses it. */
import type { Json } from '../../core/job.ts';
import type { Limits } from '../../core/limits.ts';
import { isSignalName } from '../../core/signals.ts';
import type { Issue, SignalOutcome, SignalRequest } from '../api.ts';
import type { Reader } from '../reading/reader.ts';
import { absenceOf, lookupOf } from '../reading/waiters.ts';
import type { Carried, Commands } from './commands.ts';

export interface SignalOptions {
  readonly commands: Pick<Commands, 'carryOut'>;
  readonly reader: Reader;
  readonly limits: Limits;
}

export function createSignal(options: SignalOptions): (request: SignalRequest) => Promise<SignalOutcome> {
  const { commands, reader, limits } = options;
  return async ({ tenant, id, name, value }) => {
    const issues = signalIssues(name, value, limits);
    if (issues.length > 0) return { kind: 'invalidRequest', issues };
    const [found] = await reader.look([id]);
    const lookup = lookupOf(found, tenant);
    if (lookup.kind !== 'found') return lookup;
    const command = { kind: 'signal', name, value, max: limits.signalsPerJobMax } as const;
    return outcomeOf(await commands.carryOut(id, command, lookup.snapshot.job), tenant);
  };
}

function outcomeOf(carried: Carried, tenant: string): SignalOutcome {
  if (carried.kind === 'applied') return { kind: 'done', snapshot: carried.snapshot };
  if (carried.kind !== 'refused') return absenceOf(carried, tenant);
  const { snapshot, reason } = carried;
  if (reason === 'NO_CHANGE') return { kind: 'unchanged', snapshot };
  return { kind: reason === 'NO_ROOM' ? 'full' : 'wrongState', snapshot };
}

function signalIssues(name: string, value: Json, limits: Limits): readonly Issue[] {
  const issues: Issue[] = [];
  const { signalNameLengthMax: lengthMax, signalBytesMax: bytesMax } = limits;
  if (!isSignalName(name, lengthMax)) {
    const message = `must have 1 to ${lengthMax} letters, digits, dots, dashes and underscores, and begin with a letter or digit`;
    issues.push({ path: '/name', message });
  }
  if (Buffer.byteLength(JSON.stringify(value) ?? '') > bytesMax)
    issues.push({ path: '/value', message: `must be at most ${bytesMax} bytes as JSON (signalBytesMax)` });
  return issues;
}
