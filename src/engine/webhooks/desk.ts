/** Keeps the webhooks of tenants: decides whether a change may be, and writes it. */
import { BideError } from '../../core/errors.ts';
import type { Tags } from '../../core/job.ts';
import { type Endpoint, rotated, secretsInForce } from '../../core/webhooks/endpoint.ts';
import { TEST_WORD } from '../../core/webhooks/event-words.ts';
import { ID_HEADER, SECRET_BYTES, secretBytes } from '../../core/webhooks/signature.ts';
import type { NewDelivery, WholeDelivery } from '../../store/contract.ts';
import type { Issue } from '../api.ts';
import type { EngineBase } from '../engine-base.ts';
import { tagIssues } from '../submitting/request-issues.ts';
import type { Book } from './book.ts';
import { withEndpoint } from './book.ts';
import type { Books } from './books.ts';
import { eventWordsOf, NATIVE, urlProblem } from './callback.ts';
import { isCallbackKey } from './job-callbacks.ts';
import { newEndpointId, newSecret } from './secret-maker.ts';
import type { DeliveryRef, WebhookChange, WebhookDraft, Webhooks } from './webhooks.ts';

export interface DeskOptions extends Pick<EngineBase, 'store' | 'clock' | 'limits'> {
  readonly books: Books;
  readonly allowsPrivateDeliveries: boolean;
  /** The dialects in whose words webhooks may be told, beside our own. */
  readonly dialects: readonly string[];
  /** There is something to send. */
  readonly wake: () => void;
}

/** Lanes of endpoints: those below are for callbacks. */
const FIRST_LANE = 32;
/** Deliveries that one statement makes pending again. */
const REDELIVERED_AT_ONCE = 1_000;
const REDELIVERED_MAX = 1_000_000;

export function createWebhookDesk(options: DeskOptions): Webhooks {
  const { books, store, clock, limits } = options;
  const read = async (tenant: string, id: string) => requireEndpoint(await books.fresh(tenant), id);
  return {
    list: async (tenant) => (await books.fresh(tenant)).endpoints,
    read,
    async create(tenant, draft) {
      const made = draftOf(options, draft);
      const book = await books.change(tenant, (before) => withNew(options, before, made));
      return requireEndpoint(book, made.id);
    },
    async update(tenant, id, change) {
      const changes = changesOf(options, change);
      const book = await books.change(tenant, (before) => {
        requireEndpoint(before, id);
        return withEndpoint(before, id, (endpoint) => ({ ...endpoint, ...changes }));
      });
      return requireEndpoint(book, id);
    },
    async remove(tenant, id) {
      await books.change(tenant, (before) => {
        requireEndpoint(before, id);
        return { ...before, endpoints: before.endpoints.filter((endpoint) => endpoint.id !== id) };
      });
    },
    async rotate(tenant, id, given) {
      const secret = secretOf(given);
      const until = clock.now() + limits.webhookSecretOverlapMs;
      const book = await books.change(tenant, (before) => {
        requireEndpoint(before, id);
        return withEndpoint(before, id, (endpoint) => ({
          ...endpoint,
          secrets: rotated(endpoint.secrets, secret, until),
        }));
      });
      return requireEndpoint(book, id);
    },
    callbackSecret: async (tenant) => (await callbackSecrets(options, tenant))[0] ?? '',
    async rotateCallbackSecret(tenant, given) {
      const secret = secretOf(given);
      const until = clock.now() + limits.webhookSecretOverlapMs;
      await books.change(tenant, (before) => ({
        ...before,
        callbackSecrets: rotated(before.callbackSecrets, secret, until),
      }));
      return secret;
    },
    async test(tenant, id) {
      const endpoint = requireEnabled(await read(tenant, id));
      const [number = 0] = await store.deliveryAdd([testOf(tenant, endpoint, clock.now())]);
      options.wake();
      return number;
    },
    deliveries: (filter) => store.deliveryList(filter),
    delivery: (tenant, ref) => requireDelivery(options, tenant, ref),
    async redeliver(tenant, ref) {
      const { state, endpointId, number } = await requireDelivery(options, tenant, ref);
      if (state === 'pending') throw new BideError('DELIVERY_PENDING');
      if (endpointId !== null && !isCallbackKey(endpointId)) requireEnabled(await read(tenant, endpointId));
      await store.deliveryRedeliver({ tenant, now: clock.now(), number });
      options.wake();
    },
    async redeliverFailed(tenant, id, failedFrom) {
      requireEnabled(await read(tenant, id));
      const request = { tenant, now: clock.now(), endpointId: id, failedFrom, limit: REDELIVERED_AT_ONCE };
      let count = 0;
      while (count < REDELIVERED_MAX) {
        const some = await store.deliveryRedeliver(request);
        count += some;
        if (some < REDELIVERED_AT_ONCE) break;
      }
      options.wake();
      return count;
    },
  };
}

/** The secrets that sign a tenant's callbacks now, made where there are none yet. */
export async function callbackSecrets(
  { books, clock }: Pick<DeskOptions, 'books' | 'clock'>,
  tenant: string,
): Promise<readonly string[]> {
  const known = secretsInForce({ secrets: (await books.recent(tenant)).callbackSecrets }, clock.now());
  if (known.length > 0) return known;
  const secret = newSecret();
  const book = await books.change(tenant, (before) =>
    before.callbackSecrets.length > 0 ? null : { ...before, callbackSecrets: [{ secret, until: null }] },
  );
  return secretsInForce({ secrets: book.callbackSecrets }, clock.now());
}

