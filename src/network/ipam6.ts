// Choosing IPv6 subnets for networks and addresses within them. Pure; ipam.ts is the same for IPv4.
import { createHash } from 'node:crypto';
import { WindlassError } from '../errors.ts';
import { contains6, formatAddress6, formatSubnet6, lastOf6, overlaps6, parseSubnet6, type Subnet6 } from './cidr6.ts';

/** Networks get subnets of this size, as everywhere on IPv6. */
const NETWORK_PREFIX = 64;
const SUBNETS = 0x10000;

/**
 * A unique local subnet (RFC 4193): `fd`, 40 bits that belong to this engine, 16 bits for the network. The first that
 * overlaps none of `taken`.
 */
export function chooseSubnet6(engineId: string, taken: readonly Subnet6[]): Subnet6 {
  const site = createHash('sha256').update(engineId).digest().readUIntBE(0, 5);
  const first = (0xfdn << 120n) | (BigInt(site) << 80n);
  for (let index = 1; index < SUBNETS; index++) {
    const candidate = { base: first | (BigInt(index) << 64n), prefix: NETWORK_PREFIX };
    if (!taken.some((other) => overlaps6(candidate, other))) return candidate;
  }
  throw new WindlassError('NETWORK_NO_SUBNET', 'all predefined IPv6 address pools have been fully subnetted', {
    hint: 'remove networks that are not used, or give the network an IPv6 subnet of its own',
  });
}

/** The addresses that a network may give out. */
export interface AddressRange6 {
  readonly subnet: Subnet6;
  /** The part of the subnet that addresses are chosen from; the whole subnet when absent. */
  readonly range?: Subnet6;
  /** Never chosen: the gateway, auxiliary addresses, and those in use. */
  readonly used: ReadonlySet<bigint>;
}

/** The lowest free address after `after`, wrapping round. */
export function chooseAddress6(from: AddressRange6, after = 0n): bigint {
  const within = from.range ?? from.subnet;
  // The first address of a subnet is that of all its routers (RFC 4291).
  const first = within.base > from.subnet.base ? within.base : from.subnet.base + 1n;
  const last = lastOf6(within);
  let candidate = after >= first && after < last ? after + 1n : first;
  // Among one more candidate than there are used ones, one is free, unless the range is smaller.
  for (let tried = 0; tried <= from.used.size; tried++) {
    if (candidate <= last && !from.used.has(candidate)) return candidate;
    candidate = candidate >= last ? first : candidate + 1n;
  }
  throw new WindlassError('NETWORK_NO_ADDRESS', `no available IPv6 addresses on subnet ${formatSubnet6(from.subnet)}`);
}

/** Checks an address that was asked for. */
export function claimAddress6(from: AddressRange6, wanted: bigint): bigint {
  if (!contains6(from.subnet, wanted))
    throw new WindlassError(
      'NETWORK_ADDRESS',
      `invalid address ${formatAddress6(wanted)}: it does not belong to subnet ${formatSubnet6(from.subnet)}`,
    );
  if (from.used.has(wanted) || wanted === from.subnet.base)
    throw new WindlassError('NETWORK_ADDRESS_USED', 'Address already in use');
  return wanted;
}

/** The subnets of a routing table as /proc/net/ipv6_route prints it; default, link-local, multicast and host routes left out. */
export function routedSubnets6(table: string): Subnet6[] {
  return table.split('\n').flatMap((line) => {
    const [hex = '', prefixHex = ''] = line.split(/\s+/);
    const prefix = Number.parseInt(prefixHex, 16);
    if (!/^[0-9a-f]{32}$/.test(hex) || !(prefix > 0 && prefix < 128) || /^f[ef]/.test(hex)) return [];
    return parseSubnet6(`${hex.match(/..../g)?.join(':')}/${prefix}`) ?? [];
  });
}
