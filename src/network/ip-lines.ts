// Lines for `ip -batch` as rtnetlink messages: the forms that bridge.ts writes for every container. Pure. ip(8) costs 5 ms of
// processor time a run, twice per container; a message costs next to nothing.
import { parseAddress } from './cidr.ts';
import {
  addressHeader,
  attribute,
  CREATE,
  DELETE_LINK,
  EXCLUSIVE,
  interfaceIndex,
  ipv4,
  linkHeader,
  mac,
  message,
  NEW_ADDRESS,
  NEW_LINK,
  NEW_ROUTE,
  type NetlinkMessage,
  namespaceFile,
  type Piece,
  REPLACE,
  routeHeader,
  text,
  u8,
  u32,
} from './netlink.ts';

/** IFLA_*, IFA_*, RTA_* and what is nested in them. */
const LINK = { address: 1, name: 3, mtu: 4, master: 10, info: 18, group: 27, namespaceFile: 28 } as const;
const INFO = { kind: 1, data: 2, slaveKind: 4, slaveData: 5 } as const;
const VETH_PEER = 1;
const BRIDGE_PORT: Readonly<Record<string, number>> = { hairpin: 4, isolated: 33 };
const ADDRESS = { address: 1, local: 2, broadcast: 4 } as const;
const ROUTE = { destination: 1, interface: 4, gateway: 5 } as const;
const TABLE = { main: 254, local: 255 } as const;
const SCOPE = { universe: 0, link: 253 } as const;

type Form = readonly [pattern: RegExp, build: (found: readonly (string | undefined)[]) => NetlinkMessage | undefined];

const FORMS: readonly Form[] = [
  [
    /^link add (\S+)(?: mtu (\d+))? type veth peer name (\S+) address (\S+)(?: mtu (\d+))? netns (\S+)$/,
    ([, name = '', mtu, peer = '', address = '', peerMtu, path = '']) =>
      newLink(name, mtu, [
        attribute(INFO.kind, text('veth')),
        attribute(
          INFO.data,
          attribute(
            VETH_PEER,
            linkHeader(undefined, false),
            attribute(LINK.name, text(peer)),
            attribute(LINK.address, mac(address)),
            ...mtuAttribute(peerMtu),
            attribute(LINK.namespaceFile, namespaceFile(path)),
          ),
        ),
      ]),
  ],
  [
    /^link add (\S+)(?: mtu (\d+))? type bridge$/,
    ([, name = '', mtu]) => newLink(name, mtu, [attribute(INFO.kind, text('bridge'))]),
  ],
  [
    /^link set (\S+)(?: master (\S+))? up$/,
    ([, name = '', master]) =>
      message(
        NEW_LINK,
        0,
        linkHeader(name, true),
        ...(master === undefined ? [] : [attribute(LINK.master, interfaceIndex(master))]),
      ),
  ],
  [
    /^link set (\S+) type bridge_slave (hairpin|isolated) on$/,
    ([, name = '', option = '']) =>
      message(
        NEW_LINK,
        0,
        linkHeader(name, false),
        attribute(
          LINK.info,
          attribute(INFO.slaveKind, text('bridge')),
          attribute(INFO.slaveData, attribute(BRIDGE_PORT[option] ?? 0, u8(1))),
        ),
      ),
  ],
  [/^link del (\S+)$/, ([, name = '']) => message(DELETE_LINK, 0, linkHeader(name, false))],
  [
    /^addr add ([\d.]+)\/(\d+)( broadcast \+)? dev (\S+)$/,
    ([, address = '', prefix = '', broadcast, name = '']) => newAddress(address, Number(prefix), broadcast, name),
  ],
  [
    /^route replace (default|[\d.]+)(?: via ([\d.]+))? dev (\S+)( table local)?$/,
    ([, to = '', gateway, name = '', local]) => newRoute(to, gateway, name, local),
  ],
];

/** The message of one line; undefined for a form that only ip(8) knows. */
export function netlinkOf(line: string): NetlinkMessage | undefined {
  for (const [pattern, build] of FORMS) {
    const found = pattern.exec(line);
    if (found) return build(found);
  }
  return undefined;
}

/** Puts an interface into a group, so that all of a group can be deleted at once. */
export const groupLink = (name: string, group: number): NetlinkMessage =>
  message(NEW_LINK, 0, linkHeader(name, false), attribute(LINK.group, u32(group)));

/** Deletes all interfaces of a group: the kernel waits once for all of them, 15 ms, not for each. */
export const deleteGroup = (group: number): NetlinkMessage =>
  message(DELETE_LINK, 0, linkHeader(undefined, false), attribute(LINK.group, u32(group)));

const newLink = (name: string, mtu: string | undefined, info: readonly Piece[]): NetlinkMessage =>
  message(
    NEW_LINK,
    CREATE | EXCLUSIVE,
    linkHeader(undefined, false),
    attribute(LINK.name, text(name)),
    ...mtuAttribute(mtu),
    attribute(LINK.info, ...info),
  );

const mtuAttribute = (mtu: string | undefined): Piece[] =>
  mtu === undefined ? [] : [attribute(LINK.mtu, u32(Number(mtu)))];

function newAddress(
  written: string,
  prefix: number,
  broadcast: string | undefined,
  name: string,
): NetlinkMessage | undefined {
  const address = parseAddress(written);
  if (address === undefined) return undefined;
  const hosts = 2 ** (32 - prefix) - 1;
  // Networks of one or two addresses have none to spare.
  const last = broadcast === undefined || prefix >= 31 ? undefined : (address | hosts) >>> 0;
  return message(
    NEW_ADDRESS,
    CREATE | EXCLUSIVE,
    addressHeader(prefix, name),
    attribute(ADDRESS.local, ipv4(address)),
    attribute(ADDRESS.address, ipv4(address)),
    ...(last === undefined ? [] : [attribute(ADDRESS.broadcast, ipv4(last))]),
  );
}

function newRoute(
  to: string,
  via: string | undefined,
  name: string,
  local: string | undefined,
): NetlinkMessage | undefined {
  const destination = to === 'default' ? undefined : parseAddress(to);
  const gateway = via === undefined ? undefined : parseAddress(via);
  if ((to !== 'default' && destination === undefined) || (via !== undefined && gateway === undefined)) return undefined;
  const table = local === undefined ? TABLE.main : TABLE.local;
  const scope = gateway === undefined ? SCOPE.link : SCOPE.universe;
  return message(
    NEW_ROUTE,
    CREATE | REPLACE,
    routeHeader(destination === undefined ? 0 : 32, table, scope),
    ...(destination === undefined ? [] : [attribute(ROUTE.destination, ipv4(destination))]),
    ...(gateway === undefined ? [] : [attribute(ROUTE.gateway, ipv4(gateway))]),
    attribute(ROUTE.interface, interfaceIndex(name)),
  );
}
