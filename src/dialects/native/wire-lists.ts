/** The schemas of lists and counts of jobs. */
import { type TSchema, Type } from 'typebox';
import type { Limits } from '../../core/limits.ts';
import { SHOWN_STATES } from '../../core/state.ts';
import { oneOf, strict, time } from './wire-parts.ts';

export function listQuerySchema<Include extends TSchema>(limits: Limits, include: Include) {
  return Type.Object(
    {
      state: Type.Optional(Type.Array(oneOf(SHOWN_STATES, 'May be repeated.'))),
      type: Type.Optional(Type.Array(Type.String(), { description: 'May be repeated.', maxItems: 100 })),
      tag: Type.Optional(
        Type.Array(Type.String({ pattern: '^(?:[^:\\\\]|\\\\.)+:', examples: ['team:blue'] }), {
          description:
            '`name:value`; may be repeated, all must match. A colon in a name is written `\\:`, a backslash `\\\\`.',
          maxItems: limits.tagsMax,
        }),
      ),
      createdFrom: Type.Optional(time('Submitted at or after.')),
      createdBefore: Type.Optional(time('Submitted before.')),
      finishedFrom: Type.Optional(time('Finished at or after.')),
      finishedBefore: Type.Optional(time('Finished before.')),
      errorCode: Type.Optional(
        Type.String({ minLength: 1, maxLength: 100, description: 'Failed, expired or cancelled with this error.' }),
      ),
      sort: Type.Optional(
        oneOf(
          ['newest', 'oldest', 'newestFinished', 'oldestFinished'],
          'By the time of the submit, or of the end: then only finished jobs are listed. Filters by end and error sort by end.',
        ),
      ),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: limits.listPageMax, default: 50 })),
      cursor: Type.Optional(Type.String({ description: 'The `next` of the page before.' })),
      number: Type.Optional(Type.Integer({ minimum: 1, description: 'Only the job with it; needs the scope admin.' })),
      include,
    },
    strict,
  );
}

export function countSchemas() {
  const count = Type.Integer();
  const states = { running: count, succeeded: count, failed: count, cancelled: count, expired: count };
  const perState = { ...states, waiting: Type.Integer({ description: 'Scheduled, queued or retrying.' }) };
  return {
    countsQuery: Type.Object(
      { type: Type.Optional(Type.Array(Type.String(), { description: 'May be repeated.', maxItems: 100 })) },
      strict,
    ),
    counts: Type.Object({
      total: Type.Object(perState),
      types: Type.Array(Type.Object({ type: Type.String(), ...perState })),
    }),
  };
}
