// IPv4 addresses and subnets as numbers. Pure.

/** `base` has no bits below the prefix. */
export interface Subnet {
  readonly base: number;
  readonly prefix: number;
}

/** `172.18.0.1` → number; undefined when it is not an address. */
export function parseAddress(text: string): number | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  let value = 0;
  for (const part of parts) {
    if (!/^(?:0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    value = value * 256 + Number(part);
  }
  return value;
}

export const formatAddress = (value: number): string =>
  [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255].join('.');

/** Addresses in a subnet of that prefix. */
export const sizeOf = (prefix: number): number => 2 ** (32 - prefix);

/** `172.18.0.0/16`; bits below the prefix are cleared. Undefined when it is not a subnet. */
export function parseSubnet(text: string): Subnet | undefined {
  const [address = '', digits = '', ...rest] = text.split('/');
  const value = parseAddress(address);
  const prefix = /^\d{1,2}$/.test(digits) ? Number(digits) : 33;
  if (value === undefined || prefix > 32 || rest.length > 0) return undefined;
  return { base: value - (value % sizeOf(prefix)), prefix };
}

export const formatSubnet = (subnet: Subnet): string => `${formatAddress(subnet.base)}/${subnet.prefix}`;

export const lastOf = (subnet: Subnet): number => subnet.base + sizeOf(subnet.prefix) - 1;

export const contains = (subnet: Subnet, address: number): boolean =>
  address >= subnet.base && address <= lastOf(subnet);

export const overlaps = (a: Subnet, b: Subnet): boolean => a.base <= lastOf(b) && b.base <= lastOf(a);
