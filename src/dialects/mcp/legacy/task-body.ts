/** A task as the wire of 2025 spells it. */
import type { Snapshot } from '../../../engine/api.ts';
import type { Call } from '../call.ts';
import { ttlOf } from '../mapping.ts';
import { factsFor, pollMsOf } from '../tasks.ts';

export function taskBody(call: Pick<Call, 'context' | 'desk' | 'peer'>, snapshot: Snapshot) {
  const pollInterval = pollMsOf(call.context.engine, snapshot);
  return { ...factsFor(call, snapshot), ttl: ttlOf(snapshot.job), pollInterval };
}
