// A network as it is kept on disk, and how one comes from what a client asked for. Pure.
import {
  contains,
  formatAddress,
  formatSubnet,
  parseAddress,
  parseSubnet,
  type Subnet,
} from '../../../network/cidr.ts';
import { chooseSubnet, DEFAULT_POOLS } from '../../../network/ipam.ts';
import type { RulesetNetwork } from '../../../network/ruleset.ts';
import { badRequest, notFound } from '../server/api-error.ts';

export interface IpamConfig {
  readonly Subnet?: string;
  readonly IPRange?: string;
  readonly Gateway?: string;
  readonly AuxiliaryAddresses?: Readonly<Record<string, string>> | null;
  /** The name of the same field in answers of older engines. */
  readonly AuxAddress?: Readonly<Record<string, string>> | null;
}

export interface NetworkRequest {
  readonly Name?: string;
  readonly CheckDuplicate?: boolean;
  readonly Driver?: string;
  readonly Internal?: boolean;
  readonly Attachable?: boolean;
  readonly Ingress?: boolean;
  readonly Scope?: string;
  readonly EnableIPv6?: boolean;
  readonly EnableIPv4?: boolean;
  readonly IPAM?: {
    readonly Driver?: string;
    readonly Options?: Record<string, string> | null;
    readonly Config?: IpamConfig[] | null;
  } | null;
  readonly Options?: Readonly<Record<string, string>> | null;
  readonly Labels?: Readonly<Record<string, string>> | null;
}

export interface NetworkRecord {
  readonly id: string;
  readonly name: string;
  readonly created: string;
  readonly driver: 'bridge' | 'host' | 'null';
  readonly internal: boolean;
  readonly attachable: boolean;
  readonly enableIPv6: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, string>>;
  readonly ipamDriver: string;
  readonly ipamOptions: Readonly<Record<string, string>>;
  readonly ipam: readonly {
    readonly Subnet?: string;
    readonly IPRange?: string;
    readonly Gateway?: string;
    readonly AuxiliaryAddresses?: Readonly<Record<string, string>>;
  }[];
  /** Absent for host and null. */
  readonly bridge?: string;
}

/** What a bridge network hands out, as numbers. */
export interface BridgeFacts {
  readonly bridge: string;
  readonly subnet: Subnet;
  readonly range: Subnet | undefined;
  readonly gateway: number;
  readonly auxiliary: readonly number[];
  readonly mtu: number | undefined;
  readonly gateway6: string | undefined;
}

const BRIDGE_NAME = 'com.docker.network.bridge.name';
const MASQUERADE = 'com.docker.network.bridge.enable_ip_masquerade';
const ICC = 'com.docker.network.bridge.enable_icc';
const MTU = 'com.docker.network.driver.mtu';

/** The network with no resolver of its own and no names, as in Docker. */
export const DEFAULT_NETWORK = 'bridge';

/** The networks that are always there. */
export const PREDEFINED: readonly string[] = [DEFAULT_NETWORK, 'host', 'none'];

/** Interfaces of the engine's networks start so; the kernel allows 15 characters. */
export const BRIDGE_PREFIX = 'wl-';

export interface RecordFacts {
  readonly id: string;
  readonly created: string;
  /** Subnets that are spoken for: other networks' and the host's routes. */
  readonly taken: readonly Subnet[];
}

export function networkRecord(request: NetworkRequest, facts: RecordFacts): NetworkRecord {
  const name = request.Name ?? '';
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(name)) throw badRequest(`invalid network name: ${JSON.stringify(name)}`);
  const driver = request.Driver || 'bridge';
  if (driver !== 'bridge')
    throw notFound(`could not find driver "${driver}": the windlass native engine has "bridge", "host" and "null"`);
  const ipamDriver = request.IPAM?.Driver || 'default';
  if (ipamDriver !== 'default') throw notFound(`could not find IPAM driver "${ipamDriver}"`);
  const options = { ...(request.Options ?? {}) };
  const bridge = options[BRIDGE_NAME] ?? BRIDGE_PREFIX + facts.id.slice(0, 12);
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,14}$/.test(bridge)) throw badRequest(`invalid bridge name "${bridge}"`);
  return {
    id: facts.id,
    name,
    created: facts.created,
    driver: 'bridge',
    internal: request.Internal === true,
    attachable: request.Attachable === true,
    enableIPv6: request.EnableIPv6 === true,
    labels: { ...(request.Labels ?? {}) },
    options,
    ipamDriver,
    ipamOptions: { ...(request.IPAM?.Options ?? {}) },
    ipam: ipamConfigs(request.IPAM?.Config ?? [], facts.taken),
    bridge,
  };
}

