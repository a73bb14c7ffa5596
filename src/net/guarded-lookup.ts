/**
 * Name lookups that never answer with a private address.
 *
 * The socket connects to exactly the addresses that this hook hands out, so a name that points to a public address when
 * it is checked and to a private one when it is used (DNS rebinding) gains nothing. Literal addresses skip the lookup: they
 * are checked before the request is made. Callbacks, upstreams and data sets all pass here; it is the only such guard.
 */
import { type LookupAddress, type LookupAllOptions, type LookupOptions, lookup } from 'node:dns';
import { isIP } from 'node:net';
import { isPrivateAddress } from './private-address.ts';

export class PrivateAddressError extends Error {
  override readonly name = 'PrivateAddressError';
}

type Answer = (error: Error | null, address: string | LookupAddress[], family?: number) => void;

type Resolve = (
  hostname: string,
  options: LookupAllOptions,
  answer: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** A hook for `net.connect` over this way of resolving names. */
export function guardedLookupWith(resolve: Resolve) {
  return (hostname: string, options: LookupOptions, answer: Answer): void => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return answer(error, []);
      const allowed = addresses.filter(({ address }) => !isPrivateAddress(address));
      const [first] = allowed;
      if (first === undefined) return answer(refusal(hostname), []);
      if (options.all === true) return answer(null, allowed);
      answer(null, first.address, first.family);
    });
  };
}

export const guardedLookup = guardedLookupWith(lookup);

/** Whether the host of a URL is private whoever looks it up: a literal private address, or a name that means this machine. */
export function isPrivateHost(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '');
  return isIP(host) === 0 ? /^(.+\.)?localhost\.?$/i.test(host) : isPrivateAddress(host);
}

/** Throws PrivateAddressError where the host of a URL is private in any case. */
export function refusePrivateHost(url: URL): void {
  if (isPrivateHost(url.hostname)) throw refusal(url.hostname);
}

function refusal(host: string): PrivateAddressError {
  return new PrivateAddressError(`${host} is a private address.`);
}
