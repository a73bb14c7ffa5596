/** The schemas of webhooks and deliveries. Events and secrets are texts here: what is wrong with one has a code of its own. */
import { Type } from 'typebox';
import type { Limits } from '../../core/limits.ts';
import { EVENT_WORDS, FINAL_WORDS } from '../../core/webhooks/event-words.ts';
import { nullable, oneOf, strict, time } from './wire-parts.ts';

const EVENTS = `Any of ${EVENT_WORDS.join(', ')}; ${FINAL_WORDS.join(', ')} where left out.`;
const TYPES_MAX = 100;
/** Longer than any that is a secret: those are refused for what they are. */
const SECRET_LENGTH_MAX = 500;
const STATES = ['pending', 'delivered', 'failed'] as const;

export function callbackSchema(limits: Limits) {
  return Type.Object(
    {
      url: urlSchema(limits),
      events: Type.Optional(eventsSchema()),
      secretId: Type.Optional(
        Type.String({
          maxLength: 100,
          description: 'The webhook whose secret signs; the secret of `GET /v1/webhooks/secret` where left out.',
        }),
      ),
    },
    { ...strict, title: 'Callback', description: 'An address that is told how this job goes.' },
  );
}

function urlSchema({ callbackUrlLengthMax }: Limits) {
  return Type.String({ maxLength: callbackUrlLengthMax, description: 'An absolute http or https URL.' });
}

function eventsSchema() {
  return Type.Array(Type.String({ maxLength: 100 }), { maxItems: 2 * EVENT_WORDS.length, description: EVENTS });
}

export function webhookSchemas(limits: Limits) {
  const wants = {
    events: Type.Optional(eventsSchema()),
    dialect: Type.Optional(
      Type.String({ maxLength: 40, description: 'In whose words it is told: native unless told, or openai.' }),
    ),
    types: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: limits.typeLengthMax }), {
        maxItems: TYPES_MAX,
        description: 'Only jobs of these types; all where empty or left out.',
      }),
    ),
    tags: Type.Optional(
      Type.Record(Type.String(), Type.String({ maxLength: limits.tagValueLengthMax }), {
        maxProperties: limits.tagsMax,
        description: 'Only jobs that have each of these.',
      }),
    ),
  };
  const secret = Type.Optional(
    Type.String({
      maxLength: SECRET_LENGTH_MAX,
      description: 'whsec_ and base64, where the receiver has one already.',
    }),
  );
  const shape = {
    id: Type.String(),
    url: Type.String(),
    events: Type.Array(oneOf(EVENT_WORDS, EVENTS)),
    dialect: Type.String({ description: 'In whose words it is told.' }),
    types: Type.Array(Type.String()),
    tags: Type.Record(Type.String(), Type.String()),
    createdAt: time('Made.'),
    disabled: nullable(Type.Object({ at: time('Since.'), reason: Type.String() })),
    failingSince: nullable(time('No try has succeeded since; null while they do, and in the first minute.')),
  };
  const shown = { secret: Type.String({ description: 'Shown here and never again.' }) };
  return {
    webhookBody: Type.Object({ url: urlSchema(limits), ...wants, secret }, { ...strict, title: 'NewWebhook' }),
    webhookChange: Type.Object(
      {
        url: Type.Optional(urlSchema(limits)),
        ...wants,
        disabled: Type.Optional(Type.Boolean({ description: 'False enables it again, whatever disabled it.' })),
      },
      { ...strict, title: 'WebhookChange' },
    ),
    webhook: Type.Object(shape, { title: 'Webhook' }),
    webhookCreated: Type.Object({ ...shape, ...shown }, { title: 'WebhookWithSecret' }),
    webhooks: Type.Object({ webhooks: Type.Array(Type.Object(shape, { title: 'Webhook' })) }, { title: 'Webhooks' }),
    secretBody: Type.Object({ secret }, { ...strict, title: 'Rotation' }),
    secret: Type.Object({ secret: Type.String() }, { title: 'Secret' }),
    ...deliverySchemas(limits),
  };
}

function deliverySchemas(limits: Limits) {
  const tries = Type.Array(
    Type.Object(
      {
        at: time('Begun.'),
        durationMs: Type.Integer(),
        status: nullable(Type.Integer({ description: 'Of the answer; null where none came.' })),
        error: nullable(Type.String()),
        answer: nullable(Type.String({ description: 'The first kB of the answer.' })),
      },
      { title: 'DeliveryTry' },
    ),
    { description: 'The newest ten, oldest first.' },
  );
  const shape = {
    id: Type.String(),
    event: Type.String(),
    jobId: nullable(Type.String({ description: 'Null for the test of a webhook.' })),
    webhookId: nullable(Type.String({ description: "Null for the job's own callback." })),
    host: Type.String({ description: 'Where it goes. The rest of the URL may be a secret.' }),
    state: oneOf(STATES, 'pending until it is delivered or given up.'),
    revision: Type.Integer({ description: 'Of the job.' }),
    at: time('When it happened.'),
    dueAt: nullable(time('Of a pending one: its next try.')),
    attempt: Type.Integer({ description: 'Tries begun.' }),
    tries,
  };
  return {
    deliveriesQuery: Type.Object(
      {
        state: Type.Optional(Type.Array(oneOf(STATES, 'Only those.'), { maxItems: STATES.length })),
        cursor: Type.Optional(Type.String({ description: '`next` of the page before.' })),
        limit: Type.Optional(Type.Integer({ minimum: 1, maximum: limits.listPageMax, description: '50 unless told.' })),
      },
      strict,
    ),
    deliveries: Type.Object(
      {
        deliveries: Type.Array(Type.Object(shape, { title: 'Delivery' })),
        next: nullable(Type.String()),
      },
      { title: 'DeliveryPage' },
    ),
    delivery: Type.Object(
      {
        ...shape,
        headers: Type.Record(Type.String(), Type.String(), {
          description: 'Without those of a try: time and signature.',
        }),
        body: Type.String({ description: 'As it is sent, byte for byte.' }),
      },
      { title: 'DeliveryWithBody' },
    ),
    redeliverBody: Type.Object(
      { failedSince: time('Every failed delivery of what happened at this time or later is made again.') },
      { ...strict, title: 'Redelivery' },
    ),
    redelivered: Type.Object({ count: Type.Integer() }, { title: 'Redelivered' }),
  };
}
