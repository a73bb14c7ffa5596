/**
 * The native API as schemas: each is validation, type and OpenAPI at once.
 *
 * They are made from the limits, so that the reference page and every refusal name the values that are in force. Bodies are taken
 * strictly: no coercion, no unknown field. Times are ISO 8601 strings, durations in bodies are milliseconds (`…Ms`), waits are seconds.
 */
import { type Static, Type } from 'typebox';
import type { Limits } from '../../core/limits.ts';
import { auditSchemas } from './wire-audit.ts';
import { feedSchemas } from './wire-feed.ts';
import { GroupShape, groupSchemas } from './wire-groups.ts';
import { JobRef, JobShape, ProblemRef, ProblemShape } from './wire-job.ts';
import { keySchemas } from './wire-keys.ts';
import { limitSchemas } from './wire-limits.ts';
import { bulkSchemas, countSchemas, listOf, listQuerySchema, relationSchemas } from './wire-lists.ts';
import { logSchemas } from './wire-logs.ts';
import { durations, oneOf, strict } from './wire-parts.ts';
import { scheduleSchemas } from './wire-schedules.ts';
import { changeSchemas, followUpSchema, submitSchema } from './wire-submit.ts';
import { tokenSchemas } from './wire-tokens.ts';
import { typeSchemas } from './wire-types.ts';
import { webhookSchemas } from './wire-webhooks.ts';
import { claimSchemas, reportSchemas } from './wire-work.ts';
import { workerSchemas } from './wire-workers.ts';

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
        output: Type.Optional(
          oneOf(['true', 'false'], 'Whether the chunks of the output come as events, named `output`.'),
        ),
        outputAfter: Type.Optional(
          Type.Integer({ minimum: 0, description: 'Only chunks behind this offset, where Last-Event-ID names none.' }),
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
    keysQuery: Type.Object(
      { tenant: Type.Optional(Type.String({ description: 'Only keys of this tenant.' })) },
      strict,
    ),
  };
}

/** Many jobs in one call. */
function manySchemas(limits: Limits) {
  const { seconds } = durations(limits);
  return {
    bulkBody: Type.Object(
      {
        jobs: Type.Array(Type.Unknown({ description: 'Each like the body of a single submit.' }), {
          minItems: 1,
          maxItems: limits.jobsPerCallMax,
        }),
      },
      { ...strict, title: 'SubmitMany' },
    ),
    bulk: Type.Object(
      {
        items: Type.Array(
          Type.Union([
            Type.Object({ status: Type.Integer(), job: JobRef }),
            Type.Object({ status: Type.Integer(), error: ProblemRef }),
          ]),
        ),
      },
      { title: 'SubmittedMany' },
    ),
    waitBody: Type.Object(
      {
        ids: Type.Array(Type.String(), { minItems: 1, maxItems: limits.idsPerCallMax }),
        for: Type.Optional(oneOf(['all', 'any'], 'Until all of them are final, or one.')),
        timeout: Type.Optional(seconds('Seconds to wait; 30 where left out.')),
      },
      { ...strict, title: 'WaitForMany' },
    ),
    waited: Type.Object(
      {
        satisfied: Type.Boolean({
          description: 'False when the time ran out, or when a job of `all`, or each of `any`, is unknown or removed.',
        }),
        jobs: Type.Array(Type.Union([JobRef, Type.Object({ id: Type.String(), state: Type.Literal('unknown') })]), {
          description: 'In the order of the ids.',
        }),
      },
      { title: 'WaitedForMany' },
    ),
  };
}

function sideSchemas(limits: Limits) {
  return { ...auditSchemas(limits), ...tokenSchemas(limits), ...logSchemas(limits), ...keySchemas() };
}

