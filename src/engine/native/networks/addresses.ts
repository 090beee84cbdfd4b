// Which addresses of which network are given out. Nothing here changes the host.
import { randomBytes } from 'node:crypto';
import { macOf } from '../../../network/bridge.ts';
import { formatAddress, parseAddress } from '../../../network/cidr.ts';
import { chooseAddress, claimAddress } from '../../../network/ipam.ts';
import type { EndpointSettings, Lease } from '../containers/types.ts';
import { badRequest } from '../server/api-error.ts';
import { bridgeFacts, type NetworkRecord } from './record.ts';

export class Addresses {
  /** Network id → addresses given out. */
  readonly #used = new Map<string, Set<number>>();
  readonly #last = new Map<string, number>();

  /** An address and interface names on a network; undefined where containers have none of their own. */
  lease(record: NetworkRecord, settings: EndpointSettings, index: number): Lease | undefined {
    const facts = bridgeFacts(record);
    if (!facts) return undefined;
    const used = this.#usedOn(record.id);
    const blocked = new Set([...used, facts.gateway, ...facts.auxiliary]);
    const from = { subnet: facts.subnet, used: blocked, ...(facts.range ? { range: facts.range } : {}) };
    const wanted = settings.IPAMConfig?.IPv4Address;
    const asked = wanted ? parseAddress(wanted) : undefined;
    if (wanted && asked === undefined) throw badRequest(`invalid IPv4 address "${wanted}"`);
    const address = asked === undefined ? chooseAddress(from, this.#last.get(record.id)) : claimAddress(from, asked);
    if (asked === undefined) this.#last.set(record.id, address);
    used.add(address);
    const endpointId = randomBytes(32).toString('hex');
    return {
      endpointId,
      address: formatAddress(address),
      prefix: facts.subnet.prefix,
      gateway: record.internal ? '' : formatAddress(facts.gateway),
      mac: settings.MacAddress || macOf(address),
      interfaceName: `eth${index}`,
      hostInterface: `wv${endpointId.slice(0, 11)}`,
    };
  }

  /** Gives an address back. */
  release(networkId: string, lease: Lease): void {
    const address = parseAddress(lease.address);
    if (address !== undefined) this.#used.get(networkId)?.delete(address);
  }

  /** Takes note of an address that a container already has. */
  adopt(networkId: string, lease: Lease): void {
    const address = parseAddress(lease.address);
    if (address !== undefined) this.#usedOn(networkId).add(address);
  }

  /** The network is gone. */
  forget(networkId: string): void {
    this.#used.delete(networkId);
    this.#last.delete(networkId);
  }

  #usedOn(networkId: string): Set<number> {
    const used = this.#used.get(networkId) ?? new Set<number>();
    this.#used.set(networkId, used);
    return used;
  }
}
