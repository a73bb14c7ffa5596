/**
 * Whether an IP address belongs to a network that a caller must not reach through this server.
 *
 * Callers name URLs (redirects, DNS answers, callback addresses), and the server stands inside of somebody's network: what is
 * not certainly public counts as private. For IPv6 that means everything outside of 2000::/3. Addresses that carry an IPv4
 * address inside (mapped, NAT64, 6to4) are judged by that one.
 */

/** True for private, loopback, link-local, multicast, documentation and reserved addresses, and for what is no address at all. */
export function isPrivateAddress(address: string): boolean {
  const four = parseFour(address);
  if (four !== null) return isPrivateFour(four);
  const six = parseSix(address);
  return six === null || isPrivateSix(six);
}

/** [first address, prefix length] of what is not public in IPv4, from the IANA special-purpose registry. */
const PRIVATE_FOUR: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
];

function isPrivateFour(address: number): boolean {
  return PRIVATE_FOUR.some(([first, bits]) => {
    const size = 2 ** (32 - bits);
    return Math.floor(address / size) === Math.floor((parseFour(first) ?? 0) / size);
  });
}

function isPrivateSix(groups: readonly number[]): boolean {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = groups;
  const isZeroTo64 = a === 0 && b === 0 && c === 0 && d === 0;
  if (isZeroTo64 && e === 0 && f === 0xffff) return isPrivateFour(fourOf(g, h));
  if (a === 0x64 && b === 0xff9b && c === 0 && d === 0 && e === 0 && f === 0) return isPrivateFour(fourOf(g, h));
  if (a === 0x2002) return isPrivateFour(fourOf(b, c));
  const isGlobal = (a & 0xe000) === 0x2000;
  const isSpecial = a === 0x2001 && (b < 0x200 || b === 0xdb8);
  const isDocumentation = a === 0x3fff && b < 0x1000;
  return !isGlobal || isSpecial || isDocumentation;
}

function fourOf(high: number, low: number): number {
  return high * 0x10000 + low;
}

function parseFour(text: string): number | null {
  const parts = text.split('.');
  if (parts.length !== 4) return null;
  let address = 0;
  for (const part of parts) {
    if (!/^\d{1,3}$/.test(part) || Number(part) > 255) return null;
    address = address * 256 + Number(part);
  }
  return address;
}

/** Eight groups, or null. A zone (`%eth0`) is cut off: such an address is link-local anyway. */
function parseSix(text: string): number[] | null {
  const [bare = ''] = text.split('%', 1);
  const halves = bare.split('::');
  if (halves.length > 2) return null;
  const head = parseGroups(halves[0] ?? '');
  const tail = parseGroups(halves[1] ?? '');
  if (head === null || tail === null) return null;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1) return missing === 0 ? head : null;
  return missing < 1 ? null : [...head, ...new Array<number>(missing).fill(0), ...tail];
}

function parseGroups(text: string): number[] | null {
  if (text === '') return [];
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    const four = index === parts.length - 1 ? parseFour(part) : null;
    if (four !== null) groups.push(Math.floor(four / 0x10000), four % 0x10000);
    else if (/^[0-9a-f]{1,4}$/i.test(part)) groups.push(Number.parseInt(part, 16));
    else return null;
  }
  return groups;
}
