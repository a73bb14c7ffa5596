/** The schemas of limits per key. */
import { Type } from 'typebox';
import type { Limits } from '../../core/limits.ts';
import { nullable, strict, time } from './wire-parts.ts';

/** Bounds as a submit, a PUT and an answer have them. */
export function boundsSchemas(limits: Limits) {
  return {
    concurrency: Type.Optional(
      nullable(
        Type.Integer({
          minimum: 1,
          maximum: limits.limitConcurrencyMax,
          description: 'Jobs of the key that run at once, over all nodes.',
        }),
      ),
    ),
    rate: Type.Optional(
      nullable(
        Type.Object(
          {
            count: Type.Integer({ minimum: 1, maximum: limits.limitRateCountMax, description: 'Starts at most.' }),
            perMs: Type.Integer({
              minimum: 1,
              maximum: limits.limitRateMsMax,
              description: 'In any such stretch of time.',
            }),
          },
          { ...strict, description: 'How many may start in a stretch of time, over all nodes.' },
        ),
      ),
    ),
  };
}

export function keyLimitSchema(limits: Limits) {
  return Type.Object(
    {
      key: Type.String({
        minLength: 1,
        maxLength: limits.limitKeyLengthMax,
        description: "Jobs of the tenant with the same key share its limit. Without bounds the key's own hold.",
        examples: ['customer-42'],
      }),
      ...boundsSchemas(limits),
    },
    {
      ...strict,
      title: 'KeyLimit',
      description: 'How many jobs with this key run at once, and how many start in a stretch of time.',
    },
  );
}

export function limitSchemas(limits: Limits) {
  const count = (description: string) => Type.Integer({ description });
  const limit = Type.Object(
    {
      key: Type.String(),
      concurrency: nullable(count('Jobs at once; null for any number.')),
      rate: nullable(Type.Object({ count: count('Starts at most.'), perMs: count('In any such stretch of time.') })),
      kept: Type.Boolean({ description: 'Set by PUT: what jobs say of the key changes nothing.' }),
      closed: Type.Boolean({ description: 'Nothing of the key starts.' }),
      closedUntil: nullable(time('When it opens by itself; null where it is open, or closed until it is opened.')),
      running: count('Jobs that run.'),
      waiting: count('Jobs that wait; 10,000 for more.'),
    },
    { title: 'Limit' },
  );
  return {
    limit,
    limitParams: Type.Object({ key: Type.String({ description: 'Key of a limit, percent-encoded.' }) }),
    limitBody: Type.Object(boundsSchemas(limits), {
      ...strict,
      title: 'PutLimit',
      examples: [{ concurrency: 3, rate: { count: 100, perMs: 60_000 } }],
    }),
    limitsQuery: Type.Object(
      {
        after: Type.Optional(Type.String({ description: '`next` of the page before.' })),
        limit: Type.Optional(Type.Integer({ minimum: 1, maximum: limits.listPageMax, description: '50 unless told.' })),
      },
      strict,
    ),
    limits: Type.Object({ limits: Type.Array(limit), next: nullable(Type.String()) }, { title: 'LimitPage' }),
    closeBody: Type.Object(
      {
        untilMs: Type.Optional(
          Type.Integer({ minimum: 1, maximum: limits.delayMsMax, description: 'For so long from now.' }),
        ),
        until: Type.Optional(time('Until then. Without either until it is opened.')),
      },
      { ...strict, title: 'CloseLimit', examples: [{ untilMs: 30_000 }] },
    ),
  };
}
