/** The schemas of job types and of figures over time. */
import { Type } from 'typebox';
import type { StatFigures } from '../../core/stat-figures.ts';
import { runTimeAt } from '../../core/stat-figures.ts';
import { nullable, strict, time } from './wire-parts.ts';

/** A day by minutes. */
export const POINTS_MAX = 1_440;
export const STEPS = [1, 5, 15, 60] as const;
export const MINUTES_MAX = POINTS_MAX * 60;

const count = (description: string) => Type.Integer({ description });
const ms = (description: string) =>
  nullable(Type.Integer({ description: `${description}, in ms; null where none ended.` }));

const FIGURES = {
  submitted: count('Jobs submitted.'),
  succeeded: count('Jobs that succeeded.'),
  failed: count('Jobs that failed for good.'),
  cancelled: count('Jobs cancelled.'),
  expired: count('Jobs whose deadline passed.'),
  retried: count('Attempts that failed and are made again.'),
  runs: count('Attempts that ended a job, whose times the following are.'),
  runMs: count('What they took together, in ms.'),
  runMsP50: ms('What half of them took at most'),
  runMsP95: ms('What 95 % of them took at most'),
};

const Figures = Type.Object(FIGURES, { title: 'Figures' });

const TypeShape = Type.Object(
  {
    name: Type.String({ examples: ['thumbnail'] }),
    kind: Type.String({ description: 'What runs it.', examples: ['function'] }),
    slots: Type.Integer({ description: 'Jobs of it that run at once in one process.' }),
    agingMs: nullable(
      Type.Integer({ description: 'How much later a job of the priority above has to be to come behind.' }),
    ),
    expectedMs: nullable(Type.Integer({ description: 'How long a job usually takes, by the config.' })),
    limit: nullable(
      Type.Object(
        {
          concurrency: nullable(Type.Integer()),
          rate: nullable(Type.Object({ count: Type.Integer(), perMs: Type.Integer() })),
          perKey: Type.Boolean({
            description:
              'Of each key that the config makes of the input, as GET /v1/limits shows them; else of the type as a whole.',
          }),
        },
        { description: 'How much of it runs in all processes together: so many at once, so many starts in a time.' },
      ),
    ),
    description: nullable(Type.String({ description: 'What the config says about it.' })),
    inputSchema: Type.Unknown({ description: 'The schema of its input as JSON Schema; null where there is none.' }),
    paused: Type.Boolean({ description: 'Whether nothing of it is started, for no tenant.' }),
    pausedAt: nullable(time('Since when it is paused.')),
    running: count('Jobs that run now.'),
    waiting: count('Jobs that are scheduled, queued or retrying now.'),
    oldestWaitingMs: nullable(Type.Integer({ description: 'For how long the first of them has been due.' })),
    last5Minutes: Figures,
    last60Minutes: Figures,
    errors: Type.Array(Type.Object({ code: Type.String(), count: Type.Integer() }), {
      description: 'Jobs that failed in the last 60 minutes by the code of their error, the most frequent first.',
    }),
  },
  { title: 'JobType' },
);

export function typeSchemas() {
  return {
    type: TypeShape,
    types: Type.Object({ types: Type.Array(TypeShape) }, { title: 'JobTypes' }),
    typeParams: Type.Object({ type: Type.String({ description: 'Name of a type.' }) }),
    statsQuery: Type.Object(
      {
        minutes: Type.Optional(
          Type.Integer({ minimum: 1, maximum: MINUTES_MAX, default: 60, description: 'How far back.', examples: [60] }),
        ),
        step: Type.Optional(
          Type.Integer({
            enum: [...STEPS],
            description: `Minutes of one point: 1, 5, 15 or 60; by itself what makes 360 points at most. At most ${POINTS_MAX} points are answered.`,
          }),
        ),
        type: Type.Optional(Type.String({ description: 'Only of this type.' })),
      },
      strict,
    ),
    stats: Type.Object(
      {
        stepMinutes: Type.Integer({ description: 'Minutes of one point.' }),
        points: Type.Array(
          Type.Object({
            at: time('When it began.'),
            ...FIGURES,
            waiting: count('Most jobs waiting at the end of a minute.'),
          }),
          { description: 'By time, without a gap; the last one is under way.' },
        ),
      },
      { title: 'Stats' },
    ),
  };
}

/** As callers see them. */
export function figuresBody(figures: StatFigures) {
  const { submitted, succeeded, failed, cancelled, expired, retried, runs, runMs } = figures;
  const quantiles = { runMsP50: runTimeAt(figures, 0.5), runMsP95: runTimeAt(figures, 0.95) };
  return { submitted, succeeded, failed, cancelled, expired, retried, runs, runMs, ...quantiles };
}
