/** Push notification configs of a task. */
import type { Json } from '../../core/job.ts';
import type { Snapshot } from '../../engine/api.ts';
import type { Call } from './call.ts';
import { remembered } from './mapping.ts';
import type { PushConfig } from './push-config.ts';
import { taskIn } from './streaming.ts';

export async function listConfigs(call: Call, params: Json): Promise<object> {
  const snapshot = await taskIn(call, params);
  return call.spelling.pushConfigs(snapshot.job.id, sentWith(snapshot));
}

/** The one that came with the message that made the task. */
function sentWith({ job }: Snapshot): readonly PushConfig[] {
  const push = remembered(job)?.push ?? null;
  return push === null || job.callbackUrl === null ? [] : [{ ...push, url: job.callbackUrl }];
}
