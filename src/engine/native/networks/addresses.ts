// Which addresses of which network are in use, and the attachment a container gets: addresses, MAC, names of interfaces.
// Nothing is changed on the host here.
import { randomBytes } from 'node:crypto';
import { macOf } from '../../../network/bridge.ts';
import { contains, formatAddress, formatSubnet, parseAddress } from '../../../network/cidr.ts';
import { contains6, formatAddress6, formatSubnet6, parseAddress6 } from '../../../network/cidr6.ts';
import { chooseAddress, claimAddress } from '../../../network/ipam.ts';
import { chooseAddress6, claimAddress6 } from '../../../network/ipam6.ts';
import type { EndpointSettings, Lease } from '../containers/types.ts';
import { badRequest, forbidden } from '../server/api-error.ts';
import { type AddressFacts, type AddressFacts6, addressFacts, type NetworkRecord, optionsOf } from './record.ts';

interface Page {
  readonly v4: Set<number>;
  readonly v6: Set<bigint>;
  last4: number | undefined;
  last6: bigint | undefined;
}

export class Addresses {
  readonly #pages = new Map<string, Page>();

  /** Addresses and interface names on a network; undefined for host and null. */
  lease(record: NetworkRecord, settings: EndpointSettings, index: number): Lease | undefined {
    const facts = addressFacts(record);
    if (!facts) return undefined;
    checkSettings(record, settings);
    const page = this.#page(record.id);
    const address = takeAddress(page, facts, settings.IPAMConfig?.IPv4Address || undefined);
    let address6: bigint | undefined;
    try {
      address6 = facts.v6 && takeAddress6(page, facts.v6, settings.IPAMConfig?.IPv6Address || undefined);
    } catch (error) {
      page.v4.delete(address);
      throw error;
    }
    const endpointId = randomBytes(32).toString('hex');
    return {
      endpointId,
      address: formatAddress(address),
      prefix: facts.subnet.prefix,
      gateway: record.internal ? '' : formatAddress(facts.gateway),
      // ipvlan's interfaces share the MAC of their parent.
      mac: record.driver === 'ipvlan' ? '' : settings.MacAddress || macOf(address),
      ...(facts.v6 && address6 !== undefined
        ? {
            address6: formatAddress6(address6),
            prefix6: facts.v6.subnet.prefix,
            gateway6: record.internal ? '' : formatAddress6(facts.v6.gateway),
          }
        : {}),
      interfaceName: `${optionsOf(record).interfacePrefix}${index}`,
      hostInterface: record.bridge === undefined ? '' : `wv${endpointId.slice(0, 11)}`,
    };
  }

  /** Gives addresses back. */
  release(networkId: string, lease: Lease): void {
    const [address, address6] = [parseAddress(lease.address), parseAddress6(lease.address6 ?? '')];
    const page = this.#pages.get(networkId);
    if (address !== undefined) page?.v4.delete(address);
    if (address6 !== undefined) page?.v6.delete(address6);
  }

  /** Takes note of addresses that a container already has. */
  adopt(networkId: string, lease: Lease): void {
    const [address, address6] = [parseAddress(lease.address), parseAddress6(lease.address6 ?? '')];
    const page = this.#page(networkId);
    if (address !== undefined) page.v4.add(address);
    if (address6 !== undefined) page.v6.add(address6);
  }

  forget(networkId: string): void {
    this.#pages.delete(networkId);
  }

  #page(networkId: string): Page {
    const page = this.#pages.get(networkId) ?? { v4: new Set(), v6: new Set(), last4: undefined, last6: undefined };
    this.#pages.set(networkId, page);
    return page;
  }
}

function takeAddress(page: Page, facts: AddressFacts, wanted: string | undefined): number {
  const used = new Set([...page.v4, facts.gateway, ...facts.auxiliary]);
  const from = { subnet: facts.subnet, used, ...(facts.range ? { range: facts.range } : {}) };
  const asked = wanted === undefined ? undefined : parseAddress(wanted);
  if (asked !== undefined && used.has(asked)) throw forbidden('Address already in use');
  const address = asked === undefined ? chooseAddress(from, page.last4) : claimAddress(from, asked);
  if (asked === undefined) page.last4 = address;
  page.v4.add(address);
  return address;
}

function takeAddress6(page: Page, facts: AddressFacts6, wanted: string | undefined): bigint {
  const used = new Set([...page.v6, facts.gateway, ...facts.auxiliary]);
  const from = { subnet: facts.subnet, used, ...(facts.range ? { range: facts.range } : {}) };
  const asked = wanted === undefined ? undefined : parseAddress6(wanted);
  if (asked !== undefined && used.has(asked)) throw forbidden('Address already in use');
  const address = asked === undefined ? chooseAddress6(from, page.last6) : claimAddress6(from, asked);
  if (asked === undefined) page.last6 = address;
  page.v6.add(address);
  return address;
}

/** Refuses addresses and a MAC that cannot be given, before anything is taken. */
export function checkSettings(record: NetworkRecord, settings: EndpointSettings): void {
  const { IPv4Address: v4 = '', IPv6Address: v6 = '' } = settings.IPAMConfig ?? {};
  const facts = addressFacts(record);
  if ((v4 || v6) && record.name === 'bridge')
    throw badRequest('user specified IP address is supported on user defined networks only');
  if ((v4 || v6) && !record.ownSubnet)
    throw badRequest(
      'user specified IP address is supported only when connecting to networks with user configured subnets',
    );
  if (v4) {
    const address = parseAddress(v4);
    if (address === undefined) throw badRequest(`invalid IPv4 address: ${v4}`);
    if (facts && !contains(facts.subnet, address)) throw badRequest(outside(v4, formatSubnet(facts.subnet)));
  }
  if (v6) {
    const address = parseAddress6(v6);
    if (address === undefined) throw badRequest(`invalid IPv6 address: ${v6}`);
    if (facts && !facts.v6) throw badRequest(`network ${record.name} has no IPv6: the address ${v6} cannot be given`);
    if (facts?.v6 && !contains6(facts.v6.subnet, address))
      throw badRequest(outside(v6, formatSubnet6(facts.v6.subnet)));
  }
  const mac = settings.MacAddress ?? '';
  if (mac !== '' && !isMac(mac)) throw badRequest(`invalid MAC address: ${mac}`);
  if (mac !== '' && record.driver === 'ipvlan')
    throw badRequest('ipvlan interfaces have the MAC address of their parent: another cannot be given');
}

const outside = (address: string, subnet: string): string =>
  `no configured subnet or ip-range contain the IP address ${address} (the subnet is ${subnet})`;

/** Six bytes, of one station: a group address (odd first byte) is no interface's. */
const isMac = (text: string): boolean =>
  /^(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}$/i.test(text) && (Number.parseInt(text.slice(0, 2), 16) & 1) === 0;
