// The subnets of a network: what a client asked for, completed and checked. Pure.
import {
  contains,
  formatAddress,
  formatSubnet,
  overlaps,
  parseAddress,
  parseSubnet,
  type Subnet,
} from '../../../network/cidr.ts';
import {
  contains6,
  formatAddress6,
  formatSubnet6,
  overlaps6,
  parseAddress6,
  parseSubnet6,
  type Subnet6,
} from '../../../network/cidr6.ts';
import { chooseSubnet, DEFAULT_POOLS } from '../../../network/ipam.ts';
import { chooseSubnet6 } from '../../../network/ipam6.ts';
import { badRequest, forbidden } from '../server/api-error.ts';

export interface IpamConfig {
  readonly Subnet?: string;
  readonly IPRange?: string;
  readonly Gateway?: string;
  readonly AuxiliaryAddresses?: Readonly<Record<string, string>> | null;
  /** The name of the same field in answers of older engines. */
  readonly AuxAddress?: Readonly<Record<string, string>> | null;
}

/** One subnet of a network, complete. */
export interface Pool {
  readonly Subnet: string;
  readonly IPRange?: string;
  readonly Gateway: string;
  readonly AuxiliaryAddresses?: Readonly<Record<string, string>>;
}

export interface PoolFacts {
  /** What the subnets of networks without one of their own are derived from. */
  readonly engineId: string;
  /** Subnets of other networks, which none may overlap. */
  readonly networks: readonly Subnet[];
  readonly networks6: readonly Subnet6[];
  /** Subnets the host has routes to: not chosen, but not refused to who asks for one. */
  readonly routes: readonly Subnet[];
  readonly routes6: readonly Subnet6[];
  readonly ipv6: boolean;
}

/** The IPv4 subnet and, where the network has IPv6, the IPv6 one after it. */
export function poolsOf(configs: readonly IpamConfig[], facts: PoolFacts): Pool[] {
  const isV6 = (config: IpamConfig): boolean => config.Subnet?.includes(':') === true;
  const [v4, v6] = [configs.filter((config) => !isV6(config)), configs.filter(isV6)];
  for (const [family, found] of [
    ['IPv4', v4],
    ['IPv6', v6],
  ] as const)
    if (found.length > 1) throw badRequest(`a network can have one ${family} subnet, not ${found.length}`);
  return [ipv4Pool(v4[0] ?? {}, facts), ...(facts.ipv6 ? [ipv6Pool(v6[0] ?? {}, facts)] : [])];
}

const OVERLAP = 'Pool overlaps with other one on this address space';

function ipv4Pool(config: IpamConfig, facts: PoolFacts): Pool {
  const subnet = config.Subnet
    ? parseSubnet(config.Subnet)
    : chooseSubnet(DEFAULT_POOLS, [...facts.networks, ...facts.routes]);
  if (!subnet || subnet.prefix > 30)
    throw badRequest(`invalid subnet ${config.Subnet}: expected an IPv4 subnet such as 172.28.0.0/16`);
  if (facts.networks.some((other) => overlaps(subnet, other))) throw forbidden(OVERLAP);
  const range = config.IPRange ? parseSubnet(config.IPRange) : undefined;
  if (config.IPRange && (!range || !contains(subnet, range.base) || range.prefix < subnet.prefix))
    throw badRequest(`invalid ip-range ${config.IPRange}: it is not within subnet ${formatSubnet(subnet)}`);
  const gateway = config.Gateway ? parseAddress(config.Gateway) : subnet.base + 1;
  if (gateway === undefined || !contains(subnet, gateway))
    throw badRequest(`invalid gateway ${config.Gateway}: it is not within subnet ${formatSubnet(subnet)}`);
  const within = (text: string): boolean => {
    const address = parseAddress(text);
    return address !== undefined && contains(subnet, address);
  };
  return {
    Subnet: formatSubnet(subnet),
    ...rangeOf(config),
    Gateway: formatAddress(gateway),
    ...spared(config, within),
  };
}

function ipv6Pool(config: IpamConfig, facts: PoolFacts): Pool {
  const subnet = config.Subnet
    ? parseSubnet6(config.Subnet)
    : chooseSubnet6(facts.engineId, [...facts.networks6, ...facts.routes6]);
  if (!subnet || subnet.prefix > 126)
    throw badRequest(`invalid subnet ${config.Subnet}: expected an IPv6 subnet such as fd00:28::/64`);
  if (facts.networks6.some((other) => overlaps6(subnet, other))) throw forbidden(OVERLAP);
  const range = config.IPRange ? parseSubnet6(config.IPRange) : undefined;
  if (config.IPRange && (!range || !contains6(subnet, range.base) || range.prefix < subnet.prefix))
    throw badRequest(`invalid ip-range ${config.IPRange}: it is not within subnet ${formatSubnet6(subnet)}`);
  const gateway = config.Gateway ? parseAddress6(config.Gateway) : subnet.base + 1n;
  if (gateway === undefined || !contains6(subnet, gateway))
    throw badRequest(`invalid gateway ${config.Gateway}: it is not within subnet ${formatSubnet6(subnet)}`);
  const within = (text: string): boolean => {
    const address = parseAddress6(text);
    return address !== undefined && contains6(subnet, address);
  };
  return {
    Subnet: formatSubnet6(subnet),
    ...rangeOf(config),
    Gateway: formatAddress6(gateway),
    ...spared(config, within),
  };
}

const rangeOf = (config: IpamConfig): { IPRange?: string } => (config.IPRange ? { IPRange: config.IPRange } : {});

/** Addresses that are never given out, by the names that clients gave them. */
function spared(config: IpamConfig, within: (address: string) => boolean): Pick<Pool, 'AuxiliaryAddresses'> {
  const auxiliary = config.AuxiliaryAddresses ?? config.AuxAddress ?? {};
  for (const [name, address] of Object.entries(auxiliary))
    if (typeof address !== 'string' || !within(address))
      throw badRequest(`invalid auxiliary address "${name}": ${address} is not within the subnet`);
  return Object.keys(auxiliary).length > 0 ? { AuxiliaryAddresses: auxiliary } : {};
}
