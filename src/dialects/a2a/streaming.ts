/** Streams of a task's updates: of one that a message starts, and of one that is there. */
import type { Json } from '../../core/job.ts';
import { isFinal } from '../../core/state.ts';
import type { Snapshot } from '../../engine/api.ts';
import { requireScope } from '../credentials.ts';
import { compileCheck } from '../schema-check.ts';
import type { Call } from './call.ts';
import { taken, unsupported } from './sending.ts';
import { requireForm, sentIn } from './submission.ts';
import { found, taskIdOf } from './tasks.ts';
import { TaskRequest } from './wire.ts';

const check = compileCheck(TaskRequest);

export function streamMessage(call: Call, params: Json): Promise<Snapshot> {
  const sent = sentIn(params);
  if (sent.taskId !== null) requireScope(call.principal, 'read');
  return taken(call, sent);
}

/** UNSUPPORTED_OPERATION for a task that has ended: it is read, there is nothing to follow. */
export async function subscribe(call: Call, params: Json): Promise<Snapshot> {
  const snapshot = await taskIn(call, params);
  if (isFinal(snapshot.job.state)) throw unsupported('The task has ended: read it.');
  return snapshot;
}

/** The task that the params name. */
export async function taskIn({ context, principal }: Call, params: Json): Promise<Snapshot> {
  requireForm(check(params));
  const [lookup] = await context.engine.read(principal.tenant, [taskIdOf((params as { readonly id: string }).id)]);
  return found(lookup);
}
