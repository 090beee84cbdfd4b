// The nftables ruleset of all networks of one engine, as one text that replaces the former one in a single transaction: a
// table for IPv4 and, where a network has IPv6, one of the same shape for IPv6. Pure.
import { EMBEDDED_DNS } from './bridge.ts';
import { formatSubnet, type Subnet } from './cidr.ts';
import { formatSubnet6, type Subnet6 } from './cidr6.ts';

export interface RulesetNetwork {
  readonly bridge: string;
  readonly subnet: Subnet;
  readonly subnet6?: Subnet6;
  /** No way out and none in. */
  readonly internal: boolean;
  readonly masquerade: boolean;
  /** Containers on it reach one another. */
  readonly interContainer: boolean;
  /** Port of 127.0.0.11 on the host where the resolver listens; absent where the network has none. */
  readonly dnsPort?: number;
}

export interface RulesetPort {
  readonly protocol: 'tcp' | 'udp' | 'sctp';
  /** `0.0.0.0` = every IPv4 address of the host, `::` = every IPv6 address; otherwise one address. */
  readonly hostIp: string;
  readonly hostPort: number;
  /** Of the family of `hostIp`. */
  readonly address: string;
  readonly containerPort: number;
}

export interface RulesetFacts {
  /** Name of the table: one per engine, so that two engines on a machine do not undo one another. */
  readonly table: string;
  readonly networks: readonly RulesetNetwork[];
  readonly ports: readonly RulesetPort[];
  /** Of which there is, or may be, a table: on a kernel without a family its name alone would be an error. */
  readonly families: readonly Family[];
}

export type Family = 'ip' | 'ip6' | 'bridge';

/** Host ends of the pairs of all networks are named so; nft's pattern for them. */
const PORTS = '"wv*"';

/** Removes the tables, whether they are there or not. */
const removeRuleset = (table: string, families: readonly Family[]): string =>
  families.map((family) => `add table ${family} ${table}\ndelete table ${family} ${table}\n`).join('');

export function ruleset(facts: RulesetFacts): string {
  const text = removeRuleset(facts.table, facts.families);
  if (facts.networks.length === 0) return text;
  const hasV6 = facts.networks.some((network) => network.subnet6 !== undefined);
  const has = (family: Family): boolean => facts.families.includes(family);
  return [
    text,
    tableOf('ip', facts),
    has('ip6') && hasV6 ? tableOf('ip6', facts) : '',
    has('bridge') ? bridgeTable(facts.table) : '',
  ].join('');
}

/**
 * A neighbour on the bridge could send to a container's 127.0.0.1, which takes packets for it from outside (route_localnet, for
 * the resolver's sake). The table for IPv4 sees what goes from port to port only where br_netfilter is loaded; this one always.
 */
const bridgeTable = (table: string): string =>
  `table bridge ${table} {\n${chain('guard', 'type filter hook forward priority filter; policy accept;', [
    `iifname ${PORTS} ip daddr 127.0.0.0/8 drop`,
  ])}}\n`;

function tableOf(family: 'ip' | 'ip6', facts: RulesetFacts): string {
  // Those without IPv6 are in the IPv6 table too: it keeps them closed to those that have it.
  const bridges = `{ ${facts.networks.map((network) => quoted(network.bridge)).join(', ')} }`;
  const v4 = family === 'ip';
  const ports = facts.ports.filter((port) => port.hostIp.includes(':') !== v4);
  const chains = [
    ...(v4 ? [chain('guard', 'type filter hook prerouting priority raw; policy accept;', guard(facts, bridges))] : []),
    chain('prerouting', 'type nat hook prerouting priority dstnat; policy accept;', [
      ...(v4 ? facts.networks.flatMap(redirectDns) : []),
      'fib daddr type local jump published',
    ]),
    chain('output', 'type nat hook output priority -100; policy accept;', [
      // The kernel sends nothing from ::1 to elsewhere: the engine's own listener serves the host's IPv6 loopback.
      v4 ? 'fib daddr type local jump published' : 'ip6 daddr != ::1 fib daddr type local jump published',
    ]),
    chain('postrouting', 'type nat hook postrouting priority srcnat; policy accept;', [
      // From the host itself to a port published on loopback: the answer has to find its way back.
      ...(v4 ? [`ip saddr 127.0.0.0/8 oifname ${bridges} masquerade`] : []),
      ...facts.networks.flatMap((network) => sourceNat(family, network)),
    ]),
    chain('forward', 'type filter hook forward priority filter; policy accept;', forward(facts, bridges)),
    chain(
      'published',
      undefined,
      ports.map((port) => publish(family, port)),
    ),
  ];
  return `table ${family} ${facts.table} {\n${chains.join('')}}\n`;
}

