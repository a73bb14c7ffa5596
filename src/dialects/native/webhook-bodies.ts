/** Webhooks and deliveries as the native API says them. Secrets are no part of it: they are shown where they are made. */
import type { Endpoint } from '../../core/webhooks/endpoint.ts';
import type { DeliveryRecord } from '../../engine/api.ts';
import { isoTime, isoTimeOrNull } from './status.ts';

export function webhookBody({ id, url, events, dialect = 'native', types, tags, ...rest }: Endpoint): object {
  const { createdAt, disabled, failingSince } = rest;
  return {
    ...{ id, url, events, dialect, types, tags },
    createdAt: isoTime(createdAt),
    disabled: disabled === null ? null : { at: isoTime(disabled.at), reason: disabled.reason },
    failingSince: isoTimeOrNull(failingSince),
  };
}

/** @param id the number, sealed: numbers count the deliveries of all tenants */
export function deliveryBody(record: DeliveryRecord, id: string): object {
  const { event, jobId, endpointId, url, state, revision, at, dueAt, attempt, tries } = record;
  return {
    ...{ id, event, jobId, webhookId: endpointId },
    // Whoever reads a job need not see what its webhooks' owner may have written into a URL: a token, a password.
    host: URL.parse(url)?.host ?? '',
    ...{ state, revision, at: isoTime(at), dueAt: isoTimeOrNull(dueAt), attempt },
    tries: tries.map((tried) => ({ ...tried, at: isoTime(tried.at) })),
  };
}
