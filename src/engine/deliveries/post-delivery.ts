/**
 * POSTs one delivery to the URL that a caller named.
 *
 * Callers name these URLs and this server stands inside of somebody's network: addresses that are not public are refused, when
 * the name is resolved for this very connection, so that an answer that changes between check and use gets nowhere.
 * `fetch` is not used because it offers no way into its name lookup. Redirects are not followed for the same reason.
 */
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { guardedLookup, refusePrivateHost } from '../../net/guarded-lookup.ts';
import type { DeliveryRequest } from '../api.ts';

/** Resolves with the HTTP status; rejects when there was no answer. */
export type PostDelivery = (url: string, request: DeliveryRequest, signal: AbortSignal) => Promise<number>;

export function createPostDelivery(options: { readonly allowsPrivate: boolean }): PostDelivery {
  return (url, { headers, body }, signal) =>
    new Promise((resolve, reject) => {
      const target = URL.parse(url);
      if (target === null || (target.protocol !== 'http:' && target.protocol !== 'https:'))
        return reject(new Error('The callback URL is not an http or https URL.'));
      if (!options.allowsPrivate) refusePrivateHost(target);
      const send = target.protocol === 'https:' ? requestHttps : requestHttp;
      const sent = send(target, {
        method: 'POST',
        headers: { 'user-agent': 'bide', ...headers, 'content-length': Buffer.byteLength(body) },
        signal,
        ...(options.allowsPrivate ? {} : { lookup: guardedLookup }),
      });
      sent.on('error', reject);
      sent.on('response', (response) => {
        // The answer's body means nothing here; it is not read, so that it cannot be endless.
        response.destroy();
        resolve(response.statusCode ?? 0);
      });
      sent.end(body);
    });
}
