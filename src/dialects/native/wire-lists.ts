/** The schemas of lists and counts of jobs. */
import { type TSchema, Type } from 'typebox';
import type { Limits } from '../../core/limits.ts';
import { SHOWN_STATES } from '../../core/state.ts';
import { nullable, oneOf, strict, time } from './wire-parts.ts';

/** What jobs a list has, and a bulk call changes. */
export function filterProperties(limits: Limits) {
  const tag = Type.String({ pattern: '^(?:[^:\\\\]|\\\\.)+:', examples: ['team:blue'] });
  return {
    state: oneOf(SHOWN_STATES, 'As it is shown.'),
    type: Type.String({ maxLength: limits.typeLengthMax }),
    tag,
    times: {
      createdFrom: Type.Optional(time('Submitted at or after.')),
      createdBefore: Type.Optional(time('Submitted before.')),
      finishedFrom: Type.Optional(time('Finished at or after.')),
      finishedBefore: Type.Optional(time('Finished before.')),
      errorCode: Type.Optional(
        Type.String({ minLength: 1, maxLength: 100, description: 'Failed, expired or cancelled with this error.' }),
      ),
      text: Type.Optional(
        Type.String({
          minLength: 1,
          maxLength: 200,
          description: 'In the id, a tag (as `name:value`) or the message of the error, in whatever case.',
        }),
      ),
    },
  };
}

export const TYPES_MAX = 100;
export const TAG_RULE = 'all must match. A colon in a name is written `\\:`, a backslash `\\\\`.';

export function listQuerySchema<Include extends TSchema>(limits: Limits, include: Include) {
  const { state, type, tag, times } = filterProperties(limits);
  return Type.Object(
    {
      state: Type.Optional(Type.Array(state, { description: 'May be repeated.' })),
      type: Type.Optional(Type.Array(type, { description: 'May be repeated.', maxItems: TYPES_MAX })),
      tag: Type.Optional(
        Type.Array(tag, { description: `\`name:value\`; may be repeated, ${TAG_RULE}`, maxItems: limits.tagsMax }),
      ),
      ...times,
      sort: Type.Optional(
        oneOf(
          ['newest', 'oldest', 'newestFinished', 'oldestFinished'],
          'By the time of the submit, or of the end: then only finished jobs are listed. Filters by end and error sort by end.',
        ),
      ),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: limits.listPageMax, default: 50 })),
      cursor: Type.Optional(Type.String({ description: 'The `next` of the page before.' })),
      total: Type.Optional(oneOf(['true', 'false'], 'Whether the answer says how many jobs fit in all.')),
      number: Type.Optional(Type.Integer({ minimum: 1, description: 'Only the job with it; needs the scope admin.' })),
      include,
    },
    strict,
  );
}

const Estimate = Type.Object(
  {
    count: Type.Integer(),
    exact: Type.Boolean({ description: 'False where counting stopped at its bound: then there are at least so many.' }),
  },
  { title: 'Estimate' },
);

export function listOf<Job extends TSchema>(job: Job) {
  return Type.Object(
    {
      jobs: Type.Array(job),
      next: nullable(Type.String()),
      searchStopped: Type.Optional(
        Type.Boolean({ description: 'The search for text looked at as many jobs as one call may; `next` goes on.' }),
      ),
      total: Type.Optional(Estimate),
    },
    { title: 'JobPage' },
  );
}

/** The filter of a list as JSON, in its words: one of each, or several. */
export function bulkSchemas(limits: Limits) {
  const { state, type, tag, times } = filterProperties(limits);
  const some = <Schema extends TSchema>(schema: Schema, maxItems: number, description: string) =>
    Type.Optional(Type.Union([schema, Type.Array(schema, { minItems: 1, maxItems })], { description }));
  return {
    bulkActionBody: Type.Object(
      {
        filter: Type.Object(
          {
            state: some(state, SHOWN_STATES.length, 'In this state, or in one of these.'),
            type: some(type, TYPES_MAX, 'Of this type, or of one of these.'),
            tag: some(tag, limits.tagsMax, 'With this tag, or with all of these, as `name:value`.'),
            ...times,
          },
          { ...strict, description: `As the query of GET /v1/jobs. Several tags: ${TAG_RULE}` },
        ),
        dryRun: Type.Optional(Type.Boolean({ description: 'Only answers how many there are.' })),
        confirm: Type.Optional(Type.Literal('all', { description: 'Needed where the filter fits all jobs.' })),
      },
      {
        ...strict,
        title: 'BulkAction',
        examples: [{ filter: { state: 'failed', type: 'sleep', finishedFrom: '2026-01-31T12:00:00Z' }, dryRun: true }],
      },
    ),
    bulkEstimate: Estimate,
  };
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
    counts: Type.Object(
      {
        total: Type.Object(perState),
        types: Type.Array(Type.Object({ type: Type.String(), ...perState })),
      },
      { title: 'Counts' },
    ),
  };
}

/** The jobs that one comes after, and those that come after it. */
export function relationSchemas<Job extends TSchema>(limits: Limits, job: Job) {
  return {
    parents: Type.Object(
      {
        jobs: Type.Array(Type.Union([job, Type.Object({ id: Type.String(), state: Type.Literal('unknown') })]), {
          description: 'In the order in which they were named; `unknown` are those that have been removed.',
        }),
      },
      { title: 'Parents' },
    ),
    childrenQuery: Type.Object(
      {
        limit: Type.Optional(Type.Integer({ minimum: 1, maximum: limits.listPageMax, default: 50 })),
        cursor: Type.Optional(Type.String({ description: 'The `next` of the page before.' })),
      },
      strict,
    ),
    children: listOf(job),
  };
}
