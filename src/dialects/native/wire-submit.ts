/** The schema of a submit. */
import { Type } from 'typebox';
import { AFTER_POLICIES } from '../../core/after/after.ts';
import type { Limits } from '../../core/limits.ts';
import { UNIQUE_MODES } from '../../core/unique.ts';
import { keyLimitSchema } from './wire-limits.ts';
import { durations, nullable, oneOf, strict, time } from './wire-parts.ts';
import { callbackSchema } from './wire-webhooks.ts';

export function submitSchema(limits: Limits) {
  return Type.Object(
    {
      type: Type.String({
        minLength: 1,
        maxLength: limits.typeLengthMax,
        description: 'Name of a configured job type.',
      }),
      ...submittedWith(limits),
    },
    { ...strict, title: 'Submit' },
  );
}

/** What a group submits at its end: once, and then. */
export function followUpSchema(limits: Limits) {
  const { type } = submitSchema(limits).properties;
  const { tags, priority, delayMs, timeoutMs, deadlineMs, retry, retainMs, callback, sequenceKey, limit } =
    submittedWith(limits);
  const rest = { tags, priority, delayMs, timeoutMs, deadlineMs, retry, retainMs, callback, sequenceKey, limit };
  const input = Type.Optional(
    Type.Unknown({ description: 'An object, which gets `group`: its id, outcome, total and counts.' }),
  );
  return Type.Object({ type, input, ...rest }, { ...strict, title: 'FollowUp' });
}

/** What a copy of a job may have other than the job. */
export function changeSchemas(limits: Limits) {
  const { tags, priority, ...rest } = submittedWith(limits);
  const nothing = { minProperties: 1 };
  return {
    resubmit: Type.Object(
      { tags, priority, ...rest },
      { ...strict, title: 'Resubmit', examples: [{ input: { page: 2 } }] },
    ),
    amend: Type.Object(
      {
        priority,
        tags,
        runAt: Type.Optional(nullable(time('Not before this time; null is now.'))),
        deadlineAt: Type.Optional(nullable(time('Must be finished by then; null takes the deadline away.'))),
      },
      { ...strict, ...nothing, title: 'Amend', examples: [{ priority: -5, tags: { team: 'blue' } }] },
    ),
    amendHeaders: Type.Object({
      'if-match': Type.Optional(Type.String({ description: 'The ETag of the job: changed only while it is so.' })),
    }),
  };
}

function uniqueSchema(limits: Limits) {
  const { ms } = durations(limits);
  return Type.Object(
    {
      key: Type.String({
        minLength: 1,
        maxLength: limits.uniqueKeyLengthMax,
        description: 'Of the tenant and type. The newest job with it holds it until it is final.',
      }),
      mode: Type.Enum([...UNIQUE_MODES], {
        description:
          'Where another job holds the key: reject is 409, existing answers with it, replace gives it the new input while it waits, debounce also moves its time, rerun makes one more job after one that has begun.',
      }),
      forMs: Type.Optional(
        ms(limits.delayMsMax, 'Holds the key so long, also when the job is final. With debounce: the quiet time.', 1),
      ),
      maxMs: Type.Optional(ms(limits.delayMsMax, 'With debounce: runs no later than this after the first submit.', 1)),
    },
    {
      ...strict,
      title: 'Unique',
      description: 'What becomes of the submit while another job of the type holds the same key.',
    },
  );
}

function tagsSchema({ tagsMax, tagKeyLengthMax, tagValueLengthMax }: Limits) {
  return Type.Record(Type.String(), Type.String(), {
    maxProperties: tagsMax,
    description: `Names and values of your own, to find the job by. At most ${tagsMax}; names up to ${tagKeyLengthMax} characters, values up to ${tagValueLengthMax}.`,
  });
}

function retrySchema(limits: Limits) {
  const { ms } = durations(limits);
  const attempts = Type.Integer({
    minimum: 1,
    maximum: limits.attemptsMax,
    description: 'How often it is tried in all, the first time included.',
  });
  return Type.Object(
    {
      attempts: Type.Optional(attempts),
      backoffMs: Type.Optional(ms(limits.timeoutMsMax, 'Wait after the first failed attempt.')),
      factor: Type.Optional(Type.Number({ minimum: 1, maximum: 10, description: 'Growth of the wait.' })),
      maxMs: Type.Optional(ms(limits.timeoutMsMax, 'Longest wait.')),
    },
    {
      ...strict,
      title: 'Retry',
      description:
        'When and how often a failed attempt is tried again. Fields that are left out are those of the type.',
    },
  );
}

export function submittedWith(limits: Limits) {
  const { ms } = durations(limits);
  return {
    input: Type.Optional(Type.Unknown({ description: 'Any JSON; checked against the schema of the type.' })),
    tags: Type.Optional(tagsSchema(limits)),
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
    retry: Type.Optional(nullable(retrySchema(limits))),
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
    ...afterProperties(limits),
    callback: Type.Optional(nullable(callbackSchema(limits))),
    limit: Type.Optional(nullable(keyLimitSchema(limits))),
    unique: Type.Optional(nullable(uniqueSchema(limits))),
    sequenceKey: Type.Optional(
      nullable(
        Type.String({
          minLength: 1,
          maxLength: limits.sequenceKeyLengthMax,
          description: 'Jobs with the same key run one after another.',
        }),
      ),
    ),
  };
}

function afterProperties(limits: Limits) {
  return {
    after: Type.Optional(
      nullable(
        Type.Array(Type.String({ maxLength: 100 }), {
          maxItems: limits.parentsMax,
          description: 'Ids of jobs that have to end before this one may run.',
        }),
      ),
    ),
    afterPolicy: Type.Optional(
      nullable(
        oneOf(
          AFTER_POLICIES,
          'How they have to end: `succeeded` unless told, and else this one fails with PARENT_FAILED; `final`: in whatever way.',
        ),
      ),
    ),
  };
}
