/**
 * The native API as schemas: each is validation, type and OpenAPI at once.
 *
 * They are made from the limits, so that the reference page and every refusal name the values that are in force. Bodies are taken
 * strictly: no coercion, no unknown field. Times are ISO 8601 strings, durations in bodies are milliseconds (`…Ms`), waits are seconds.
 */
import { type Static, type TSchema, Type } from 'typebox';
import type { Limits } from '../../core/limits.ts';
import { SHOWN_STATES } from '../../core/state.ts';
import { SCOPES } from '../../engine/api.ts';
import { heartbeatLog, logSchemas } from './wire-logs.ts';
import { durations, nullable, oneOf, strict, time } from './wire-parts.ts';

const Fence = Type.Integer({ minimum: 0, description: 'From the claim; an old one is refused with FENCE_OLD.' });

function submitSchema(limits: Limits) {
  const { ms } = durations(limits);
  return Type.Object(
    {
      type: Type.String({
        minLength: 1,
        maxLength: limits.typeLengthMax,
        description: 'Name of a configured job type.',
      }),
      input: Type.Optional(Type.Unknown({ description: 'Any JSON; checked against the schema of the type.' })),
      tags: Type.Optional(Type.Record(Type.String(), Type.String(), { maxProperties: limits.tagsMax })),
      priority: Type.Optional(
        Type.Integer({
          minimum: -limits.priorityMax,
          maximum: limits.priorityMax,
          description: 'Higher runs first; above 0 needs the scope priority.',
        }),
      ),
      runAt: Type.Optional(nullable(time('Not before this time.'))),
      delayMs: Type.Optional(nullable(ms(limits.delayMsMax, 'Not before this long from now.'))),
      timeoutMs: Type.Optional(nullable(ms(limits.timeoutMsMax, 'Longest time of one attempt.', 1))),
      deadlineMs: Type.Optional(nullable(ms(limits.timeoutMsMax, 'Longest time of the whole job.', 1))),
      retry: Type.Optional(
        nullable(
          Type.Object(
            {
              attempts: Type.Optional(Type.Integer({ minimum: 1, maximum: limits.attemptsMax })),
              backoffMs: Type.Optional(ms(limits.timeoutMsMax, 'Wait after the first failed attempt.')),
              factor: Type.Optional(Type.Number({ minimum: 1, maximum: 10, description: 'Growth of the wait.' })),
              maxMs: Type.Optional(ms(limits.timeoutMsMax, 'Longest wait.')),
            },
            strict,
          ),
        ),
      ),
      retainMs: Type.Optional(nullable(ms(limits.retainMsMax, 'How long the finished job is kept.'))),
      idempotencyKey: Type.Optional(
        nullable(
          Type.String({
            minLength: 1,
            maxLength: limits.idempotencyKeyLengthMax,
            description: 'For items of a bulk; a single submit may use the Idempotency-Key header instead.',
          }),
        ),
      ),
      sequenceKey: Type.Optional(
        nullable(
          Type.String({
            minLength: 1,
            maxLength: limits.sequenceKeyLengthMax,
            description: 'Jobs with the same key run one after another.',
          }),
        ),
      ),
    },
    { ...strict, title: 'Submit' },
  );
}

const Progress = Type.Object({ percent: Type.Number(), message: nullable(Type.String()) });

const JobError = Type.Object({
  code: Type.String(),
  message: Type.String(),
  details: Type.Unknown(),
});

const JobShape = Type.Object(
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
const JobRef = Type.Unsafe({ $ref: 'bide-job#' });

const ProblemShape = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String(),
    instance: Type.Optional(Type.String()),
    code: Type.String({ description: 'Stable; docs/errors.md lists them.' }),
    errors: Type.Optional(Type.Array(Type.Object({ path: Type.String(), message: Type.String() }))),
  },
  { title: 'Problem', $id: 'bide-problem' },
);
const ProblemRef = Type.Unsafe({ $ref: 'bide-problem#' });
export const PROBLEM_ID = 'bide-problem';

const leaseMs = (limits: Limits) =>
  Type.Integer({ minimum: 1, maximum: limits.leaseMsMax, description: 'How long the job is held.' });

