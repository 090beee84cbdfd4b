// The nftables ruleset of all networks of one engine, as one text that replaces the former one in a single transaction. Pure.
import { EMBEDDED_DNS } from './bridge.ts';
import { formatSubnet, type Subnet } from './cidr.ts';

export interface RulesetNetwork {
  readonly bridge: string;
  readonly subnet: Subnet;
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
  /** `0.0.0.0` = every address of the host. */
  readonly hostIp: string;
  readonly hostPort: number;
  readonly address: string;
  readonly containerPort: number;
}

export interface RulesetFacts {
  /** Name of the table: one per engine, so that two engines on a machine do not undo one another. */
  readonly table: string;
  readonly networks: readonly RulesetNetwork[];
  readonly ports: readonly RulesetPort[];
}

/** Removes the table, whether it is there or not. */
export const removeRuleset = (table: string): string => `add table ip ${table}\ndelete table ip ${table}\n`;

export function ruleset(facts: RulesetFacts): string {
  if (facts.networks.length === 0) return removeRuleset(facts.table);
  const bridges = `{ ${facts.networks.map((network) => quoted(network.bridge)).join(', ')} }`;
  const chains = [
    chain('guard', 'type filter hook prerouting priority raw; policy accept;', guard(facts, bridges)),
    chain('prerouting', 'type nat hook prerouting priority dstnat; policy accept;', [
      ...facts.networks.flatMap(redirectDns),
      'fib daddr type local jump published',
    ]),
    chain('output', 'type nat hook output priority -100; policy accept;', ['fib daddr type local jump published']),
    chain('postrouting', 'type nat hook postrouting priority srcnat; policy accept;', [
      // From the host itself to a port published on loopback: the answer has to find its way back.
      `ip saddr 127.0.0.0/8 oifname ${bridges} masquerade`,
      ...facts.networks.flatMap(sourceNat),
    ]),
    chain('forward', 'type filter hook forward priority filter; policy accept;', forward(facts, bridges)),
    chain('published', undefined, facts.ports.map(publish)),
  ];
  return `${removeRuleset(facts.table)}table ip ${facts.table} {\n${chains.join('')}}\n`;
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

function sourceNat(network: RulesetNetwork): string[] {
  const from = `ip saddr ${formatSubnet(network.subnet)}`;
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

function publish(port: RulesetPort): string {
  const address = port.hostIp === '0.0.0.0' || port.hostIp === '' ? '' : `ip daddr ${port.hostIp} `;
  return `${address}${port.protocol} dport ${port.hostPort} dnat to ${port.address}:${port.containerPort}`;
}

const quoted = (name: string): string => `"${name}"`;

function chain(name: string, hook: string | undefined, rules: readonly string[]): string {
  const body = [...(hook === undefined ? [] : [hook]), ...rules].map((rule) => `    ${rule}\n`).join('');
  return `  chain ${name} {\n${body}  }\n`;
}
