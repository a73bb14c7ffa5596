/** Commands about limits per key: calls, settlements, and what the store says of a key. */
import assert from 'node:assert/strict';
import type { LimitCommand } from './commands.ts';
import { TYPES } from './domains.ts';
import { KEY_LIMITS } from './limit-oracle.ts';
import type { Play } from './play.ts';

export async function performOnLimits(play: Play, command: LimitCommand): Promise<void> {
  const { store, oracle, now } = play;
  if (command.kind === 'limitSettle') {
    const { types, nextAt } = await store.limitSettle({ now, limit: 1_000 });
    assert.ok(types.every((type) => TYPES.some((name) => name === type)));
    assert.ok(nextAt === null || nextAt > now, `key is due at ${nextAt}, settled at ${now}`);
    return;
  }
  const ref = { tenant: command.tenant, key: KEY_LIMITS[command.key]?.key ?? '' };
  if (command.kind === 'limitRead') return oracle.limits.read(ref, await store.limitRead(ref), now);
  const { bounds, closeMs, keepsLonger } = command;
  const closedUntil = closeMs == null ? closeMs : now + closeMs;
  const write = {
    ...{ ...ref, now, keysMax: 100, keepsLonger },
    ...(bounds === undefined ? {} : { bounds }),
    ...(closedUntil === undefined ? {} : { closedUntil }),
  };
  oracle.limits.wrote(write, (await store.limitWrite(write)).kind);
}
