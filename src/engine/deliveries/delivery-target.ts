/** Where a delivery goes now, and whose secrets sign it; or why it goes nowhere any more. */
import { type Endpoint, secretsInForce } from '../../core/webhooks/endpoint.ts';
import { ID_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER } from '../../core/webhooks/signature.ts';
import type { Delivery } from '../../store/contract.ts';
import type { EngineBase } from '../engine-base.ts';
import type { Books } from '../webhooks/books.ts';
import { rememberedOf } from '../webhooks/callback.ts';
import { callbackSecrets } from '../webhooks/desk.ts';
import { isCallbackKey, type KeptCallbacks } from '../webhooks/job-callbacks.ts';
import { signatureOf } from '../webhooks/secret-maker.ts';

export type Target =
  | {
      readonly kind: 'open';
      readonly url: string;
      readonly secrets: readonly string[];
      readonly endpoint: Endpoint | null;
    }
  | { readonly kind: 'closed'; readonly reason: string };

interface TargetOptions extends Pick<EngineBase, 'clock'> {
  readonly books: Books;
  readonly callbacks: Pick<KeptCallbacks, 'list'>;
}

const FRESH_MS = 1_000;

export async function targetOf(options: TargetOptions, delivery: Delivery): Promise<Target> {
  const { tenant, endpointId, url } = delivery;
  const now = options.clock.now();
  if (await isCalledOff(options, delivery)) return { kind: 'closed', reason: 'The callback was removed.' };
  if (endpointId !== null && !isCallbackKey(endpointId)) {
    const endpoint = await endpointOf(options.books, tenant, endpointId);
    if (endpoint === undefined) return { kind: 'closed', reason: 'The webhook was removed.' };
    if (endpoint.disabled !== null) {
      return { kind: 'closed', reason: `The webhook is disabled: ${endpoint.disabled.reason}` };
    }
    return { kind: 'open', url: endpoint.url, secrets: secretsInForce(endpoint, now), endpoint };
  }
  // Dialects whose vendor signs nothing leave out the id.
  if (delivery.headers[ID_HEADER] === undefined) return { kind: 'open', url, secrets: [], endpoint: null };
  const { secretId } = rememberedOf(delivery);
  if (secretId === null) {
    return { kind: 'open', url, secrets: await callbackSecrets(options, tenant), endpoint: null };
  }
  const signer = (await options.books.recent(tenant)).endpoints.find(({ id }) => id === secretId);
  if (signer === undefined) return { kind: 'closed', reason: 'The webhook whose secret was to sign was removed.' };
  return { kind: 'open', url, secrets: secretsInForce(signer, now), endpoint: null };
}

/** A first try mostly comes right behind the look at the list by which it was made; one that others went before of may come late. */
async function isCalledOff({ callbacks, clock }: TargetOptions, delivery: Delivery): Promise<boolean> {
  const { tenant, jobId, endpointId, attempt, at } = delivery;
  const isFresh = attempt === 1 && clock.now() - at < FRESH_MS;
  if (jobId === null || isFresh || (endpointId !== null && !isCallbackKey(endpointId))) return false;
  const list = await callbacks.list(tenant, jobId);
  return endpointId === null ? list.isOwnOff : !list.callbacks.some(({ key }) => key === endpointId);
}

/** Before something is given up the book is read anew: another process may have made or enabled the webhook a moment ago. */
async function endpointOf(books: Books, tenant: string, id: string): Promise<Endpoint | undefined> {
  const recent = (await books.recent(tenant)).endpoints.find((endpoint) => endpoint.id === id);
  if (recent !== undefined && recent.disabled === null) return recent;
  return (await books.fresh(tenant)).endpoints.find((endpoint) => endpoint.id === id);
}

/** The headers of this try: its time, and the signatures over that. */
export function signedHeaders(delivery: Delivery, secrets: readonly string[], now: number): Record<string, string> {
  const { headers, body } = delivery;
  const id = headers[ID_HEADER];
  if (id === undefined || secrets.length === 0) return { ...headers };
  const timestamp = String(Math.floor(now / 1_000));
  return {
    ...headers,
    [TIMESTAMP_HEADER]: timestamp,
    [SIGNATURE_HEADER]: signatureOf(secrets, { id, timestamp, body }),
  };
}
