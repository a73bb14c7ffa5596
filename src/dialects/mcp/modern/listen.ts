/** `subscriptions/listen`: tasks as they change, each told as `tasks/get` would. It ends when all have ended, or at the end of its time. */

import { isFinal } from '../../../core/state.ts';
import type { Lookup, Snapshot } from '../../../engine/api.ts';
import { KEEP_ALIVE } from '../../event-fields.ts';
import { beatsUntil, nextAfter } from '../../event-waits.ts';
import { streamOf } from '../../streamed-texts.ts';
import { messageEvent } from '../answer-stream.ts';
import { type Call, complete, type Reply } from '../call.ts';
import { taskIdOf } from '../mapping.ts';
import { INVALID_PARAMS, isMembers, notificationText, RpcError, resultText } from '../rpc.ts';
import { taskRefOf } from '../tasks.ts';
import { META } from '../wire.ts';
import { detailedTask, requireTasks } from './tasks.ts';

/** Each is a wait of its own. */
const TASKS_MAX = 100;

export async function listen(call: Call): Promise<Reply> {
  const { notifications } = call.params;
  if (!isMembers(notifications)) throw new RpcError(INVALID_PARAMS, 'notifications must be an object.');
  const { taskIds } = notifications;
  if (taskIds !== undefined) requireTasks(call.peer);
  const snapshots = await watched(call, taskIds ?? []);
  const hasTasks = taskIds !== undefined;
  return { kind: 'stream', stream: streamOf((signal) => texts(call, { snapshots, hasTasks }, signal)) };
}

/** Those that there are: the acknowledgement says which. */
async function watched({ context: { engine }, principal }: Call, taskIds: unknown): Promise<readonly Snapshot[]> {
  if (!Array.isArray(taskIds) || !taskIds.every((id) => typeof id === 'string'))
    throw new RpcError(INVALID_PARAMS, 'taskIds must be a list of texts.');
  if (taskIds.length > TASKS_MAX) throw new RpcError(INVALID_PARAMS, `taskIds may have ${TASKS_MAX} ids at most.`);
  const ids = [...new Set(taskIds.flatMap((id) => taskRefOf(id)?.jobId ?? []))];
  const lookups = ids.length === 0 ? [] : await engine.read(principal.tenant, ids);
  return lookups.flatMap((lookup) =>
    lookup.kind === 'found' && taskIds.includes(taskIdOf(lookup.snapshot.job)) ? [lookup.snapshot] : [],
  );
}

interface Subscription {
  readonly snapshots: readonly Snapshot[];
  readonly hasTasks: boolean;
}

async function* texts(
  call: Call,
  { snapshots, hasTasks }: Subscription,
  signal: AbortSignal,
): AsyncGenerator<string, void, undefined> {
  const { engine } = call.context;
  const { clock, limits } = engine;
  const endsAt = clock.now() + limits.eventsMsMax;
  const tagged = { _meta: { [META.subscription]: call.id } };
  const taskIds = snapshots.map(({ job }) => taskIdOf(job));
  const notifications = hasTasks ? { taskIds } : {};
  yield messageEvent(notificationText('notifications/subscriptions/acknowledged', { notifications, ...tagged }));
  const waits = new Map<string, Promise<Changed>>();
  const told = async (snapshot: Snapshot) => {
    const { id, state } = snapshot.job;
    if (!isFinal(state))
      waits.set(
        id,
        nextAfter(engine, snapshot.job, endsAt, signal).then((lookup) => ({ id, lookup })),
      );
    const body = await detailedTask(call, snapshot);
    return messageEvent(notificationText('notifications/tasks', { ...body, ...tagged }));
  };
  for (const snapshot of snapshots) yield await told(snapshot);
  while (waits.size > 0) {
    const coming = Promise.race(waits.values());
    yield* beatsUntil(coming, clock, { ms: limits.eventsKeepAliveMs, beat: KEEP_ALIVE });
    const { id, lookup } = await coming;
    waits.delete(id);
    if (lookup === null) break;
    if (lookup.kind === 'found') yield await told(lookup.snapshot);
  }
  yield messageEvent(resultText(call.id, JSON.stringify(complete(call, tagged))));
}

interface Changed {
  readonly id: string;
  readonly lookup: Lookup | null;
}
