/** What is said of webhooks, callbacks and their deliveries. */
import type { ErrorDefinition } from './definition.ts';

export const WEBHOOK_ERRORS = {
  WEBHOOK_NOT_FOUND: {
    kind: 'not_found',
    title: 'There is no webhook with this id.',
    advice: 'Check the id and the key: `GET /v1/webhooks` lists those of your tenant.',
  },
  WEBHOOK_URL_REFUSED: {
    kind: 'unprocessable',
    title: 'The URL is not one that can be delivered to.',
    advice:
      'Name an absolute http or https URL at a public address. For receivers of your own network the operator sets deliveries.allowPrivateAddresses in the config.',
  },
  WEBHOOK_EVENT_UNKNOWN: {
    kind: 'unprocessable',
    title: 'There is no event with this name.',
    advice: 'Use those named in `events`, or leave events out for the four that end a job.',
  },
  WEBHOOK_SECRET_INVALID: {
    kind: 'unprocessable',
    title: 'The secret is not one that can sign.',
    advice: 'Leave it out to be given one, or send whsec_ and 24 to 64 random bytes as base64.',
  },
  CALLBACK_SECRET_UNKNOWN: {
    kind: 'unprocessable',
    title: 'The callback names a webhook that is not there to sign for it.',
    advice:
      'Give the id of a webhook of your tenant as secretId, or leave it out: then the secret of GET /v1/webhooks/secret signs.',
  },
  WEBHOOK_DISABLED: {
    kind: 'conflict',
    title: 'The webhook is disabled.',
    advice: 'See why in its `disabled`, then enable it: PATCH it with {"disabled": false}.',
  },
  TOO_MANY_WEBHOOKS: {
    kind: 'quota',
    title: 'The tenant has as many webhooks as it may.',
    advice: 'Remove one that is no longer needed; one webhook can take the events of many types.',
  },
  TOO_MANY_CALLBACKS: {
    kind: 'quota',
    title: 'The job has as many callbacks as it may.',
    advice: 'Remove one of them; a webhook of the tenant is told of all jobs.',
  },
  DELIVERY_NOT_FOUND: {
    kind: 'not_found',
    title: 'There is no delivery with this id here.',
    advice: 'List the deliveries; those that are over are kept for deliveriesKeptMs.',
  },
  DELIVERY_PENDING: {
    kind: 'conflict',
    title: 'The delivery is still under way.',
    advice: 'Wait for its next try: `dueAt` says when. Only those that are over are delivered again.',
  },
} satisfies Record<string, ErrorDefinition>;
