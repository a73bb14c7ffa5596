/** The schemas of logs and output: reading them, and what workers say and emit. */
import { Type } from 'typebox';
import type { Limits } from '../../core/limits.ts';
import { LOG_LEVELS } from '../../core/log-line.ts';
import { durations, nullable, oneOf, strict, time } from './wire-parts.ts';

const LogLineShape = Type.Object(
  {
    offset: Type.Integer({ description: 'Grows from line to line.' }),
    attempt: Type.Integer({ description: 'Who said it; 0 for the line that stands for those left out.' }),
    at: time('When it was said.'),
    level: oneOf(LOG_LEVELS, 'From little to much.'),
    line: Type.String(),
    fields: nullable(Type.Object({}, { description: 'What was said beside the line.' })),
  },
  { title: 'LogLine' },
);

const ChunkShape = Type.Object(
  {
    offset: Type.Integer({ description: 'Grows from chunk to chunk, also from run to run.' }),
    attempt: Type.Integer({ description: 'Who emitted it.' }),
    fence: Type.Integer({
      description: 'Of the run that emitted it. Where it grows, output begins anew: drop what came before.',
    }),
    at: time('When it was emitted.'),
    chunk: Type.Unknown({ description: 'A JSON value, as it was emitted.' }),
  },
  { title: 'OutputChunk' },
);

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
    outputQuery: Type.Object(
      {
        after: Type.Optional(
          Type.Integer({ minimum: 0, description: 'Only chunks behind this offset: the `next` of the answer before.' }),
        ),
        attempt: Type.Optional(Type.Integer({ minimum: 1, description: 'Only what this attempt emitted.' })),
        limit: Type.Optional(Type.Integer({ minimum: 1, maximum: limits.logPageMax, default: limits.logPageMax })),
        wait: Type.Optional(seconds('Seconds to hold the answer while there is no such chunk.')),
      },
      strict,
    ),
    output: Type.Object(
      {
        chunks: Type.Array(ChunkShape),
        next: Type.Integer({ description: 'Pass as `after` for what comes behind these chunks.' }),
        done: Type.Boolean({ description: 'The job is final and these are its last chunks.' }),
      },
      { title: 'OutputPage' },
    ),
    logs: Type.Object(
      {
        lines: Type.Array(LogLineShape),
        next: Type.Integer({ description: 'Pass as `after` for what comes behind these lines.' }),
        done: Type.Boolean({ description: 'The job is final and these are its last lines.' }),
      },
      { title: 'LogPage' },
    ),
  };
}

/** What comes with a heartbeat. */
export function heartbeatLog(limits: Limits) {
  return Type.Array(
    Type.Object(
      {
        line: Type.String({ description: 'What was said.' }),
        level: Type.Optional(oneOf(LOG_LEVELS, 'info where left out.')),
        fields: Type.Optional(
          Type.Record(Type.String(), Type.Unknown(), { description: 'What belongs to the line, by name.' }),
        ),
        at: Type.Optional(time('When it was said; now where left out.')),
      },
      strict,
    ),
    { maxItems: limits.logLinesPerSecondMax, description: 'What the work has said since the last one.' },
  );
}

/** What comes with a heartbeat. */
export function heartbeatOutput(limits: Limits) {
  return Type.Array(Type.Unknown({ description: 'A JSON value or a string.' }), {
    maxItems: limits.logLinesPerSecondMax,
    description:
      'What the work has emitted since the last one. With OUTPUT_TOO_LARGE none of it is kept: report the failure.',
  });
}