function claimSchemas(limits: Limits) {
  const { seconds } = durations(limits);
  return {
    claimBody: Type.Object(
      {
        types: Type.Array(Type.String({ minLength: 1, maxLength: limits.typeLengthMax }), {
          minItems: 1,
          maxItems: 100,
        }),
        max: Type.Optional(Type.Integer({ minimum: 1, maximum: limits.claimMax, default: 1 })),
        wait: Type.Optional(seconds('Seconds to wait for a first job.')),
        leaseMs: Type.Optional(leaseMs(limits)),
        worker: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: 'Shown with the job.' })),
      },
      strict,
    ),
    claimed: Type.Object({
      jobs: Type.Array(
        Type.Object({
          id: Type.String({ format: 'uuid' }),
          type: Type.String(),
          input: Type.Unknown(),
          attempt: Type.Integer(),
          attemptsMax: Type.Integer(),
          fence: Fence,
          timeoutMs: nullable(Type.Integer()),
          deadlineAt: nullable(time('Must be finished by then.')),
          leaseUntil: nullable(time('Send a heartbeat before.')),
          tags: Type.Record(Type.String(), Type.String()),
        }),
      ),
    }),
  };
}

function reportSchemas(limits: Limits) {
  const { ms, seconds } = durations(limits);
  return {
    heartbeatBody: Type.Object(
      {
        fence: Fence,
        progress: Type.Optional(
          Type.Object(
            {
              percent: Type.Optional(Type.Number({ minimum: 0, maximum: 100 })),
              message: Type.Optional(nullable(Type.String())),
            },
            strict,
          ),
        ),
        log: Type.Optional(heartbeatLog(limits)),
        leaseMs: Type.Optional(leaseMs(limits)),
        wait: Type.Optional(seconds('Seconds to hold the answer while no cancel is requested.')),
      },
      strict,
    ),
    heartbeat: Type.Object({ cancelRequested: Type.Boolean(), leaseUntil: time('Send the next one before.') }),
    succeedBody: Type.Object({ fence: Fence, result: Type.Optional(Type.Unknown({ description: 'JSON.' })) }, strict),
    failBody: Type.Object(
      {
        fence: Fence,
        error: Type.Object(
          {
            code: Type.String({ minLength: 1, maxLength: 100 }),
            message: Type.String(),
            details: Type.Optional(Type.Unknown()),
          },
          strict,
        ),
        retryable: Type.Optional(Type.Boolean({ default: true })),
        retryAfterMs: Type.Optional(ms(limits.timeoutMsMax, 'Not tried again before this long from now.')),
      },
      strict,
    ),
  };
}

function keySchemas() {
  const shape = {
    id: Type.String(),
    tenant: Type.String(),
    name: Type.String(),
    scopes: Type.Array(oneOf(SCOPES, '`admin` includes the others and manages the keys of all tenants.')),
    createdAt: time('Made.'),
    revokedAt: nullable(time('Refused since.')),
    expiresAt: nullable(time('Refused from then on.')),
  };
  return {
    keyBody: Type.Object(
      {
        name: Type.String({ minLength: 1, maxLength: 100 }),
        tenant: Type.Optional(Type.String({ description: 'Your own where left out.' })),
        scopes: Type.Array(oneOf(SCOPES, 'What the key may do.'), { minItems: 1, maxItems: SCOPES.length }),
        expiresAt: Type.Optional(nullable(time('Refused from then on; without end where left out.'))),
      },
      strict,
    ),
    key: Type.Object(shape, { title: 'Key' }),
    keyCreated: Type.Object({ ...shape, key: Type.String({ description: 'Shown here and never again.' }) }),
  };
}

