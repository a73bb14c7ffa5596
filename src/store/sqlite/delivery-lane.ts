/** Which lane of its tenant a delivery goes by: the same one for all of an endpoint, whatever their paths. */
import { DELIVERY_LANES } from '../contract.ts';

export function laneOf(url: string): number {
  const host = URL.parse(url)?.host ?? '';
  let hash = 0;
  for (let at = 0; at < host.length; at += 1) hash = (Math.imul(hash, 31) + host.charCodeAt(at)) >>> 0;
  return hash % DELIVERY_LANES;
}
