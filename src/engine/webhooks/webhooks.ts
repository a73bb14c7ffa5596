/** What the engine offers for webhooks: endpoints of a tenant, the secret of its callbacks, and the log of deliveries. */
import type { Tags } from '../../core/job.ts';
import type { Endpoint } from '../../core/webhooks/endpoint.ts';
import type { DeliveryFilter, DeliveryRecord, WholeDelivery } from '../../store/contract.ts';

export interface WebhookDraft {
  readonly url: string;
  /** Those that end a job unless told. */
  readonly events?: readonly string[] | undefined;
  /** In whose words it is told: a dialect that announces jobs however they came; `native` unless told. */
  readonly dialect?: string | undefined;
  readonly types?: readonly string[] | undefined;
  readonly tags?: Tags | undefined;
  /** One that the receiver has already; made unless told. */
  readonly secret?: string | undefined;
}

export interface WebhookChange extends Partial<Omit<WebhookDraft, 'secret'>> {
  /** False enables it again, whatever disabled it. */
  readonly disabled?: boolean | undefined;
}

export type DeliveryRef = Pick<DeliveryFilter, 'endpointId' | 'jobId'> & { readonly number: number };

/** All throw WEBHOOK_NOT_FOUND for a webhook that the tenant does not have, and what else is wrong by its code. */
export interface Webhooks {
  list(tenant: string): Promise<readonly Endpoint[]>;
  read(tenant: string, id: string): Promise<Endpoint>;
  create(tenant: string, draft: WebhookDraft): Promise<Endpoint>;
  update(tenant: string, id: string, change: WebhookChange): Promise<Endpoint>;
  remove(tenant: string, id: string): Promise<void>;
  /** The older secret signs too for `limits.webhookSecretOverlapMs`. */
  rotate(tenant: string, id: string, secret?: string): Promise<Endpoint>;
  /** Signs callbacks that name no webhook; made when it is first asked for or needed. */
  callbackSecret(tenant: string): Promise<string>;
  rotateCallbackSecret(tenant: string, secret?: string): Promise<string>;
  /** Sends an event of no job; the number of its delivery. */
  test(tenant: string, id: string): Promise<number>;
  /** Newest first. */
  deliveries(filter: DeliveryFilter): Promise<readonly DeliveryRecord[]>;
  delivery(tenant: string, ref: DeliveryRef): Promise<WholeDelivery>;
  /** DELIVERY_NOT_FOUND, DELIVERY_PENDING or WEBHOOK_DISABLED where it cannot be. */
  redeliver(tenant: string, ref: DeliveryRef): Promise<void>;
  /** All of a webhook that failed and happened at `failedFrom` or later. */
  redeliverFailed(tenant: string, id: string, failedFrom: number): Promise<number>;
}
