/** The schemas of signals: sending one, and waiting for one as a remote worker. */
import { Type } from 'typebox';
import type { Limits } from '../../core/limits.ts';
import { durations, nullable, oneOf, strict, time } from './wire-parts.ts';

export const WaitingFor = Type.Union(
  [
    Type.Object({
      signal: Type.String({ description: 'Sent by POST /v1/jobs/{id}/signals/{name}.' }),
      until: time('Goes on without it then.'),
    }),
    Type.Object({ parents: Type.Literal(true, { description: 'The jobs that it comes after.' }) }),
    Type.Object({ sequence: Type.String({ description: 'Key of the sequence in which jobs are before it.' }) }),
    Type.Object({
      type: Type.String({ description: 'Its own type.' }),
      reason: oneOf(['paused', 'full'], 'Somebody paused it; or so many of it run or have started as its limit lets.'),
    }),
    Type.Object({
      limit: Type.String({ description: 'Key of its limit.' }),
      reason: oneOf(['full', 'closed'], 'So many run or have started; or somebody closed the key.'),
      until: nullable(time('When a closed key opens by itself.')),
    }),
  ],
  {
    title: 'WaitingFor',
    description:
      'Only where it waits for more than its time and its turn. Of types, sequences and limits, which come and go without a change of the job, reads and lists say it; events and webhooks do not.',
  },
);

export function signalSchemas(limits: Limits) {
  const { ms } = durations(limits);
  const name = Type.String({
    minLength: 1,
    maxLength: limits.signalNameLengthMax,
    description: 'Letters, digits and ._-',
  });
  return {
    signalParams: Type.Object({ id: Type.String({ description: 'Id of a job.' }), name }),
    signalBody: Type.Object(
      {
        value: Type.Optional(
          Type.Unknown({ description: 'Any JSON; null where left out. The last one of a name counts.' }),
        ),
      },
      { ...strict, title: 'Signal', examples: [{ value: { by: 'ada', isApproved: true } }] },
    ),
    releaseBody: Type.Object(
      {
        fence: Type.Integer({ minimum: 0, description: 'From the claim; an old one is refused with FENCE_OLD.' }),
        closeMs: Type.Optional(
          ms(
            limits.delayMsMax,
            'In place of reason: the key of the job starts nothing for so long; without a key it waits alone.',
            1,
          ),
        ),
        reason: Type.Optional(
          Type.Object(
            {
              signal: name,
              timeoutMs: Type.Optional(ms(limits.delayMsMax, 'Longest wait; signalTimeoutMs unless told.', 1)),
            },
            { ...strict, description: 'What has to come before the job is claimed again.' },
          ),
        ),
      },
      { ...strict, title: 'Release' },
    ),
  };
}