/** A container cannot reach services on the host's loopback by forging packets; its resolver is the one exception. */
function guard(facts: RulesetFacts, bridges: string): string[] {
  const resolving = facts.networks.filter(({ dnsPort }) => dnsPort !== undefined).map(({ bridge }) => quoted(bridge));
  const ask = `ip daddr ${EMBEDDED_DNS} meta l4proto { tcp, udp } th dport 53 accept`;
  return [
    ...(resolving.length > 0 ? [`iifname { ${resolving.join(', ')} } ${ask}`] : []),
    `iifname ${bridges} ip daddr 127.0.0.0/8 drop`,
  ];
}

/** To the resolver, which listens on the same address of the host: a loopback one, so nobody else can ask it. */
const redirectDns = (network: RulesetNetwork): string[] =>
  network.dnsPort === undefined
    ? []
    : [
        `iifname ${quoted(network.bridge)} ip daddr ${EMBEDDED_DNS} meta l4proto { tcp, udp } th dport 53 dnat to ${EMBEDDED_DNS}:${network.dnsPort}`,
      ];

function sourceNat(family: 'ip' | 'ip6', network: RulesetNetwork): string[] {
  const subnet = family === 'ip' ? formatSubnet(network.subnet) : network.subnet6 && formatSubnet6(network.subnet6);
  if (subnet === undefined) return [];
  const from = `${family} saddr ${subnet}`;
  const bridge = quoted(network.bridge);
  // Hairpin: a container that reaches its own network through the host's address must be answered through the host too.
  const hairpin = `${from} oifname ${bridge} ct status dnat masquerade`;
  return network.masquerade && !network.internal ? [hairpin, `${from} oifname != ${bridge} masquerade`] : [hairpin];
}

const forward = (facts: RulesetFacts, bridges: string): string[] => [
  'ct state established,related accept',
  ...facts.networks.filter((network) => network.internal).flatMap(closeInternal),
  `ct status dnat oifname ${bridges} accept`,
  ...facts.networks.map(
    ({ bridge, interContainer }) =>
      `iifname ${quoted(bridge)} oifname ${quoted(bridge)} ${interContainer ? 'accept' : 'drop'}`,
  ),
  // Neither from one network into another, nor from outside to a port that is not published.
  `oifname ${bridges} drop`,
];

const closeInternal = ({ bridge }: RulesetNetwork): string[] => [
  `iifname ${quoted(bridge)} oifname != ${quoted(bridge)} drop`,
  `iifname != ${quoted(bridge)} oifname ${quoted(bridge)} drop`,
];

function publish(family: 'ip' | 'ip6', port: RulesetPort): string {
  const everywhere = ['', '0.0.0.0', '::'].includes(port.hostIp);
  const target = family === 'ip' ? port.address : `[${port.address}]`;
  const address = everywhere ? '' : `${family} daddr ${port.hostIp} `;
  return `${address}${port.protocol} dport ${port.hostPort} dnat to ${target}:${port.containerPort}`;
}

const quoted = (name: string): string => `"${name}"`;

function chain(name: string, hook: string | undefined, rules: readonly string[]): string {
  const body = [...(hook === undefined ? [] : [hook]), ...rules].map((rule) => `    ${rule}\n`).join('');
  return `  chain ${name} {\n${body}  }\n`;
}
