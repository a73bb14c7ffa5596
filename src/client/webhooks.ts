/** Webhooks of the caller's tenant, and the log of deliveries. Needs a key with the scope operate, but for listing the deliveries of a job. */
import type { CallOptions } from './commanding.ts';
import { requireKnown } from './known-options.ts';
import { pathOf } from './path-of.ts';
import type { Call, Transport } from './transport.ts';
import type {
  DeliveryBody,
  DeliveryStateWord,
  WebhookBody,
  WebhookChange,
  WebhookDraft,
  WebhookWithSecret,
  WholeDeliveryBody,
} from './wire-webhooks.ts';

export interface DeliveriesOptions extends CallOptions {
  readonly states?: readonly DeliveryStateWord[] | undefined;
  /** Deliveries fetched per request, not deliveries in all. */
  readonly pageSize?: number | undefined;
}

export interface RotateOptions extends CallOptions {
  /** `whsec_…`; made unless told. */
  readonly secret?: string | undefined;
}

export type Webhooks = ReturnType<typeof webhooksOf>;

const PATH = '/v1/webhooks';

export function webhooksOf(transport: Transport) {
  const ask = async <T>(method: Call['method'], path: string, { signal }: CallOptions, json?: unknown): Promise<T> => {
    const isRepeatable = method === 'GET';
    const { body } = await transport.call({
      method,
      path,
      isRepeatable,
      signal,
      ...(json === undefined ? {} : { json }),
    });
    return body as T;
  };
  return {
    /** The answer holds the secret: the only time that it is shown. */
    create: (draft: WebhookDraft, options: CallOptions = {}) => ask<WebhookWithSecret>('POST', PATH, options, draft),
    async list(options: CallOptions = {}): Promise<readonly WebhookBody[]> {
      return (await ask<{ readonly webhooks: readonly WebhookBody[] }>('GET', PATH, options)).webhooks;
    },
    get: (id: string, options: CallOptions = {}) => ask<WebhookBody>('GET', hook(id), options),
    update: (id: string, change: WebhookChange, options: CallOptions = {}) =>
      ask<WebhookBody>('PATCH', hook(id), options, change),
    remove: (id: string, options: CallOptions = {}) => ask<void>('DELETE', hook(id), options),
    /** The older secret signs too for a day. */
    rotate: (id: string, { secret, ...options }: RotateOptions = {}) =>
      ask<WebhookWithSecret>('POST', `${hook(id)}/rotate`, options, { secret }),
    /** Signs the callbacks of jobs that name no webhook. */
    async callbackSecret(options: CallOptions = {}): Promise<string> {
      return (await ask<{ readonly secret: string }>('GET', `${PATH}/secret`, options)).secret;
    },
    async rotateCallbackSecret({ secret, ...options }: RotateOptions = {}): Promise<string> {
      return (await ask<{ readonly secret: string }>('POST', `${PATH}/secret/rotate`, options, { secret })).secret;
    },
    /** Sends an event `webhook.test`; read the delivery for what came of it. */
    test: (id: string, options: CallOptions = {}) => ask<WholeDeliveryBody>('POST', `${hook(id)}/test`, options),
    deliveries: (id: string, options: DeliveriesOptions = {}) => deliveriesAt(transport, hook(id), options),
    /** Of a job: to webhooks, and to its own callback. */
    deliveriesOfJob: (id: string, options: DeliveriesOptions = {}) => deliveriesAt(transport, pathOf(id), options),
    delivery: (id: string, deliveryId: string, options: CallOptions = {}) =>
      ask<WholeDeliveryBody>('GET', delivery(hook(id), deliveryId), options),
    redeliver: (id: string, deliveryId: string, options: CallOptions = {}) =>
      ask<WholeDeliveryBody>('POST', `${delivery(hook(id), deliveryId)}/redeliver`, options),
    redeliverOfJob: (id: string, deliveryId: string, options: CallOptions = {}) =>
      ask<WholeDeliveryBody>('POST', `${delivery(pathOf(id), deliveryId)}/redeliver`, options),
    /** All of a webhook that failed, of what happened since then; answers how many. */
    async redeliverFailed(id: string, failedSince: Date, options: CallOptions = {}): Promise<number> {
      const json = { failedSince: failedSince.toISOString() };
      const path = `${hook(id)}/deliveries/redeliver`;
      return (await ask<{ readonly count: number }>('POST', path, options, json)).count;
    },
  };
}

function hook(id: string): string {
  return `${PATH}/${encodeURIComponent(id)}`;
}

function delivery(owner: string, id: string): string {
  return `${owner}/deliveries/${encodeURIComponent(id)}`;
}

/** Newest first. */
function deliveriesAt(transport: Transport, owner: string, options: DeliveriesOptions): AsyncGenerator<DeliveryBody> {
  requireKnown('deliveries', options, ['states', 'pageSize', 'signal']);
  return pages(transport, `${owner}/deliveries`, options);
}

async function* pages(
  transport: Transport,
  path: string,
  { states = [], pageSize, signal }: DeliveriesOptions,
): AsyncGenerator<DeliveryBody> {
  const query = new URLSearchParams(states.map((state): [string, string] => ['state', state]));
  if (pageSize !== undefined) query.set('limit', String(pageSize));
  for (let cursor: string | null | undefined; cursor !== null; ) {
    if (cursor !== undefined) query.set('cursor', cursor);
    const page = (await transport.call({ method: 'GET', path, query, isRepeatable: true, signal })).body as Page;
    yield* page.deliveries;
    cursor = page.next;
  }
}

interface Page {
  readonly deliveries: readonly DeliveryBody[];
  readonly next: string | null;
}
