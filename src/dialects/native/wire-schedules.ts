/** The schemas of schedules. Cron and zone are texts here: what is wrong with one has a code of its own. */
import { Type } from 'typebox';
import type { Limits } from '../../core/limits.ts';
import { MISSED, OVERLAPS, SKIP_REASONS } from '../../core/schedules/schedule.ts';
import { SHOWN_STATES } from '../../core/state.ts';
import { durations, nullable, oneOf, strict, time } from './wire-parts.ts';
import { submittedWith } from './wire-submit.ts';

function jobSchema(limits: Limits) {
  const { input, tags, priority, timeoutMs, deadlineMs, retry, retainMs, callback, sequenceKey, limit, unique } =
    submittedWith(limits);
  const rest = { input, tags, priority, timeoutMs, deadlineMs, retry, retainMs, callback, sequenceKey, limit, unique };
  const type = Type.String({
    minLength: 1,
    maxLength: limits.typeLengthMax,
    description: 'Name of a configured job type.',
  });
  return Type.Object(
    { type, ...rest },
    { ...strict, title: 'ScheduledJob', description: 'What each tick submits, as the body of a submit.' },
  );
}

/** What a PUT says, all of it in the answer. */
function fieldSchemas(limits: Limits) {
  const { ms } = durations(limits);
  const cron = Type.String({
    maxLength: 1_000,
    description: 'Five fields, or six with seconds first; @daily and its like; @every 10m.',
    examples: ['30 2 * * MON-FRI'],
  });
  const timeZone = Type.String({ maxLength: 1_000, description: 'Of the IANA database; UTC unless told.' });
  const jitterMs = ms(limits.delayMsMax, 'A job is due up to this long after its tick, always the same for one tick.');
  const overlap = oneOf(
    OVERLAPS,
    'While a job of an earlier tick is unfinished: run all the same (the default), skip the tick, or queue one behind it.',
  );
  const missed = oneOf(
    MISSED,
    'Of ticks that nobody was there for: skip them, make up for the last (the default), or for all up to scheduleMissedMax.',
  );
  const startAt = nullable(time('No tick before this.'));
  const endAt = nullable(time('No tick at this time or after.'));
  const job = jobSchema(limits);
  return { cron, timeZone, jitterMs, overlap, missed, startAt, endAt, job };
}

type Fields = ReturnType<typeof fieldSchemas>;

function scheduleSchema(fields: Fields) {
  return Type.Object(
    {
      name: Type.String(),
      ...fields,
      source: oneOf(['api', 'config'], 'Those of the config are changed there.'),
      paused: Type.Boolean(),
      pausedAt: nullable(time('Paused since.')),
      createdAt: time('Made.'),
      updatedAt: time('Changed by a PUT.'),
      next: Type.Array(time('A tick.'), { description: 'The next five ticks; none while it is paused.' }),
      lastRun: nullable(Type.Object({ tick: time('Of the schedule.'), jobId: Type.String({ format: 'uuid' }) })),
      lastSkip: nullable(
        Type.Object(
          {
            tick: time('Of the schedule.'),
            reason: oneOf(
              SKIP_REASONS,
              'An earlier job was unfinished; another one held its unique key; nobody was there for it; its job was refused.',
            ),
            message: Type.String(),
          },
          { description: 'The last tick without a job.' },
        ),
      ),
    },
    { title: 'Schedule' },
  );
}

export function scheduleSchemas(limits: Limits) {
  const fields = fieldSchemas(limits);
  const { cron, timeZone, jitterMs, overlap, missed, startAt, endAt, job } = fields;
  const schedule = scheduleSchema(fields);
  const page = {
    cursor: Type.Optional(Type.String({ description: '`next` of the page before.' })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: limits.listPageMax, description: '50 unless told.' })),
  };
  return {
    scheduleParams: Type.Object({ name: Type.String({ description: 'Name of a schedule.' }) }),
    scheduleBody: Type.Object(
      {
        cron,
        timeZone: Type.Optional(timeZone),
        jitterMs: Type.Optional(jitterMs),
        overlap: Type.Optional(overlap),
        missed: Type.Optional(missed),
        startAt: Type.Optional(startAt),
        endAt: Type.Optional(endAt),
        job,
      },
      {
        ...strict,
        title: 'PutSchedule',
        examples: [{ cron: '30 2 * * MON-FRI', timeZone: 'Europe/Berlin', overlap: 'skip', job: { type: 'sleep' } }],
      },
    ),
    schedule,
    schedulesQuery: Type.Object(page, strict),
    runsQuery: Type.Object(
      {
        state: Type.Optional(
          Type.Array(oneOf(SHOWN_STATES, 'As it is shown.'), {
            description: 'Only jobs in this state; may be repeated.',
          }),
        ),
        ...page,
      },
      strict,
    ),
    schedules: Type.Object(
      { schedules: Type.Array(schedule), next: nullable(Type.String()) },
      { title: 'SchedulePage' },
    ),
  };
}
