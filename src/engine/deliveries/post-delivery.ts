/**
 * POSTs one delivery to the URL that a caller named.
 *
 * Callers name these URLs and this server stands inside of somebody's network: addresses that are not public are refused, when
 * the name is resolved for this very connection, so that an answer that changes between check and use gets nowhere.
 * `fetch` is not used because it offers no way into its name lookup. Redirects are not followed for the same reason.
 */
import { type LookupAddress, lookup } from 'node:dns';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { isPrivateAddress } from '../../core/private-address.ts';
import type { DeliveryRequest } from '../api.ts';

/** Resolves with the HTTP status; rejects when there was no answer. */
export type PostDelivery = (url: string, request: DeliveryRequest, signal: AbortSignal) => Promise<number>;

export function createPostDelivery(options: { readonly allowsPrivate: boolean }): PostDelivery {
  return (url, { headers, body }, signal) =>
    new Promise((resolve, reject) => {
      const target = URL.parse(url);
      if (target === null || (target.protocol !== 'http:' && target.protocol !== 'https:'))
        return reject(new Error('The callback URL is not an http or https URL.'));
      // A literal address is never looked up.
      const host = target.hostname.replace(/^\[|\]$/g, '');
      if (!options.allowsPrivate && isIP(host) !== 0 && isPrivateAddress(host)) return reject(refusal(host));
      const send = target.protocol === 'https:' ? requestHttps : requestHttp;
      const sent = send(target, {
        method: 'POST',
        headers: { 'user-agent': 'bide', ...headers, 'content-length': Buffer.byteLength(body) },
        signal,
        ...(options.allowsPrivate ? {} : { lookup: publicLookup }),
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

const publicLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
    if (error) return callback(error, '', 0);
    const allowed = addresses.filter(({ address }) => !isPrivateAddress(address));
    const [first] = allowed;
    if (first === undefined) return callback(refusal(hostname), '', 0);
    if (options.all) callback(null, allowed);
    else callback(null, first.address, first.family);
  });
};

function refusal(host: string): Error {
  return new Error(`${host} is a private address, and deliveries may not go there.`);
}
