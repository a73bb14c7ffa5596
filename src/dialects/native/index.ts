/** The native API as a dialect, mounted at the root. */
import { SHOWN_STATES } from '../../core/state.ts';
import type { Dialect } from '../../http/dialect.ts';
import { renderDelivery } from './render-delivery.ts';
import { type NativeServices, nativeRoutes } from './routes.ts';
import { errorBody } from './voice.ts';

export { type NativeServices, nativeRoutes } from './routes.ts';

const SERVES = [
  ['POST', '/v1/jobs', 'Submit a job.'],
  ['POST', '/v1/jobs/bulk', 'Submit many jobs, each answered on its own.'],
  ['GET', '/v1/jobs/{id}', 'Read a job, or wait for it.'],
  ['GET', '/v1/jobs/{id}/result', 'Fetch the result, or a range of its bytes.'],
  ['GET', '/v1/jobs/{id}/input', 'Fetch the input.'],
  ['GET', '/v1/jobs/{id}/attempts', 'List the attempts of a job.'],
  ['GET', '/v1/jobs/{id}/logs', 'Read the log of a job.'],
  ['GET', '/v1/jobs/{id}/output', 'Read what a job has emitted so far.'],
  ['GET', '/v1/jobs/{id}/events', 'Follow a job as server-sent events.'],
  ['POST', '/v1/jobs/wait', 'Wait for many jobs in one call.'],
  ['GET', '/v1/jobs', 'List jobs.'],
  ['POST', '/v1/jobs/cancel', 'Cancel all jobs that fit a filter.'],
  ['POST', '/v1/jobs/retry', 'Run all jobs that fit a filter again.'],
  ['POST', '/v1/jobs/remove', 'Remove all finished jobs that fit a filter.'],
  ['POST', '/v1/jobs/{id}/cancel', 'Cancel a job.'],
  ['POST', '/v1/jobs/{id}/retry', 'Run a failed, cancelled or expired job again.'],
  ['POST', '/v1/jobs/{id}/resubmit', 'Submit a job once more, as it was or with changes.'],
  ['PATCH', '/v1/jobs/{id}', 'Change a job that waits.'],
  ['DELETE', '/v1/jobs/{id}', 'Remove a finished job.'],
  ['POST', '/v1/groups', 'Make a group of jobs.'],
  ['GET', '/v1/groups', 'List groups.'],
  ['GET', '/v1/groups/{id}', 'Read a group, or wait for it.'],
  ['POST', '/v1/groups/{id}/jobs', 'Add jobs to an open group.'],
  ['GET', '/v1/groups/{id}/jobs', 'List the jobs of a group with their results.'],
  ['POST', '/v1/groups/{id}/close', 'Close a group.'],
  ['GET', '/v1/groups/{id}/events', 'Follow a group as server-sent events.'],
  ['POST', '/v1/groups/{id}/cancel', 'Cancel all jobs of a group.'],
  ['POST', '/v1/groups/{id}/retry', 'Run all jobs of a group that did not succeed again.'],
  ['DELETE', '/v1/groups/{id}', 'Remove a group.'],
  ['POST', '/v1/work/claim', 'Claim jobs to work on.'],
  ['POST', '/v1/work/{id}/heartbeat', 'Keep a claimed job, report progress, learn of a cancel.'],
  ['POST', '/v1/work/{id}/succeed', 'Deliver the result.'],
  ['POST', '/v1/work/{id}/fail', 'Report that the work failed.'],
  ['GET', '/v1/events', 'Follow all jobs: every change, in one order.'],
  ['GET', '/v1/counts', 'Count jobs per type and state.'],
  ['GET', '/v1/audit', 'What operators have done.'],
  ['GET', '/v1/workers', 'The processes and remote workers that are alive.'],
  ['GET', '/v1/stats', 'What happened to jobs, by the minute.'],
  ['GET', '/v1/types', 'The job types that this server takes, and how they go.'],
  ['GET', '/v1/types/{type}', 'One of them.'],
  ['POST', '/v1/types/{type}/pause', 'Pause a type: nothing of it is started.'],
  ['POST', '/v1/types/{type}/resume', 'Start jobs of a paused type again.'],
  ['PUT', '/v1/schedules/{name}', 'Make a schedule, or change it.'],
  ['GET', '/v1/schedules', 'List schedules.'],
  ['GET', '/v1/schedules/{name}', 'Read a schedule, with its next five ticks.'],
  ['DELETE', '/v1/schedules/{name}', 'Remove a schedule.'],
  ['POST', '/v1/schedules/{name}/pause', 'Pause a schedule.'],
  ['POST', '/v1/schedules/{name}/resume', 'Go on with a paused schedule.'],
  ['POST', '/v1/schedules/{name}/run', 'Submit its job once, now.'],
  ['GET', '/v1/schedules/{name}/runs', 'List its jobs.'],
  ['POST', '/v1/webhooks', 'Make a webhook.'],
  ['GET', '/v1/webhooks', 'List webhooks.'],
  ['GET', '/v1/webhooks/{id}', 'Read a webhook.'],
  ['PATCH', '/v1/webhooks/{id}', 'Change a webhook, disable it, or enable it again.'],
  ['DELETE', '/v1/webhooks/{id}', 'Remove a webhook.'],
  ['POST', '/v1/webhooks/{id}/rotate', 'Give it a new secret.'],
  ['POST', '/v1/webhooks/{id}/test', 'Send it a test.'],
  ['GET', '/v1/webhooks/{id}/deliveries', 'List its deliveries.'],
  ['GET', '/v1/webhooks/{id}/deliveries/{delivery}', 'Read a delivery with what is sent.'],
  ['POST', '/v1/webhooks/{id}/deliveries/{delivery}/redeliver', 'Make a delivery again.'],
  ['POST', '/v1/webhooks/{id}/deliveries/redeliver', 'Make all that failed since a time again.'],
  ['GET', '/v1/webhooks/secret', 'The secret that signs callbacks of jobs.'],
  ['POST', '/v1/webhooks/secret/rotate', 'Replace that secret.'],
  ['GET', '/v1/jobs/{id}/deliveries', 'List the deliveries of a job.'],
  ['GET', '/v1/jobs/{id}/deliveries/{delivery}', 'Read a delivery with what is sent.'],
  ['POST', '/v1/jobs/{id}/deliveries/{delivery}/redeliver', 'Make a delivery again.'],
  ['POST', '/v1/keys', 'Make a key.'],
  ['GET', '/v1/keys', 'List keys.'],
  ['DELETE', '/v1/keys/{id}', 'Revoke a key.'],
] as const;

export function createNativeDialect(services: NativeServices): Dialect<null> {
  return {
    name: 'native',
    title: 'Bide',
    vocabulary: {
      words: SHOWN_STATES,
      states: Object.fromEntries(SHOWN_STATES.map((state) => [state, state])) as Dialect['vocabulary']['states'],
      unsupported: {},
    },
    serves: SERVES.map(([method, path, purpose]) => ({ method, path, purpose })),
    omits: [],
    errorBody,
    setup: 'curl -H "Authorization: Bearer $BIDE_KEY" "{url}/v1/jobs/$JOB"',
    parseOptions: (raw) =>
      raw === undefined || raw === null
        ? { kind: 'options', options: null }
        : { kind: 'invalid', message: 'The native API takes no options of its own.' },
    playground: null,
    renderDelivery,
    register: (app, context) => nativeRoutes(app, context, services),
  };
}
