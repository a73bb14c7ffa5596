/** A job and a problem, as every answer shows them. */
import { Type } from 'typebox';
import { AFTER_POLICIES } from '../../core/after/after.ts';
import { SHOWN_STATES } from '../../core/state.ts';
import { UNIQUE_MODES } from '../../core/unique.ts';
import { nullable, oneOf, time } from './wire-parts.ts';
import { WaitingFor } from './wire-signals.ts';

const Progress = Type.Object({ percent: Type.Number(), message: nullable(Type.String()) }, { title: 'Progress' });

const JobError = Type.Object(
  { code: Type.String(), message: Type.String(), details: Type.Unknown() },
  { title: 'JobError' },
);

export const ScheduleTick = Type.Object(
  { name: Type.String(), tick: time('Of the schedule.') },
  { title: 'ScheduleTick', description: 'The tick that submitted it.' },
);

export const JobShape = Type.Object(
  {
    id: Type.String({ format: 'uuid' }),
    number: Type.Optional(
      Type.Integer({ description: 'Counts the jobs of all tenants; for admins, with include=number.' }),
    ),
    type: Type.String(),
    state: oneOf(SHOWN_STATES, 'succeeded, failed, cancelled and expired are final.'),
    progress: Progress,
    attempt: Type.Integer({ description: 'Attempts begun.' }),
    attemptsMax: Type.Integer(),
    priority: Type.Integer(),
    tags: Type.Record(Type.String(), Type.String()),
    revision: Type.Integer({ description: 'Grows with every change; the ETag is made of it.' }),
    resubmitOf: Type.Optional(Type.String({ format: 'uuid', description: 'The job that this one is a copy of.' })),
    schedule: Type.Optional(ScheduleTick),
    group: Type.Optional(Type.String({ format: 'uuid', description: 'The group that it is in.' })),
    waitingFor: Type.Optional(WaitingFor),
    traceparent: Type.Optional(
      Type.String({
        description: 'Where it stands in the trace of its submit (W3C Trace Context); docs/operations/tracing.md.',
      }),
    ),
    sequenceKey: Type.Optional(Type.String({ description: 'Jobs with the same key run one after another.' })),
    limit: Type.Optional(
      Type.Object(
        {
          key: Type.String(),
          concurrency: nullable(Type.Integer()),
          rate: nullable(Type.Object({ count: Type.Integer(), perMs: Type.Integer() })),
        },
        { description: 'As the job says it, or its type. GET /v1/limits/{key} says what holds for the key.' },
      ),
    ),
    unique: Type.Optional(
      Type.Object(
        {
          key: Type.String(),
          mode: oneOf(UNIQUE_MODES, 'What its submit asked for.'),
          forMs: Type.Optional(Type.Integer()),
          maxMs: Type.Optional(Type.Integer()),
        },
        { description: 'The key that it holds, or held, as the only one of its type.' },
      ),
    ),
    after: Type.Optional(Type.Array(Type.String({ format: 'uuid' }), { description: 'The jobs that it comes after.' })),
    afterPolicy: Type.Optional(oneOf(AFTER_POLICIES, 'How those have to end.')),
    createdAt: time('Submitted.'),
    runAt: time('Not run before.'),
    startedAt: nullable(time('Start of the latest attempt.')),
    finishedAt: nullable(time('Set exactly when the state is final.')),
    deadlineAt: nullable(time('Must be finished by then.')),
    retainUntil: nullable(time('Removed after this.')),
    cancelRequestedAt: nullable(time('A cancel is under way since.')),
    error: nullable(JobError),
    result: Type.Unknown({ description: 'Inline when it is JSON and small; always at links.result.' }),
    links: Type.Object({ self: Type.String(), result: Type.String(), events: Type.String(), cancel: Type.String() }),
  },
  { title: 'Job', $id: 'bide-job' },
);
/** Answers name their schemas, so that the reference page shows each once. */
export const JobRef = Type.Unsafe({ $ref: 'bide-job#' });

export const ProblemShape = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String(),
    instance: Type.Optional(Type.String()),
    code: Type.String({ description: 'Stable; docs/reference/errors.md lists them.' }),
    errors: Type.Optional(Type.Array(Type.Object({ path: Type.String(), message: Type.String() }))),
  },
  {
    title: 'Problem',
    $id: 'bide-problem',
    additionalProperties: true,
    description: 'RFC 9457. Further fields are the facts of the code.',
  },
);
export const ProblemRef = Type.Unsafe({ $ref: 'bide-problem#' });
export const PROBLEM_ID = 'bide-problem';
