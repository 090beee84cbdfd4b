// Who is on which network, and what follows from it: names, links, upstream resolvers.
import { buildNameTable, type NamedEndpoint, type NameTable, type PrivateName } from '../../../network/dns/table.ts';
import type { RulesetPort } from '../../../network/ruleset.ts';
import type { ContainerRecord, Endpoint, Lease } from '../containers/types.ts';
import { DEFAULT_NETWORK } from './record.ts';

/** What a container brings to its networks. */
export interface Member {
  readonly record: ContainerRecord;
  readonly leases: readonly Attachment[];
  readonly published: readonly RulesetPort[];
}

/** One network of a container. */
export interface Attachment {
  readonly endpoint: Endpoint;
  readonly lease: Lease;
}

/** One container of a network. */
export interface Presence {
  readonly member: Member;
  readonly lease: Lease;
}

/** Everybody who is on a network now, by container id. */
export class Members {
  readonly #members = new Map<string, Member>();

  set(member: Member): void {
    this.#members.set(member.record.id, member);
  }

  /** Returns who left; undefined when nobody was there. */
  delete(containerId: string): Member | undefined {
    const member = this.#members.get(containerId);
    this.#members.delete(containerId);
    return member;
  }

  all(): Member[] {
    return [...this.#members.values()];
  }

  of(networkId: string): Presence[] {
    return [...this.#members.values()].flatMap((member) =>
      member.leases.filter(({ endpoint }) => endpoint.networkId === networkId).map(({ lease }) => ({ member, lease })),
    );
  }

  published(): RulesetPort[] {
    return [...this.#members.values()].flatMap((member) => member.published);
  }

  /** The resolvers that a container named for itself, by an address it has; undefined where it leaves them to the host. */
  ownServers(address: string): readonly string[] | undefined {
    for (const { record, leases } of this.#members.values())
      if (leases.some(({ lease }) => lease.address === address)) {
        const own = record.hostConfig.Dns ?? [];
        return own.length > 0 ? own : undefined;
      }
    return undefined;
  }

  /** The names of all networks but the default one, which has none. */
  nameTable(): NameTable {
    const endpoints: NamedEndpoint[] = [];
    const networksOf = new Map<string, string[]>();
    const links: PrivateName[] = [];
    for (const { record, leases } of this.#members.values()) {
      const resolvable = leases.filter(({ endpoint }) => endpoint.networkName !== DEFAULT_NETWORK);
      const networks = resolvable.map(({ endpoint }) => endpoint.networkId);
      for (const { endpoint, lease } of resolvable) {
        networksOf.set(lease.address, networks);
        const names = [record.name, record.id.slice(0, 12), ...(endpoint.settings.Aliases ?? [])];
        endpoints.push({
          network: endpoint.networkId,
          networkName: endpoint.networkName,
          address: lease.address,
          address6: lease.address6,
          name: record.name,
          names,
        });
        links.push(...this.#links(lease.address, endpoint));
      }
    }
    return buildNameTable(endpoints, networksOf, links);
  }

  /** `container:alias` links on a network of names. */
  #links(asker: string, endpoint: Endpoint): PrivateName[] {
    return (endpoint.settings.Links ?? []).flatMap((link) => {
      const [target = '', alias = target] = link.replace(/^\//, '').split(':');
      const found = this.of(endpoint.networkId).find(
        ({ member: { record } }) => record.name === target || record.id.startsWith(target),
      );
      return found ? [{ asker, name: alias, address: found.lease.address, address6: found.lease.address6 }] : [];
    });
  }
}
