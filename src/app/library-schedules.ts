/** Schedules for programs that hold the engine themselves: the calls of the client, without HTTP. */
import type { JobBody } from '../client/wire.ts';
import type { ScheduleBody, ScheduleDraft } from '../client/wire-schedules.ts';
import { scheduleBody, specOf } from '../dialects/native/schedule-bodies.ts';
import type { NamedSchedule, RunningEngine } from '../engine/index.ts';

export interface LibrarySchedules {
  /** Makes it, or changes it from now on; the same again changes nothing. What the draft leaves out is as in a new one. */
  put(name: string, draft: ScheduleDraft): Promise<ScheduleBody>;
  get(name: string): Promise<ScheduleBody>;
  /** All of them, newest first. */
  list(): AsyncGenerator<ScheduleBody, void, undefined>;
  /** Jobs that it has submitted stay. */
  remove(name: string): Promise<void>;
  /** Ticks until it is resumed are passed over. */
  pause(name: string): Promise<ScheduleBody>;
  resume(name: string): Promise<ScheduleBody>;
  /** Submits its job once, now. */
  run(name: string, options?: { readonly idempotencyKey?: string | undefined }): Promise<JobBody>;
}

const PAGE = 100;

/** @param get reads a job */
export function librarySchedules(
  { schedules }: Pick<RunningEngine, 'schedules'>,
  tenant: string,
  get: (id: string) => Promise<JobBody>,
): LibrarySchedules {
  const body = (schedule: NamedSchedule) => scheduleBody(schedule) as ScheduleBody;
  return {
    put: async (name, draft) => body((await schedules.put(tenant, name, specOf(draft as never))).schedule),
    get: async (name) => body(await schedules.read(tenant, name)),
    async *list() {
      for (let after: NamedSchedule | undefined, hasMore = true; hasMore; ) {
        const page = await schedules.list({ tenant, limit: PAGE, ...(after === undefined ? {} : { after }) });
        yield* page.schedules.map(body);
        after = page.schedules.at(-1);
        hasMore = page.hasMore;
      }
    },
    remove: (name) => schedules.remove(tenant, name),
    pause: async (name) => body(await schedules.pause(tenant, name)),
    resume: async (name) => body(await schedules.resume(tenant, name)),
    run: async (name, { idempotencyKey } = {}) => get((await schedules.run({ tenant, name, idempotencyKey })).id),
  };
}
