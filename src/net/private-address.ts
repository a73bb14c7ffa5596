/**
 * Whether an IP address belongs to a network that a caller must not reach through this server.
 *
 * Callers name URLs (redirects, DNS answers, callback addresses), and the server stands inside of somebody's network: what is
 * not certainly public counts as private. For IPv6 that means everything outside of 2000::/3. Addresses that carry an IPv4
 * address inside (mapped, NAT64, 6to4) are judged by that one.
 */
import { BlockList, isIP } from 'node:net';

/** What is not public in IPv4, from the IANA special-purpose registry. */
const PRIVATE_FOUR =
  '0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/3';
/** What is not public inside of 2000::/3. */
const PRIVATE_SIX = '2001::/23 2001:db8::/32 3fff::/20';
const OUTSIDE_GLOBAL_SIX = '::/3 4000::/2 8000::/1';
/** IPv4 inside of IPv6, outside of 2000::/3: mapped (Node's list looks through it) and NAT64. */
const CARRIERS = '::ffff:0:0/96 64:ff9b::/96';

const blocked = listOf(`${PRIVATE_FOUR} ${PRIVATE_SIX} ${carried(PRIVATE_FOUR)}`);
const outside = listOf(OUTSIDE_GLOBAL_SIX);
const carriers = listOf(CARRIERS);

/** True for private, loopback, link-local, multicast, documentation and reserved addresses, and for what is no address at all. */
export function isPrivateAddress(address: string): boolean {
  // A zone (`%eth0`) says nothing: such an address is link-local anyway.
  const [bare = ''] = address.split('%', 1);
  const version = isIP(bare);
  if (version === 0) return true;
  if (version === 4) return blocked.check(bare, 'ipv4');
  return blocked.check(bare, 'ipv6') || (outside.check(bare, 'ipv6') && !carriers.check(bare, 'ipv6'));
}

function listOf(nets: string): BlockList {
  const list = new BlockList();
  for (const net of nets.split(' ')) {
    const [first = '', bits] = net.split('/');
    list.addSubnet(first, Number(bits), isIP(first) === 4 ? 'ipv4' : 'ipv6');
  }
  return list;
}

/** The same networks as NAT64 and 6to4 write them. */
function carried(nets: string): string {
  return nets
    .split(' ')
    .flatMap((net) => {
      const [first = '', bits] = net.split('/');
      const [a = 0, b = 0, c = 0, d = 0] = first.split('.').map(Number);
      const groups = `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
      return [`64:ff9b::${first}/${96 + Number(bits)}`, `2002:${groups}::/${16 + Number(bits)}`];
    })
    .join(' ');
}