export function wireOf(limits: Limits) {
  const submit = submitSchema(limits);
  return {
    submit,
    /** To be added to the instance before any route names them. */
    named: [JobShape, ProblemShape, GroupShape],
    job: JobRef,
    idParams: Type.Object({ id: Type.String({ description: 'Id of a job.' }) }),
    deliveryParams: (of: 'job' | 'webhook') =>
      Type.Object({
        id: Type.String({ description: `Id of a ${of}.` }),
        delivery: Type.String({ description: 'Id of a delivery.' }),
      }),
    keyParams: Type.Object({ id: Type.String({ description: 'Id of a key.' }) }),
    webhookParams: Type.Object({ id: Type.String({ description: 'Id of a webhook.' }) }),
    ...manySchemas(limits),
    ...groupSchemas(limits, { submit, followUp: followUpSchema(limits), job: JobRef }),
    ...changeSchemas(limits),
    ...countSchemas(),
    list: listOf(JobRef),
    ...relationSchemas(limits, JobRef),
    ...bulkSchemas(limits),
    ...typeSchemas(),
    ...workerSchemas(),
    ...querySchemas(limits),
    ...sideSchemas(limits),
    ...feedSchemas(limits, JobRef),
    ...claimSchemas(limits),
    ...reportSchemas(limits),
    ...webhookSchemas(limits),
    ...{ ...scheduleSchemas(limits), ...limitSchemas(limits) },
  };
}

export type Wire = ReturnType<typeof wireOf>;
export type TokenBody = Static<Wire['tokenBody']>;
export type BulkActionBody = Static<Wire['bulkActionBody']>;
export type AmendBody = Static<Wire['amend']>;
export type ResubmitBody = Static<Wire['resubmit']>;
export type AuditQuery = Static<Wire['auditQuery']>;
export type SubmitBody = Static<Wire['submit']>;
export type GroupBody = Static<Wire['groupBody']>;
export type FollowUpBody = NonNullable<GroupBody['onSuccess']>;
export type GroupAddBody = Static<Wire['groupAddBody']>;
export type GroupQuery = Static<Wire['groupQuery']>;
export type GroupsQuery = Static<Wire['groupsQuery']>;
export type GroupJobsQuery = Static<Wire['groupJobsQuery']>;
export type GroupEventsQuery = Static<Wire['groupEventsQuery']>;
export type BulkBody = Static<Wire['bulkBody']>;
export type WaitBody = Static<Wire['waitBody']>;
export type ClaimBody = Static<Wire['claimBody']>;
export type HeartbeatBody = Static<Wire['heartbeatBody']>;
export type SucceedBody = Static<Wire['succeedBody']>;
export type SignalParams = Static<Wire['signalParams']>;
export type SignalBody = Static<Wire['signalBody']>;
export type ReleaseBody = Static<Wire['releaseBody']>;
export type FailBody = Static<Wire['failBody']>;
export type KeyBody = Static<Wire['keyBody']>;
export type WebhookBody = Static<Wire['webhookBody']>;
export type WebhookChangeBody = Static<Wire['webhookChange']>;
export type SecretBody = Static<Wire['secretBody']>;
export type RedeliverBody = Static<Wire['redeliverBody']>;
export type DeliveriesQuery = Static<Wire['deliveriesQuery']>;
export type PutLimitBody = Static<Wire['limitBody']>;
export type CloseLimitBody = Static<Wire['closeBody']>;
export type LimitsQuery = Static<Wire['limitsQuery']>;
export type PutScheduleBody = Static<Wire['scheduleBody']>;
export type RunsQuery = Static<Wire['runsQuery']>;
export type SchedulesQuery = Static<Wire['schedulesQuery']>;
export type SubmitQuery = Static<Wire['submitQuery']>;
export type JobQuery = Static<Wire['jobQuery']>;
export type EventsQuery = Static<Wire['eventsQuery']>;
export type FeedQuery = Static<Wire['feedQuery']>;
export type LogsQuery = Static<Wire['logsQuery']>;
export type ChildrenQuery = Static<Wire['childrenQuery']>;
export type ListQuery = Static<Wire['listQuery']>;
export type CountsQuery = Static<Wire['countsQuery']>;
export type SucceedQuery = Static<Wire['succeedQuery']>;
export type StatsQuery = Static<Wire['statsQuery']>;
export type KeysQuery = Static<Wire['keysQuery']>;
