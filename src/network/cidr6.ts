// IPv6 addresses and subnets as big integers. Pure; cidr.ts is the same for IPv4.
import { isIPv6 } from 'node:net';
import { parseAddress } from './cidr.ts';

/** `base` has no bits below the prefix. */
export interface Subnet6 {
  readonly base: bigint;
  readonly prefix: number;
}

const BITS = 128;
const GROUPS = 8;

/** `fd00::1` → number; undefined when it is not an address. Scopes (`%eth0`) are not addresses of networks. */
export function parseAddress6(text: string): bigint | undefined {
  if (!isIPv6(text) || text.includes('%')) return undefined;
  const [head = '', tail] = withoutDottedEnd(text).split('::');
  const before = groupsOf(head);
  const after = groupsOf(tail ?? '');
  const zeros = Array.from({ length: GROUPS - before.length - after.length }, () => 0);
  return [...before, ...zeros, ...after].reduce((value, group) => (value << 16n) | BigInt(group), 0n);
}

const groupsOf = (text: string): number[] =>
  text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));

/** `::ffff:192.0.2.1` → `::ffff:c000:201` */
function withoutDottedEnd(text: string): string {
  const dotted = /[\d.]+$/.exec(text)?.[0] ?? '';
  const value = dotted.includes('.') ? parseAddress(dotted) : undefined;
  if (value === undefined) return text;
  return `${text.slice(0, -dotted.length)}${(value >>> 16).toString(16)}:${(value & 0xffff).toString(16)}`;
}

/** The short form of RFC 5952: the longest run of two or more zero groups is `::`. */
export function formatAddress6(value: bigint): string {
  const groups = Array.from({ length: GROUPS }, (_, i) => Number((value >> BigInt(16 * (GROUPS - 1 - i))) & 0xffffn));
  let best = { start: 0, length: 1 };
  for (let start = 0; start < GROUPS; start++) {
    let length = 0;
    while (groups[start + length] === 0) length += 1;
    if (length > best.length) best = { start, length };
  }
  const hex = groups.map((group) => group.toString(16));
  if (best.length < 2) return hex.join(':');
  return `${hex.slice(0, best.start).join(':')}::${hex.slice(best.start + best.length).join(':')}`;
}

const sizeOf6 = (prefix: number): bigint => 1n << BigInt(BITS - prefix);

/** `fd00:1::/64`; bits below the prefix are cleared. Undefined when it is not a subnet. */
export function parseSubnet6(text: string): Subnet6 | undefined {
  const [address = '', digits = '', ...rest] = text.split('/');
  const value = parseAddress6(address);
  const prefix = /^\d{1,3}$/.test(digits) ? Number(digits) : BITS + 1;
  if (value === undefined || prefix > BITS || rest.length > 0) return undefined;
  return { base: value - (value % sizeOf6(prefix)), prefix };
}

export const formatSubnet6 = (subnet: Subnet6): string => `${formatAddress6(subnet.base)}/${subnet.prefix}`;

export const lastOf6 = (subnet: Subnet6): bigint => subnet.base + sizeOf6(subnet.prefix) - 1n;

export const contains6 = (subnet: Subnet6, address: bigint): boolean =>
  address >= subnet.base && address <= lastOf6(subnet);

export const overlaps6 = (a: Subnet6, b: Subnet6): boolean => a.base <= lastOf6(b) && b.base <= lastOf6(a);
