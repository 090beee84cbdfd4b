// A bridge and its ports as text for `ip -batch`. Pure. One text runs on the host, one inside the container's namespace.
import { formatAddress, type Subnet } from './cidr.ts';

export interface BridgePlan {
  readonly bridge: string;
  readonly gateway: number;
  readonly subnet: Subnet;
  readonly mtu?: number | undefined;
  /** IPv6 gateway with prefix, where the network has IPv6: `fd00::1/64`. */
  readonly gateway6?: string | undefined;
}

export interface PortPlan {
  readonly bridge: string;
  /** The host's end of the pair. */
  readonly hostInterface: string;
  /** The container's end. */
  readonly interfaceName: string;
  readonly mac: string;
  readonly address: number;
  readonly prefix: number;
  readonly mtu?: number;
  /** With its prefix: `fd00::2/64`. */
  readonly address6?: string;
  /** Where packets for everywhere else go; absent on internal networks and on all but the primary one. */
  readonly defaultGateway?: number;
  readonly defaultGateway6?: string;
  /** Everywhere else is reached through this interface without a gateway (ipvlan on layer 3). */
  readonly defaultDevice?: boolean;
  /** Not to reach the other ports of the bridge. */
  readonly isolated?: boolean;
  /** The bridge's address, through which 127.0.0.11 is reached; set on one network of a container. */
  readonly dnsGateway?: number;
}

/** What a port is inside the namespace, whatever stands behind it on the host. */
export type InsidePlan = Omit<PortPlan, 'bridge' | 'hostInterface' | 'mac' | 'mtu' | 'isolated'>;

export const EMBEDDED_DNS = '127.0.0.11';

export const createBridge = (plan: BridgePlan): string =>
  lines([
    `link add ${plan.bridge}${mtu(plan.mtu)} type bridge`,
    `addr add ${formatAddress(plan.gateway)}/${plan.subnet.prefix} dev ${plan.bridge}`,
    plan.gateway6 === undefined ? '' : `addr add ${plan.gateway6} dev ${plan.bridge} nodad`,
    `link set ${plan.bridge} up`,
  ]);

export const deleteLink = (name: string): string => `link del ${name}\n`;

/** The pair, made with one end in the namespace already: the host never sees a stray `eth0`. */
export const plugPort = (plan: PortPlan, netns: string): string =>
  lines([
    `link add ${plan.hostInterface}${mtu(plan.mtu)} type veth peer name ${plan.interfaceName} address ${plan.mac}${mtu(plan.mtu)} netns ${netns}`,
    `link set ${plan.hostInterface} master ${plan.bridge} up`,
    // Where bridged packets pass the IP rules (br_netfilter), a container that reaches itself through the host's address
    // is sent back out of the port it came in by.
    `link set ${plan.hostInterface} type bridge_slave hairpin on`,
    // The ruleset sees bridged packets only where br_netfilter is loaded; this holds without it.
    plan.isolated ? `link set ${plan.hostInterface} type bridge_slave isolated on` : '',
  ]);

/**
 * Inside the namespace. 127.0.0.11 gets a route of its own in the local table, ahead of 127.0.0.0/8, so that questions
 * travel to the bridge, where they are redirected to the resolver; nothing has to listen inside the container.
 */
export const configurePort = (plan: InsidePlan): string =>
  lines([
    `addr add ${formatAddress(plan.address)}/${plan.prefix} broadcast + dev ${plan.interfaceName}`,
    plan.address6 === undefined ? '' : `addr add ${plan.address6} dev ${plan.interfaceName} nodad`,
    `link set ${plan.interfaceName} up`,
    routePort(plan),
  ]);

/** The routes of a namespace that lead out through one of its interfaces; they replace what led elsewhere before. */
export const routePort = (plan: Omit<InsidePlan, 'address' | 'prefix' | 'address6'>): string =>
  lines([
    plan.defaultDevice ? `route replace default dev ${plan.interfaceName}` : '',
    plan.defaultGateway === undefined
      ? ''
      : `route replace default via ${formatAddress(plan.defaultGateway)} dev ${plan.interfaceName}`,
    plan.defaultGateway6 === undefined
      ? ''
      : `route replace default via ${plan.defaultGateway6} dev ${plan.interfaceName}`,
    plan.dnsGateway === undefined
      ? ''
      : `route replace ${EMBEDDED_DNS} via ${formatAddress(plan.dnsGateway)} dev ${plan.interfaceName} table local`,
  ]);

const mtu = (value: number | undefined): string => (value === undefined ? '' : ` mtu ${value}`);

const lines = (texts: readonly string[]): string =>
  texts
    .filter((text) => text !== '')
    .map((text) => (text.endsWith('\n') ? text : `${text}\n`))
    .join('');

/** Docker's rule: 02:42 and the four bytes of the address, so that an address and its MAC come and go together. */
export const macOf = (address: number): string =>
  [0x02, 0x42, ...formatAddress(address).split('.').map(Number)].map((b) => b.toString(16).padStart(2, '0')).join(':');
