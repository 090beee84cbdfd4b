// IPv4 and IPv6 as two rows of a table, for code that does the same with both.
import { contains, formatAddress, formatSubnet, overlaps, parseAddress, parseSubnet, type Subnet } from './cidr.ts';
import {
  contains6,
  formatAddress6,
  formatSubnet6,
  overlaps6,
  parseAddress6,
  parseSubnet6,
  type Subnet6,
} from './cidr6.ts';
import { chooseAddress, claimAddress } from './ipam.ts';
import { chooseAddress6, claimAddress6 } from './ipam6.ts';

/** The addresses of a network that may be given out. */
export interface FreeAddresses<A, S> {
  readonly subnet: S;
  readonly range?: S;
  readonly used: ReadonlySet<A>;
}

/** `A`: an address; `S`: a subnet. */
export interface AddressFamily<A, S> {
  readonly name: 'IPv4' | 'IPv6';
  /** A subnet as a message would show one. */
  readonly example: string;
  /** Of the smallest subnet that has addresses for a gateway and a container. */
  readonly longestPrefix: number;
  parseAddress(text: string): A | undefined;
  formatAddress(address: A): string;
  parseSubnet(text: string): S | undefined;
  formatSubnet(subnet: S): string;
  contains(subnet: S, address: A): boolean;
  overlaps(a: S, b: S): boolean;
  /** Where a gateway is unless somebody says otherwise. */
  firstHost(subnet: S): A;
  /** The next free address after `after`; throws WindlassError when there is none. */
  choose(from: FreeAddresses<A, S>, after?: A): A;
  /** Checks an address that was asked for. */
  claim(from: FreeAddresses<A, S>, wanted: A): A;
}

export const IPV4: AddressFamily<number, Subnet> = {
  name: 'IPv4',
  example: '172.28.0.0/16',
  longestPrefix: 30,
  parseAddress,
  formatAddress,
  parseSubnet,
  formatSubnet,
  contains,
  overlaps,
  firstHost: ({ base }) => base + 1,
  choose: chooseAddress,
  claim: claimAddress,
};

export const IPV6: AddressFamily<bigint, Subnet6> = {
  name: 'IPv6',
  example: 'fd00:28::/64',
  longestPrefix: 126,
  parseAddress: parseAddress6,
  formatAddress: formatAddress6,
  parseSubnet: parseSubnet6,
  formatSubnet: formatSubnet6,
  contains: contains6,
  overlaps: overlaps6,
  firstHost: ({ base }) => base + 1n,
  choose: chooseAddress6,
  claim: claimAddress6,
};
