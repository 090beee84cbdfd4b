// A network as it is kept on disk, and how one comes from what a client asked for. Pure.
import { type AddressFamily, IPV4, IPV6 } from '../../../network/address-family.ts';
import type { Subnet } from '../../../network/cidr.ts';
import type { Subnet6 } from '../../../network/cidr6.ts';
import type { RulesetNetwork } from '../../../network/ruleset.ts';
import { badRequest, forbidden, notFound, notServed } from '../server/api-error.ts';
import { type Driver, type DriverOptions, driverOptions } from './driver-options.ts';
import { type IpamConfig, type Pool, type PoolFacts, poolsOf } from './ipam-config.ts';

export interface NetworkRequest {
  readonly Name?: string;
  readonly CheckDuplicate?: boolean;
  readonly Driver?: string;
  readonly Internal?: boolean;
  readonly Attachable?: boolean;
  readonly Ingress?: boolean;
  readonly Scope?: string;
  readonly ConfigOnly?: boolean;
  readonly ConfigFrom?: { readonly Network?: string } | null;
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
  readonly driver: Driver | 'host' | 'null';
  readonly internal: boolean;
  readonly attachable: boolean;
  readonly enableIPv6: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, string>>;
  readonly ipamDriver: string;
  readonly ipamOptions: Readonly<Record<string, string>>;
  /** The IPv4 subnet, then the IPv6 one; none for host and null. */
  readonly ipam: readonly Pool[];
  /** The user chose a subnet: only then may containers choose addresses. */
  readonly ownSubnet?: boolean;
  /** Networks of the driver "bridge". */
  readonly bridge?: string;
  /** macvlan and ipvlan: the host's interface; `dm-…`, a dummy of the engine's, where none was named. */
  readonly parent?: string;
}

/** What a network hands out, as numbers. */
export interface FamilyFacts<A, S> {
  readonly subnet: S;
  readonly range: S | undefined;
  readonly gateway: A;
  readonly auxiliary: readonly A[];
}

export interface AddressFacts extends FamilyFacts<number, Subnet> {
  /** Where the network has IPv6. */
  readonly v6: FamilyFacts<bigint, Subnet6> | undefined;
}

/** The network with no resolver of its own and no names, as in Docker. */
export const DEFAULT_NETWORK = 'bridge';

/** The networks that are always there. */
export const PREDEFINED: readonly string[] = [DEFAULT_NETWORK, 'host', 'none'];

/** Interfaces of the engine's networks start so; the kernel allows 15 characters. */
const BRIDGE_PREFIX = 'wl-';

export interface RecordFacts extends Omit<PoolFacts, 'ipv6'> {
  readonly id: string;
  readonly created: string;
}

/** Of networks that users make. */
export const DRIVERS: readonly string[] = ['bridge', 'macvlan', 'ipvlan'] satisfies Driver[];

export function networkRecord(request: NetworkRequest, facts: RecordFacts): NetworkRecord {
  const name = request.Name ?? '';
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(name)) throw badRequest(`invalid network name: ${JSON.stringify(name)}`);
  checkKind(request);
  const driver = driverOf(request);
  const ipamDriver = request.IPAM?.Driver || 'default';
  if (ipamDriver !== 'default') throw notFound(`could not find IPAM driver "${ipamDriver}"`);
  if (request.EnableIPv4 === false)
    throw badRequest('networks without IPv4 are not served: the resolver is asked over IPv4');
  const options = { ...(request.Options ?? {}) };
  const { bridgeName, parent } = driverOptions(driver, options);
  const configs = request.IPAM?.Config ?? [];
  const short = facts.id.slice(0, 12);
  return {
    id: facts.id,
    name,
    created: facts.created,
    driver,
    // Without a parent there is no way out (a dummy interface leads nowhere).
    internal: request.Internal === true || (driver !== 'bridge' && parent === undefined),
    attachable: request.Attachable === true,
    enableIPv6: request.EnableIPv6 === true,
    labels: { ...(request.Labels ?? {}) },
    options,
    ipamDriver,
    ipamOptions: { ...(request.IPAM?.Options ?? {}) },
    ipam: poolsOf(configs, { ...facts, ipv6: request.EnableIPv6 === true }),
    ...(configs.some((config) => config.Subnet) ? { ownSubnet: true } : {}),
    ...(driver === 'bridge' ? { bridge: bridgeName ?? BRIDGE_PREFIX + short } : { parent: parent ?? `dm-${short}` }),
  };
}

/** Kinds of networks that are made for a swarm, or for other networks to be like them. */
function checkKind({ Ingress, Scope: scope = '', ConfigOnly, ConfigFrom }: NetworkRequest): void {
  if (Ingress === true) throw forbidden('Ingress network can only be global scope network');
  if (scope === 'swarm') throw forbidden('cannot create a swarm scoped network when swarm is not active');
  if (!['', 'local'].includes(scope)) throw badRequest(`invalid network scope "${scope}": only "local" is served`);
  if (ConfigOnly === true || ConfigFrom?.Network) throw notServed('a network that is the configuration of others');
}

function driverOf(request: NetworkRequest): Driver {
  const driver = request.Driver || 'bridge';
  if (driver === 'host' || driver === 'null') throw forbidden(`only one instance of "${driver}" network is allowed`);
  if (!DRIVERS.includes(driver))
    throw notFound(
      `could not find plugin ${driver} in v1 plugin registry: plugin not found: the windlass native engine has the drivers ${DRIVERS.join(', ')}`,
    );
  return driver as Driver;
}

/** The numbers of a network that gives out addresses; undefined for host and null. */
export function addressFacts(record: NetworkRecord): AddressFacts | undefined {
  const isV6 = ({ Subnet }: Pool): boolean => Subnet.includes(':');
  const facts = factsIn(
    IPV4,
    record.ipam.find((pool) => !isV6(pool)),
  );
  return facts && { ...facts, v6: record.enableIPv6 ? factsIn(IPV6, record.ipam.find(isV6)) : undefined };
}

function factsIn<A, S>(family: AddressFamily<A, S>, pool: Pool | undefined): FamilyFacts<A, S> | undefined {
  const subnet = family.parseSubnet(pool?.Subnet ?? '');
  const gateway = family.parseAddress(pool?.Gateway ?? '');
  if (!pool || subnet === undefined || gateway === undefined) return undefined;
  return {
    subnet,
    range: pool.IPRange === undefined ? undefined : family.parseSubnet(pool.IPRange),
    gateway,
    auxiliary: Object.values(pool.AuxiliaryAddresses ?? {}).flatMap((text) => family.parseAddress(text) ?? []),
  };
}

/** A network's options; those of host and null say nothing. */
export const optionsOf = (record: NetworkRecord): DriverOptions =>
  driverOptions(record.driver === 'host' || record.driver === 'null' ? 'bridge' : record.driver, record.options);

/** What the ruleset has to know of a network; only bridges are behind it. */
export function rulesetNetwork(record: NetworkRecord, dnsPort: number | undefined): RulesetNetwork | undefined {
  const facts = addressFacts(record);
  if (!facts || record.bridge === undefined) return undefined;
  const { masquerade, interContainer } = optionsOf(record);
  return {
    bridge: record.bridge,
    subnet: facts.subnet,
    internal: record.internal,
    masquerade,
    interContainer,
    ...(facts.v6 ? { subnet6: facts.v6.subnet } : {}),
    ...(dnsPort === undefined ? {} : { dnsPort }),
  };
}
