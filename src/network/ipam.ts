// Choosing subnets for networks and addresses within them. Pure.

import { WindlassError } from '../errors.ts';
import { contains, formatAddress, formatSubnet, lastOf, overlaps, type Subnet, sizeOf } from './cidr.ts';

/** A range that is cut into subnets of one size. */
export interface AddressPool {
  readonly range: Subnet;
  readonly prefix: number;
}

const pool = (base: number, rangePrefix: number, prefix: number): AddressPool => ({
  range: { base, prefix: rangePrefix },
  prefix,
});

/** Docker's default pools: 172.17.0.0/16 … 172.31.0.0/16, then 192.168.0.0/16 in pieces of /20. */
export const DEFAULT_POOLS: readonly AddressPool[] = [
  ...Array.from({ length: 15 }, (_, index) => pool((172 * 256 + 17 + index) * 65536, 16, 16)),
  pool((192 * 256 + 168) * 65536, 16, 20),
];

/** The first subnet of the pools that overlaps none of `taken` (other networks and the host's routes). */
export function chooseSubnet(pools: readonly AddressPool[], taken: readonly Subnet[]): Subnet {
  for (const { range, prefix } of pools)
    for (let base = range.base; base <= lastOf(range); base += sizeOf(prefix)) {
      const candidate = { base, prefix };
      if (!taken.some((other) => overlaps(candidate, other))) return candidate;
    }
  throw new WindlassError('NETWORK_NO_SUBNET', 'all predefined address pools have been fully subnetted', {
    hint: 'remove networks that are not used, or give the network a subnet of its own',
  });
}

/** The addresses that a network may give out. */
export interface AddressRange {
  readonly subnet: Subnet;
  /** The part of the subnet that addresses are chosen from; the whole subnet when absent. */
  readonly range?: Subnet;
  /** Never chosen: the gateway, auxiliary addresses, and those in use. */
  readonly used: ReadonlySet<number>;
}

/**
 * The lowest free address after `after`, wrapping round: an address that was just given back is not the next to be given
 * out, so that a client with a stale address does not reach a stranger.
 */
export function chooseAddress(from: AddressRange, after = 0): number {
  const within = from.range ?? from.subnet;
  const first = Math.max(within.base, from.subnet.base + 1);
  const last = Math.min(lastOf(within), lastOf(from.subnet) - 1);
  const count = last - first + 1;
  const start = after >= first && after < last ? after + 1 : first;
  for (let step = 0; step < count; step++) {
    const candidate = first + ((start - first + step) % count);
    if (!from.used.has(candidate)) return candidate;
  }
  throw new WindlassError('NETWORK_NO_ADDRESS', `no available IPv4 addresses on subnet ${formatSubnet(from.subnet)}`);
}

/** Checks an address that was asked for. */
export function claimAddress(from: AddressRange, wanted: number): number {
  if (!contains(from.subnet, wanted))
    throw new WindlassError(
      'NETWORK_ADDRESS',
      `invalid address ${formatAddress(wanted)}: it does not belong to subnet ${formatSubnet(from.subnet)}`,
    );
  if (from.used.has(wanted) || wanted === from.subnet.base || wanted === lastOf(from.subnet))
    throw new WindlassError('NETWORK_ADDRESS_USED', 'Address already in use');
  return wanted;
}

/** The subnets of a routing table as /proc/net/route prints it; the default route is left out. */
export function routedSubnets(table: string): Subnet[] {
  return table
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const fields = line.split(/\s+/);
      const [destination, mask] = [littleEndian(fields[1]), littleEndian(fields[7])];
      if (destination === undefined || mask === undefined || mask === 0) return [];
      return [{ base: destination, prefix: mask.toString(2).replace(/0+$/, '').length }];
    });
}

function littleEndian(hex: string | undefined): number | undefined {
  if (hex === undefined || !/^[0-9A-F]{8}$/i.test(hex)) return undefined;
  const [a = 0, b = 0, c = 0, d = 0] = hex.match(/../g)?.map((byte) => Number.parseInt(byte, 16)) ?? [];
  return d * 2 ** 24 + c * 2 ** 16 + b * 256 + a;
}
