/** The schemas of remote workers: claims, heartbeats and reports. */
import { Type } from 'typebox';
import type { Limits } from '../../core/limits.ts';
import { ScheduleTick } from './wire-job.ts';
import { heartbeatLog, heartbeatOutput } from './wire-logs.ts';
import { durations, nullable, strict, time } from './wire-parts.ts';
import { signalSchemas } from './wire-signals.ts';

const Fence = Type.Integer({ minimum: 0, description: 'From the claim; an old one is refused with FENCE_OLD.' });

const leaseMs = (limits: Limits) =>
  Type.Integer({ minimum: 1, maximum: limits.leaseMsMax, description: 'How long the job is held.' });

export function claimSchemas(limits: Limits) {
  const { seconds } = durations(limits);
  return {
    claimBody: Type.Object(
      {
        types: Type.Array(Type.String({ minLength: 1, maxLength: limits.typeLengthMax }), {
          minItems: 1,
          maxItems: 100,
          description: 'Job types that the worker can do.',
        }),
        max: Type.Optional(
          Type.Integer({ minimum: 1, maximum: limits.claimMax, default: 1, description: 'How many jobs to take.' }),
        ),
        wait: Type.Optional(seconds('Seconds to wait for a first job.')),
        leaseMs: Type.Optional(leaseMs(limits)),
        worker: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: 'Shown with the job.' })),
      },
      { ...strict, title: 'Claim' },
    ),
    claimed: Type.Object(
      {
        jobs: Type.Array(
          Type.Object(
            {
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
              schedule: Type.Optional(ScheduleTick),
              traceparent: Type.Optional(
                Type.String({
                  description: 'Of the trace that the job belongs to (W3C Trace Context): send it with what you call.',
                }),
              ),
              tracestate: Type.Optional(Type.String()),
              signals: Type.Optional(
                Type.Record(Type.String(), Type.Unknown(), { description: 'What the job was sent, by name.' }),
              ),
              signalsMissed: Type.Optional(
                Type.Array(Type.String(), { description: 'Signals that it waited for in vain: go on without.' }),
              ),
            },
            { title: 'ClaimedJob' },
          ),
        ),
      },
      { title: 'Claimed' },
    ),
  };
}

export function reportSchemas(limits: Limits) {
  const { ms, seconds } = durations(limits);
  return {
    ...signalSchemas(limits),
    heartbeatBody: Type.Object(
      {
        fence: Fence,
        progress: Type.Optional(
          Type.Object(
            {
              percent: Type.Optional(Type.Number({ minimum: 0, maximum: 100, description: 'How much is done.' })),
              message: Type.Optional(
                nullable(
                  Type.String({ description: `For people. Cut after ${limits.progressMessageLengthMax} characters.` }),
                ),
              ),
            },
            { ...strict, description: 'How far the work is, shown with the job.' },
          ),
        ),
        log: Type.Optional(heartbeatLog(limits)),
        output: Type.Optional(heartbeatOutput(limits)),
        leaseMs: Type.Optional(leaseMs(limits)),
        wait: Type.Optional(seconds('Seconds to hold the answer while no cancel is requested.')),
      },
      { ...strict, title: 'Heartbeat' },
    ),
    heartbeat: Type.Object(
      { cancelRequested: Type.Boolean(), leaseUntil: time('Send the next one before.') },
      { title: 'HeartbeatAnswer' },
    ),
    succeedBody: Type.Object(
      { fence: Fence, result: Type.Optional(Type.Unknown({ description: 'JSON.' })) },
      { ...strict, title: 'Success' },
    ),
    failBody: Type.Object(
      {
        fence: Fence,
        error: Type.Object(
          {
            code: Type.String({
              minLength: 1,
              maxLength: 100,
              description: 'A word of yours for programs, such as NO_SUCH_CUSTOMER.',
            }),
            message: Type.String({ description: 'What went wrong, for people.' }),
            details: Type.Optional(Type.Unknown({ description: 'More about it, kept with the job.' })),
          },
          { ...strict, description: 'What the job says where it is not tried again.' },
        ),
        retryable: Type.Optional(
          Type.Boolean({ default: true, description: 'Whether it may be tried again, while it has attempts left.' }),
        ),
        retryAfterMs: Type.Optional(ms(limits.timeoutMsMax, 'Not tried again before this long from now.')),
      },
      { ...strict, title: 'Failure' },
    ),
  };
}
