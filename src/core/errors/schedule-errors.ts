/** What is said of schedules. */
import type { ErrorDefinition } from './definition.ts';

export const SCHEDULE_ERRORS = {
  SCHEDULE_NOT_FOUND: {
    kind: 'not_found',
    title: 'There is no schedule with this name.',
    advice: 'Check the name and the key: `GET /v1/schedules` lists those of your tenant.',
  },
  SCHEDULE_CRON_INVALID: {
    kind: 'unprocessable',
    title: 'The cron expression cannot be read.',
    advice:
      'Send five fields (minute hour day month weekday), six with seconds first, @daily and its like, or @every 10m.',
  },
  SCHEDULE_NEVER: {
    kind: 'unprocessable',
    title: 'The schedule has no tick, now or ever.',
    advice: 'No date fits all fields, or none before endAt: 30 February does not come. Correct cron, startAt or endAt.',
  },
  TIME_ZONE_UNKNOWN: {
    kind: 'unprocessable',
    title: 'There is no time zone with this name.',
    advice: 'Use a name of the IANA database, such as Europe/Berlin or UTC.',
  },
  SCHEDULE_FROM_CONFIG: {
    kind: 'conflict',
    title: 'The schedule is kept by the config, and would be back at its next start.',
    advice:
      'Change it under `schedules` in the config; to give all of them up, leave `schedules: {}` there. It can be paused and resumed here.',
  },
  TOO_MANY_SCHEDULES: {
    kind: 'quota',
    title: 'The tenant has as many schedules as it may.',
    advice: 'Remove one that is no longer needed, or raise schedulesMax.',
  },
} satisfies Record<string, ErrorDefinition>;
