/** Which lane of its tenant a callback goes by: the same one for all of a host, whatever their paths. Two hosts may share one. */
const CALLBACK_LANES = 32;

export function callbackLane(url: string): number {
  const host = URL.parse(url)?.host ?? '';
  let hash = 0;
  for (let at = 0; at < host.length; at += 1) hash = (Math.imul(hash, 31) + host.charCodeAt(at)) >>> 0;
  return hash % CALLBACK_LANES;
}
