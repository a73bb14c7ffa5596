/** Requests that read a task, or end it. */
import { BideError } from '../../core/errors.ts';
import type { Json } from '../../core/job.ts';
import { isFinal } from '../../core/state.ts';
import { jobNow } from '../job-done.ts';
import { compileCheck } from '../schema-check.ts';
import type { Call } from './call.ts';
import { because } from './faults.ts';
import { requireForm } from './submission.ts';
import { found, taskIdOf, taskOf } from './tasks.ts';
import { TaskRequest } from './wire.ts';

const check = compileCheck(TaskRequest);

function idIn(params: Json): string {
  requireForm(check(params));
  return taskIdOf((params as { readonly id: string }).id);
}

export async function getTask(call: Call, params: Json): Promise<object> {
  const snapshot = found(await jobNow(call, idIn(params)));
  return call.spelling.task(await taskOf(call.context.engine, snapshot));
}

/** At once where it waits; one that works ends when its handler lets go, and is told as working until then. */
export async function cancelTask(call: Call, params: Json): Promise<object> {
  const { engine } = call.context;
  const id = idIn(params);
  const [lookup] = await engine.read(call.principal.tenant, [id]);
  requireUnended(found(lookup).job.state);
  const outcome = await engine.cancel(call.principal.tenant, id);
  if (outcome.kind === 'wrongState') requireUnended(outcome.snapshot.job.state);
  const snapshot = 'snapshot' in outcome ? outcome.snapshot : found(outcome);
  return call.spelling.task(await taskOf(engine, snapshot));
}

function requireUnended(state: Parameters<typeof isFinal>[0]): void {
  if (!isFinal(state)) return;
  throw new BideError(
    'WRONG_STATE',
    `The task cannot be cancelled: it has ended (${state}).`,
    because('TASK_NOT_CANCELABLE'),
  );
}
