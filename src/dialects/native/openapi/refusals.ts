/**
 * Which errors each operation may answer with. What follows from the form of an operation (a key, a body, a query, an id in the path) is derived;
 * the rest stands here. Tests of the API fail where an answer has a code that its operation does not name.
 */
import type { ErrorCode } from '../../../core/errors.ts';
import type { Operation } from './document-parts.ts';

type Codes = readonly ErrorCode[];

const SECURED: Codes = ['UNAUTHENTICATED', 'SCOPE_MISSING', 'CSRF_MISSING'];
const WITH_BODY: Codes = [
  'MALFORMED_JSON',
  'INVALID_REQUEST',
  'NUMBER_INEXACT',
  'BODY_TOO_LARGE',
  'MEDIA_TYPE_UNSUPPORTED',
];
const HELD: Codes = ['TOO_MANY_HOLDS'];
const LOOK: Codes = ['POLLED_TOO_OFTEN'];
const ONCE: Codes = ['IDEMPOTENCY_MISMATCH', 'INVALID_REQUEST'];
const WEBHOOK: Codes = ['WEBHOOK_EVENT_UNKNOWN', 'WEBHOOK_SECRET_INVALID', 'WEBHOOK_URL_REFUSED', 'INVALID_REQUEST'];
const CALLBACK: Codes = [
  'CALLBACK_SECRET_UNKNOWN',
  'TOO_MANY_CALLBACKS',
  'WEBHOOK_EVENT_UNKNOWN',
  'WEBHOOK_URL_REFUSED',
];
const OF_TYPE: Codes = ['TYPE_UNKNOWN', 'INPUT_INVALID', 'LIMIT_KEY_INVALID', 'LIMITS_FULL', 'QUOTA_EXCEEDED'];
const SUBMIT: Codes = [...OF_TYPE, ...CALLBACK, ...ONCE, 'PARENT_UNKNOWN', 'PARENTS_TOO_LARGE', 'UNIQUE_HELD'];
const MEMBERS: Codes = [...SUBMIT, 'GROUP_FULL', 'GROUP_MEMBER_UNKNOWN', 'GROUP_MEMBER_TAKEN'];
const BULK: Codes = ['CONFIRM_ALL', 'QUOTA_EXCEEDED', ...ONCE];
const SCHEDULE: Codes = ['SCHEDULE_CRON_INVALID', 'SCHEDULE_NEVER', 'TIME_ZONE_UNKNOWN', 'TOO_MANY_SCHEDULES'];

const OF_OPERATION: Readonly<Record<string, Codes>> = {
  ...{ submitJob: [...SUBMIT, ...HELD], submitJobs: [], waitForJobs: HELD, getJob: [...HELD, ...LOOK] },
  ...{ removeJob: ['WRONG_STATE'], retryJob: ['WRONG_STATE', 'QUOTA_EXCEEDED'], cancelJob: ['WRONG_STATE'] },
  ...{
    amendJob: ['WRONG_STATE', 'JOB_PARKED', 'REVISION_OLD'],
    resubmitJob: SUBMIT,
    signalJob: ['WRONG_STATE', 'SIGNALS_FULL'],
  },
  getResult: ['RESULT_NOT_READY', 'RESULT_NONE', 'RANGE_NOT_SATISFIABLE', 'TOO_MANY_ANSWERS', ...LOOK],
  ...{ getInput: ['TOO_MANY_ANSWERS'], readLogs: [...HELD, ...LOOK], readOutput: [...HELD, ...LOOK], followJob: HELD },
  ...{ followJobs: ['INVALID_CURSOR', ...HELD], followGroup: HELD, getGroup: HELD },
  ...{ cancelJobs: BULK, retryJobs: BULK, removeJobs: BULK, cancelGroup: BULK, retryGroup: BULK },
  createGroup: [...MEMBERS, 'TOO_MANY_GROUPS'],
  addToGroup: [...MEMBERS, 'GROUP_CLOSED'],
  claimWork: ['TYPE_UNKNOWN', 'TYPE_NOT_REMOTE', ...HELD],
  ...{
    succeedWork: ['RESULT_TOO_LARGE'],
    heartbeatWork: ['OUTPUT_TOO_LARGE', ...HELD],
    setLimit: ['LIMIT_INVALID', 'LIMITS_FULL'],
  },
  closeLimit: ['LIMIT_INVALID', 'LIMITS_FULL'],
  putSchedule: [...SCHEDULE, 'SCHEDULE_FROM_CONFIG', ...OF_TYPE, ...CALLBACK],
  ...{ removeSchedule: ['SCHEDULE_FROM_CONFIG'], runSchedule: SUBMIT },
  ...{ createWebhook: [...WEBHOOK, 'TOO_MANY_WEBHOOKS'], updateWebhook: WEBHOOK, testWebhook: ['WEBHOOK_DISABLED'] },
  ...{ rotateWebhook: WEBHOOK, rotateCallbackSecret: WEBHOOK, redeliverFailedDeliveries: ['WEBHOOK_DISABLED'] },
  ...{ redeliverWebhookDelivery: ['DELIVERY_PENDING', 'WEBHOOK_DISABLED'], redeliverJobDelivery: ['DELIVERY_PENDING'] },
};

/** By the beginning of the path; `PUT` and a close make what is not there. */
const OF_PATH: readonly (readonly [RegExp, Codes])[] = [
  [/^\/v1\/(jobs|work)\/\{id\}/, ['JOB_NOT_FOUND', 'JOB_GONE']],
  [/^\/v1\/work\/\{id\}/, ['FENCE_OLD']],
  [/^\/v1\/groups\/\{id\}/, ['GROUP_NOT_FOUND']],
  [/^\/v1\/webhooks\/\{id\}/, ['WEBHOOK_NOT_FOUND']],
  [/\/\{delivery\}/, ['DELIVERY_NOT_FOUND']],
  [/^\/v1\/schedules\/\{name\}/, ['SCHEDULE_NOT_FOUND']],
  [/^\/v1\/limits\/\{key\}/, ['LIMIT_NOT_FOUND']],
  [/^\/v1\/types\/\{type\}/, ['TYPE_NOT_FOUND']],
  [/^\/v1\/keys\/\{id\}/, ['KEY_NOT_FOUND']],
];
const MAKING = new Set(['putSchedule', 'setLimit', 'closeLimit']);

/** Without those that any operation may answer with because of the server's state: 5XX stands for them. */
export function refusalsOf(method: string, path: string, operation: Operation): ReadonlySet<ErrorCode> {
  const { operationId, parameters = [], requestBody, security } = operation;
  const isSecured = security === undefined || security.length > 0;
  const isOpenToTokens = security?.some((way) => 'jobToken' in way) === true;
  const hasQuery = parameters.some((parameter) => parameter.in === 'query');
  const hasCursor = parameters.some(({ name }) => name === 'cursor');
  return new Set<ErrorCode>([
    ...(isSecured ? SECURED : []),
    ...(isSecured && !isOpenToTokens ? (['JOB_TOKEN_ELSEWHERE'] as const) : []),
    ...(requestBody === undefined ? [] : WITH_BODY),
    // Also for a body where none is meant: see `stray-bodies.ts`.
    ...(hasQuery || method !== 'get' ? (['INVALID_REQUEST'] as const) : []),
    ...(hasCursor ? (['INVALID_CURSOR'] as const) : []),
    ...(MAKING.has(operationId) ? [] : OF_PATH.flatMap(([pattern, codes]) => (pattern.test(path) ? codes : []))),
    ...(OF_OPERATION[operationId] ?? []),
  ]);
}
