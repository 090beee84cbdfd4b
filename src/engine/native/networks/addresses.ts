// Which addresses of which network are in use, and the attachment a container gets: addresses, MAC, names of interfaces.
// Nothing is changed on the host here.
import { randomBytes } from 'node:crypto';
import { type AddressFamily, IPV4, IPV6 } from '../../../network/address-family.ts';
import { macOf } from '../../../network/bridge.ts';
import type { EndpointSettings, Lease } from '../containers/types.ts';
import { badRequest, forbidden } from '../server/api-error.ts';
import { addressFacts, type FamilyFacts, type NetworkRecord, optionsOf } from './record.ts';

/** Addresses of one family on a network. */
interface Taken<A> {
  readonly all: Set<A>;
  /** The last that was chosen, after which the next is looked for. */
  last: A | undefined;
}

interface Page {
  readonly v4: Taken<number>;
  readonly v6: Taken<bigint>;
}

export class Addresses {
  readonly #pages = new Map<string, Page>();

  /** Addresses and interface names on a network; undefined for host and null. */
  lease(record: NetworkRecord, settings: EndpointSettings, index: number): Lease | undefined {
    const facts = addressFacts(record);
    if (!facts) return undefined;
    checkSettings(record, settings);
    const page = this.#page(record.id);
    const address = take(IPV4, page.v4, facts, settings.IPAMConfig?.IPv4Address || undefined);
    let address6: bigint | undefined;
    try {
      address6 = facts.v6 && take(IPV6, page.v6, facts.v6, settings.IPAMConfig?.IPv6Address || undefined);
    } catch (error) {
      page.v4.all.delete(address);
      throw error;
    }
    const endpointId = randomBytes(32).toString('hex');
    return {
      endpointId,
      address: IPV4.formatAddress(address),
      prefix: facts.subnet.prefix,
      gateway: record.internal ? '' : IPV4.formatAddress(facts.gateway),
      // ipvlan's interfaces share the MAC of their parent.
      mac: record.driver === 'ipvlan' ? '' : settings.MacAddress || macOf(address),
      ...(facts.v6 && address6 !== undefined
        ? {
            address6: IPV6.formatAddress(address6),
            prefix6: facts.v6.subnet.prefix,
            gateway6: record.internal ? '' : IPV6.formatAddress(facts.v6.gateway),
          }
        : {}),
      interfaceName: `${optionsOf(record).interfacePrefix}${index}`,
      hostInterface: record.bridge === undefined ? '' : `wv${endpointId.slice(0, 11)}`,
    };
  }

  /** Gives addresses back. */
  release(networkId: string, lease: Lease): void {
    const [address, address6] = [IPV4.parseAddress(lease.address), IPV6.parseAddress(lease.address6 ?? '')];
    const page = this.#pages.get(networkId);
    if (address !== undefined) page?.v4.all.delete(address);
    if (address6 !== undefined) page?.v6.all.delete(address6);
  }

  /** Takes note of addresses that a container already has. */
  adopt(networkId: string, lease: Lease): void {
    const [address, address6] = [IPV4.parseAddress(lease.address), IPV6.parseAddress(lease.address6 ?? '')];
    const page = this.#page(networkId);
    if (address !== undefined) page.v4.all.add(address);
    if (address6 !== undefined) page.v6.all.add(address6);
  }

  forget(networkId: string): void {
    this.#pages.delete(networkId);
  }

  #page(networkId: string): Page {
    const page = this.#pages.get(networkId) ?? { v4: none<number>(), v6: none<bigint>() };
    this.#pages.set(networkId, page);
    return page;
  }
}

const none = <A>(): Taken<A> => ({ all: new Set(), last: undefined });

function take<A, S>(
  family: AddressFamily<A, S>,
  taken: Taken<A>,
  facts: FamilyFacts<A, S>,
  wanted: string | undefined,
): A {
  const used = new Set([...taken.all, facts.gateway, ...facts.auxiliary]);
  const from = { subnet: facts.subnet, used, ...(facts.range ? { range: facts.range } : {}) };
  const asked = wanted === undefined ? undefined : family.parseAddress(wanted);
  if (asked !== undefined && used.has(asked)) throw forbidden('Address already in use');
  const address = asked === undefined ? family.choose(from, taken.last) : family.claim(from, asked);
  if (asked === undefined) taken.last = address;
  taken.all.add(address);
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
  if (v4) checkAddress(IPV4, v4, facts?.subnet);
  if (v6) checkAddress(IPV6, v6, facts?.v6?.subnet);
  if (v6 && facts && !facts.v6)
    throw badRequest(`network ${record.name} has no IPv6: the address ${v6} cannot be given`);
  const mac = settings.MacAddress ?? '';
  if (mac !== '' && !isMac(mac)) throw badRequest(`invalid MAC address: ${mac}`);
  if (mac !== '' && record.driver === 'ipvlan')
    throw badRequest('ipvlan interfaces have the MAC address of their parent: another cannot be given');
}

function checkAddress<A, S>(family: AddressFamily<A, S>, text: string, subnet: S | undefined): void {
  const address = family.parseAddress(text);
  if (address === undefined) throw badRequest(`invalid ${family.name} address: ${text}`);
  if (subnet !== undefined && !family.contains(subnet, address))
    throw badRequest(
      `no configured subnet or ip-range contain the IP address ${text} (the subnet is ${family.formatSubnet(subnet)})`,
    );
}

/** Six bytes, of one station: a group address (odd first byte) is no interface's. */
const isMac = (text: string): boolean =>
  /^(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}$/i.test(text) && (Number.parseInt(text.slice(0, 2), 16) & 1) === 0;
