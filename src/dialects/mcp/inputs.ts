/**
 * What a person is asked for while a job waits, and how the answers reach it: each input is a signal of the job, its key the signal's name.
 *
 * A signal that has come stays with its job, so that no key is asked for twice.
 */
import { BideError } from '../../core/errors.ts';
import type { Job, Json } from '../../core/job.ts';
import { hasSignal, isParked } from '../../core/signals.ts';
import { isFinal } from '../../core/state.ts';
import type { Engine, SignalOutcome } from '../../engine/api.ts';
import type { ToolSettings } from './options.ts';
import { INVALID_PARAMS, isMembers, type Members, RpcError } from './rpc.ts';

type Asking = Pick<Job, 'state' | 'marks' | 'type'>;

/** The inputs that are outstanding: the one that the job is parked for, and those that are asked for in one go with it. */
export function asksOf(job: Asking, { inputs = {} }: ToolSettings): readonly string[] {
  const { marks } = job;
  if (marks === null || isFinal(job.state)) return NONE;
  const awaited = isParked(job) ? marks.signal?.name : undefined;
  const isAsked = (name: string) => name === awaited || hasSignal(marks, name);
  const more = Object.entries(inputs).flatMap(([name, input]) => {
    const isOpen = name !== awaited && !hasSignal(marks, name) && marks.overdue?.includes(name) !== true;
    return isOpen && input.with !== undefined && isAsked(input.with) ? [name] : [];
  });
  return awaited === undefined ? more : [awaited, ...more];
}

const NONE: readonly string[] = [];

/** The form that a person is shown. */
export function requestOf(name: string, { inputs = {} }: ToolSettings) {
  const input = Object.hasOwn(inputs, name) ? inputs[name] : undefined;
  return {
    method: 'elicitation/create',
    params: {
      mode: 'form',
      message: input?.message ?? `The job waits for ${name}. Is it to go on?`,
      requestedSchema: input?.schema ?? { type: 'object', properties: {} },
    },
  };
}

/** By their keys. */
export function requestsOf(names: readonly string[], settings: ToolSettings): Readonly<Record<string, object>> {
  return Object.fromEntries(names.map((name) => [name, requestOf(name, settings)]));
}

/** What the person has filled in; null where they declined, or closed the form. */
export function signalValue(response: Members): Json {
  return response.action === 'accept' ? ((response.content ?? {}) as Json) : null;
}

/** Tells the job. What was not asked for, or was answered before, is ignored. False where there is no such job. */
export async function answer(
  engine: Engine,
  job: Pick<Job, 'tenant' | 'id'>,
  responses: Readonly<Record<string, unknown>>,
  asks: readonly string[],
): Promise<boolean> {
  const { tenant, id } = job;
  for (const name of asks) {
    const response = Object.hasOwn(responses, name) ? responses[name] : undefined;
    if (!isMembers(response)) continue;
    const outcome = await engine.signal({ tenant, id, name, value: signalValue(response) });
    if (outcome.kind === 'missing' || outcome.kind === 'gone') return false;
    requireTaken(engine, outcome);
  }
  return true;
}

function requireTaken({ limits }: Pick<Engine, 'limits'>, outcome: SignalOutcome): void {
  if (outcome.kind === 'invalidRequest')
    throw new RpcError(INVALID_PARAMS, outcome.issues.map(({ message }) => `The answer ${message}`).join('; '));
  if (outcome.kind !== 'full') return;
  throw new BideError('SIGNALS_FULL', undefined, { limit: 'signalsPerJobMax', value: limits.signalsPerJobMax });
}
