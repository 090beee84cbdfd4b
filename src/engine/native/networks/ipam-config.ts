// The subnets of a network: what a client asked for, completed and checked. Pure.
import { type AddressFamily, IPV4, IPV6 } from '../../../network/address-family.ts';
import type { Subnet } from '../../../network/cidr.ts';
import type { Subnet6 } from '../../../network/cidr6.ts';
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
  const pool = poolIn(IPV4, v4[0] ?? {}, facts.networks, () =>
    chooseSubnet(DEFAULT_POOLS, [...facts.networks, ...facts.routes]),
  );
  if (!facts.ipv6) return [pool];
  const pool6 = poolIn(IPV6, v6[0] ?? {}, facts.networks6, () =>
    chooseSubnet6(facts.engineId, [...facts.networks6, ...facts.routes6]),
  );
  return [pool, pool6];
}

const OVERLAP = 'Pool overlaps with other one on this address space';

/** What was asked for, completed; `choose` finds a subnet where none was asked for. */
function poolIn<A, S extends { readonly base: A; readonly prefix: number }>(
  family: AddressFamily<A, S>,
  config: IpamConfig,
  networks: readonly S[],
  choose: () => S,
): Pool {
  const subnet = config.Subnet ? family.parseSubnet(config.Subnet) : choose();
  if (!subnet || subnet.prefix > family.longestPrefix)
    throw badRequest(`invalid subnet ${config.Subnet}: expected an ${family.name} subnet such as ${family.example}`);
  if (networks.some((other) => family.overlaps(subnet, other))) throw forbidden(OVERLAP);
  const range = config.IPRange ? family.parseSubnet(config.IPRange) : undefined;
  if (config.IPRange && (!range || !family.contains(subnet, range.base) || range.prefix < subnet.prefix))
    throw badRequest(`invalid ip-range ${config.IPRange}: it is not within subnet ${family.formatSubnet(subnet)}`);
  const gateway = config.Gateway ? family.parseAddress(config.Gateway) : family.firstHost(subnet);
  if (gateway === undefined || !family.contains(subnet, gateway))
    throw badRequest(`invalid gateway ${config.Gateway}: it is not within subnet ${family.formatSubnet(subnet)}`);
  const within = (text: string): boolean => {
    const address = family.parseAddress(text);
    return address !== undefined && family.contains(subnet, address);
  };
  return {
    Subnet: family.formatSubnet(subnet),
    ...rangeOf(config),
    Gateway: family.formatAddress(gateway),
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
