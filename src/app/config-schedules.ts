/** Makes the schedules of the store what the config says, once the engine has started. */
import type { ScheduleSettings } from '../config/define-config.ts';
import type { ResolvedConfig } from '../config/resolve.ts';
import { MISSED, OVERLAPS, type ScheduleSpec } from '../core/schedules/schedule.ts';
import type { RunningEngine } from '../engine/index.ts';
import { DEFAULT_TENANT } from '../http/keys.ts';

export async function reconcileSchedules(
  { schedules }: Pick<RunningEngine, 'schedules'>,
  config: Pick<ResolvedConfig, 'schedules'>,
): Promise<void> {
  if (config.schedules === undefined) return;
  const entries = Object.entries(config.schedules);
  await schedules.reconcile(
    entries.map(([name, { tenant = DEFAULT_TENANT, ...settings }]) => ({ tenant, name, spec: specOf(settings) })),
  );
}

function specOf(settings: Omit<ScheduleSettings, 'tenant'>): ScheduleSpec {
  const { cron, timeZone = 'UTC', jitterMs = 0, overlap = OVERLAPS[0], missed = MISSED[1], job } = settings;
  const { startAt = null, endAt = null } = settings;
  return {
    ...{ cron, timeZone, jitterMs, overlap, missed, job },
    startAt: startAt === null ? null : Date.parse(startAt),
    endAt: endAt === null ? null : Date.parse(endAt),
  };
}