function listQuerySchema<Include extends TSchema>(limits: Limits, include: Include) {
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

function countSchemas() {
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

function querySchemas(limits: Limits) {
  const { seconds } = durations(limits);
  const wait = Type.Optional(seconds('Seconds to hold the answer. `Prefer: wait=N` does the same.'));
  const include = Type.Optional(oneOf(['number'], 'Adds the number of the job; needs the scope admin.'));
  return {
    submitQuery: Type.Object({ wait }, strict),
    jobQuery: Type.Object(
      {
        wait,
        until: Type.Optional(
          oneOf(['done', 'change'], 'What is waited for; `change` is the default with If-None-Match, else `done`.'),
        ),
        include,
      },
      strict,
    ),
    eventsQuery: Type.Object(
      {
        logs: Type.Optional(oneOf(['true', 'false'], 'Whether the lines of the log come as events, named `log`.')),
        logsAfter: Type.Optional(
          Type.Integer({ minimum: 0, description: 'Only lines behind this offset, where Last-Event-ID names none.' }),
        ),
        lastEventId: Type.Optional(
          Type.Integer({ minimum: 0, description: 'As the header Last-Event-ID, which wins, for who cannot set it.' }),
        ),
      },
      strict,
    ),
    eventsHeaders: Type.Object({
      'last-event-id': Type.Optional(
        Type.String({ description: 'A revision that is known: only what is newer is sent.' }),
      ),
    }),
    listQuery: listQuerySchema(limits, include),
    succeedQuery: Type.Object(
      {
        fence: Type.Optional(
          Type.Integer({ minimum: 0, description: 'With it the body is the result itself, of any content type.' }),
        ),
      },
      strict,
    ),
    keysQuery: Type.Object({ tenant: Type.Optional(Type.String()) }, strict),
  };
}

export function wireOf(limits: Limits) {
  const { seconds } = durations(limits);
  const submit = submitSchema(limits);
  return {
    submit,
    /** To be added to the instance before any route names them. */
    named: [JobShape, ProblemShape],
    job: JobRef,
    idParams: Type.Object({ id: Type.String({ description: 'Id of a job.' }) }),
    bulkBody: Type.Object(
      {
        jobs: Type.Array(Type.Unknown({ description: 'Each like the body of a single submit.' }), {
          minItems: 1,
          maxItems: limits.jobsPerCallMax,
        }),
      },
      strict,
    ),
    bulk: Type.Object({
      items: Type.Array(
        Type.Union([
          Type.Object({ status: Type.Integer(), job: JobRef }),
          Type.Object({ status: Type.Integer(), error: ProblemRef }),
        ]),
      ),
    }),
    waitBody: Type.Object(
      {
        ids: Type.Array(Type.String(), { minItems: 1, maxItems: limits.idsPerCallMax }),
        for: Type.Optional(oneOf(['all', 'any'], 'Until all of them are final, or one.')),
        timeout: Type.Optional(seconds('Seconds to wait; 30 where left out.')),
      },
      strict,
    ),
    waited: Type.Object({
      satisfied: Type.Boolean({
        description: 'False when the time ran out, or when a job of `all`, or each of `any`, is unknown or removed.',
      }),
      jobs: Type.Array(Type.Union([JobRef, Type.Object({ id: Type.String(), state: Type.Literal('unknown') })]), {
        description: 'In the order of the ids.',
      }),
    }),
    list: Type.Object({ jobs: Type.Array(JobRef), next: nullable(Type.String()) }),
    types: Type.Object({
      types: Type.Array(Type.Object({ name: Type.String(), kind: Type.String(), slots: Type.Integer() })),
    }),
    ...countSchemas(),
    ...querySchemas(limits),
    ...logSchemas(limits),
    ...claimSchemas(limits),
    ...reportSchemas(limits),
    ...keySchemas(),
  };
}

export type Wire = ReturnType<typeof wireOf>;
export type SubmitBody = Static<Wire['submit']>;
export type BulkBody = Static<Wire['bulkBody']>;
export type WaitBody = Static<Wire['waitBody']>;
export type ClaimBody = Static<Wire['claimBody']>;
export type HeartbeatBody = Static<Wire['heartbeatBody']>;
export type SucceedBody = Static<Wire['succeedBody']>;
export type FailBody = Static<Wire['failBody']>;
export type KeyBody = Static<Wire['keyBody']>;
export type SubmitQuery = Static<Wire['submitQuery']>;
export type JobQuery = Static<Wire['jobQuery']>;
export type EventsQuery = Static<Wire['eventsQuery']>;
export type LogsQuery = Static<Wire['logsQuery']>;
export type ListQuery = Static<Wire['listQuery']>;
export type CountsQuery = Static<Wire['countsQuery']>;
export type SucceedQuery = Static<Wire['succeedQuery']>;
export type KeysQuery = Static<Wire['keysQuery']>;