// --- Drafts ---------------------------------------------------------------------------------------------------------------

type NewEndpoint = Omit<Endpoint, 'lane'>;

function draftOf(options: DeskOptions, { url, events, dialect, types, tags, secret }: WebhookDraft): NewEndpoint {
  requireUrl(options, url);
  requireTags(options, tags);
  return {
    id: newEndpointId(),
    url,
    events: eventWordsOf(events),
    ...dialectOf(options, dialect),
    types: types ?? [],
    tags: tags ?? {},
    secrets: [{ secret: secretOf(secret), until: null }],
    createdAt: options.clock.now(),
    disabled: null,
    failingSince: null,
  };
}

function withNew({ limits }: DeskOptions, before: Book, made: NewEndpoint): Book {
  const { endpoints } = before;
  if (endpoints.length >= limits.webhooksMax) {
    const value = limits.webhooksMax;
    const message = `The tenant has ${endpoints.length} webhooks, and webhooksMax is ${value}.`;
    throw new BideError('TOO_MANY_WEBHOOKS', message, { limit: 'webhooksMax', value });
  }
  const taken = new Set(endpoints.map(({ lane }) => lane));
  let lane = FIRST_LANE;
  while (taken.has(lane)) lane += 1;
  return { ...before, endpoints: [...endpoints, { ...made, lane }] };
}

function changesOf(
  options: DeskOptions,
  { url, events, dialect, types, tags, disabled }: WebhookChange,
): Partial<Endpoint> {
  if (url !== undefined) requireUrl(options, url);
  requireTags(options, tags);
  const at = options.clock.now();
  return {
    ...(url === undefined ? {} : { url }),
    ...(events === undefined ? {} : { events: eventWordsOf(events) }),
    ...dialectOf(options, dialect),
    ...(types === undefined ? {} : { types }),
    ...(tags === undefined ? {} : { tags: tags satisfies Tags }),
    ...(disabled === undefined ? {} : { disabled: disabled ? { at, reason: 'Disabled by its owner.' } : null }),
    // Whoever enables it or moves it gives it a fresh start.
    ...(disabled === false || url !== undefined ? { failingSince: null } : {}),
  };
}

function dialectOf({ dialects }: DeskOptions, dialect: string | undefined): Pick<Endpoint, 'dialect'> {
  if (dialect === undefined) return {};
  if (dialect === NATIVE || dialects.includes(dialect)) return { dialect };
  const names = [NATIVE, ...dialects].join(', ');
  throw new BideError('INVALID_REQUEST', `/dialect must be one of ${names}.`);
}

function requireUrl({ limits, allowsPrivateDeliveries }: DeskOptions, url: string): void {
  const problem = urlProblem(url, limits, allowsPrivateDeliveries);
  if (problem !== null) throw new BideError('WEBHOOK_URL_REFUSED', `The URL ${problem}.`);
}

/** Those that no job can have are a mistake, and a long one would be read with each delivery. */
function requireTags({ limits }: DeskOptions, tags: Tags = {}): void {
  const errors: Issue[] = [];
  tagIssues(tags, limits, (path, message) => errors.push({ path, message }));
  const [first] = errors;
  if (first !== undefined) throw new BideError('INVALID_REQUEST', `${first.path} ${first.message}.`, { errors });
}

function secretOf(given: string | undefined): string {
  if (given === undefined) return newSecret();
  if (secretBytes(given) !== null) return given;
  const { min, max } = SECRET_BYTES;
  throw new BideError('WEBHOOK_SECRET_INVALID', `A secret is whsec_ and ${min} to ${max} bytes as base64.`);
}

// --- What is there --------------------------------------------------------------------------------------------------------

function requireEndpoint({ endpoints }: Book, id: string): Endpoint {
  const found = endpoints.find((endpoint) => endpoint.id === id);
  if (found === undefined) throw new BideError('WEBHOOK_NOT_FOUND', undefined, { id: id.slice(0, 100) });
  return found;
}

function requireEnabled(endpoint: Endpoint): Endpoint {
  if (endpoint.disabled === null) return endpoint;
  throw new BideError('WEBHOOK_DISABLED', `The webhook is disabled: ${endpoint.disabled.reason}`, { id: endpoint.id });
}

async function requireDelivery({ store }: DeskOptions, tenant: string, ref: DeliveryRef): Promise<WholeDelivery> {
  const found = await store.deliveryRead({ tenant, number: ref.number });
  const isOwn =
    found !== null &&
    (ref.endpointId === undefined || found.endpointId === ref.endpointId) &&
    (ref.jobId === undefined || found.jobId === ref.jobId);
  if (!isOwn) throw new BideError('DELIVERY_NOT_FOUND');
  return found;
}

function testOf(tenant: string, { id, url, lane }: Endpoint, now: number): NewDelivery {
  const timestamp = new Date(now).toISOString();
  return {
    tenant,
    jobId: null,
    revision: 0,
    event: TEST_WORD,
    endpointId: id,
    url,
    lane,
    origin: null,
    headers: { 'content-type': 'application/json', [ID_HEADER]: `msg_test_${newEndpointId()}` },
    body: JSON.stringify({ type: TEST_WORD, timestamp, data: { webhookId: id } }),
    at: now,
    dueAt: now,
  };
}