function ipamConfigs(configs: readonly IpamConfig[], taken: readonly Subnet[]): NetworkRecord['ipam'] {
  const v6 = configs.filter((config) => config.Subnet?.includes(':'));
  const v4 = configs.filter((config) => !config.Subnet?.includes(':'));
  if (v4.length > 1) throw badRequest('a bridge network can have one IPv4 subnet');
  return [ipv4Config(v4[0] ?? {}, taken), ...v6.map(ipv6Config)];
}

function ipv4Config(config: IpamConfig, taken: readonly Subnet[]): NetworkRecord['ipam'][number] {
  const subnet = config.Subnet ? parseSubnet(config.Subnet) : chooseSubnet(DEFAULT_POOLS, taken);
  if (!subnet || subnet.prefix > 30)
    throw badRequest(`invalid subnet ${config.Subnet}: expected an IPv4 subnet such as 172.28.0.0/16`);
  const clash = config.Subnet
    ? taken.some((other) => other.base === subnet.base && other.prefix === subnet.prefix)
    : false;
  if (clash) throw badRequest('Pool overlaps with other one on this address space');
  const range = config.IPRange ? parseSubnet(config.IPRange) : undefined;
  if (config.IPRange && (!range || !contains(subnet, range.base)))
    throw badRequest(`invalid ip-range ${config.IPRange}: it is not within subnet ${formatSubnet(subnet)}`);
  const gateway = config.Gateway ? parseAddress(config.Gateway) : subnet.base + 1;
  if (gateway === undefined || !contains(subnet, gateway))
    throw badRequest(`invalid gateway ${config.Gateway}: it is not within subnet ${formatSubnet(subnet)}`);
  const auxiliary = config.AuxiliaryAddresses ?? config.AuxAddress;
  return {
    Subnet: formatSubnet(subnet),
    ...(config.IPRange ? { IPRange: config.IPRange } : {}),
    Gateway: formatAddress(gateway),
    ...(auxiliary && Object.keys(auxiliary).length > 0 ? { AuxiliaryAddresses: auxiliary } : {}),
  };
}

const ipv6Config = (config: IpamConfig): NetworkRecord['ipam'][number] => ({
  ...(config.Subnet ? { Subnet: config.Subnet } : {}),
  ...(config.Gateway ? { Gateway: config.Gateway } : {}),
});

/** The numbers of a bridge network; undefined for host and null. */
export function bridgeFacts(record: NetworkRecord): BridgeFacts | undefined {
  const config = record.ipam[0];
  const subnet = parseSubnet(config?.Subnet ?? '');
  const gateway = parseAddress(config?.Gateway ?? '');
  if (record.bridge === undefined || !subnet || gateway === undefined) return undefined;
  const mtu = Number(record.options[MTU]);
  return {
    bridge: record.bridge,
    subnet,
    range: config?.IPRange === undefined ? undefined : parseSubnet(config.IPRange),
    gateway,
    auxiliary: Object.values(config?.AuxiliaryAddresses ?? {}).flatMap((text) => parseAddress(text) ?? []),
    mtu: Number.isInteger(mtu) && mtu > 0 ? mtu : undefined,
    gateway6: undefined,
  };
}

export function rulesetNetwork(record: NetworkRecord, dnsPort: number | undefined): RulesetNetwork | undefined {
  const facts = bridgeFacts(record);
  if (!facts) return undefined;
  return {
    bridge: facts.bridge,
    subnet: facts.subnet,
    internal: record.internal,
    masquerade: record.options[MASQUERADE] !== 'false',
    interContainer: record.options[ICC] !== 'false',
    ...(dnsPort === undefined ? {} : { dnsPort }),
  };
}
