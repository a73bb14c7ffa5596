/** The schemas of logs: reading them, and what workers say. */
import { Type } from 'typebox';
import type { Limits } from '../../core/limits.ts';
import { LOG_LEVELS } from '../../core/log-line.ts';
import { durations, nullable, oneOf, strict, time } from './wire-parts.ts';

const LogLineShape = Type.Object({
  offset: Type.Integer({ description: 'Grows from line to line.' }),
  attempt: Type.Integer({ description: 'Who said it; 0 for the line that stands for those left out.' }),
  at: time('When it was said.'),
  level: oneOf(LOG_LEVELS, 'From little to much.'),
  line: Type.String(),
  fields: nullable(Type.Object({})),
});

export function logSchemas(limits: Limits) {
  const { seconds } = durations(limits);
  return {
    logsQuery: Type.Object(
      {
        after: Type.Optional(
          Type.Integer({ minimum: 0, description: 'Only lines behind this offset: the `next` of the answer before.' }),
        ),
        attempt: Type.Optional(Type.Integer({ minimum: 1, description: 'Only what this attempt said.' })),
        level: Type.Optional(oneOf(LOG_LEVELS, 'Only lines at this level or above.')),
        limit: Type.Optional(Type.Integer({ minimum: 1, maximum: limits.logPageMax, default: limits.logPageMax })),
        wait: Type.Optional(seconds('Seconds to hold the answer while there is no such line.')),
      },
      strict,
    ),
    logs: Type.Object({
      lines: Type.Array(LogLineShape),
      next: Type.Integer({ description: 'Pass as `after` for what comes behind these lines.' }),
      done: Type.Boolean({ description: 'The job is final and these are its last lines.' }),
    }),
  };
}

/** What comes with a heartbeat. */
export function heartbeatLog(limits: Limits) {
  return Type.Array(
    Type.Object(
      {
        line: Type.String(),
        level: Type.Optional(oneOf(LOG_LEVELS, 'info where left out.')),
        fields: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
        at: Type.Optional(time('When it was said; now where left out.')),
      },
      strict,
    ),
    { maxItems: limits.logLinesPerSecondMax, description: 'What the work has said since the last one.' },
  );
}
