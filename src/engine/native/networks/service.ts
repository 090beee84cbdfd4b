// All networks of the engine: records, bridges, addresses, the ruleset and the resolver. Containers are known here by id,
// name and aliases alone.
import { messageOf } from '../../../errors.ts';
import { debug } from '../../../log.ts';
import { deleteLink } from '../../../network/bridge.ts';
import { type BoundSockets, EmbeddedDns } from '../../../network/dns/server.ts';
import { networkNamespaceOf } from '../containers/process.ts';
import type { ContainerRecord, EndpointSettings, Lease } from '../containers/types.ts';
import type { NativeHost } from '../host.ts';
import type { Paths } from '../paths.ts';
import { ApiError, noSuchNetwork } from '../server/api-error.ts';
import { Addresses } from './addresses.ts';
import { Bridges } from './bridges.ts';
import { HostResolvers } from './host-resolvers.ts';
import { InnerResolvers } from './inner-resolver.ts';
import { IpBatch, type RemovalOptions } from './ip-batch.ts';
import { type Attachment, type Member, Members, type Presence } from './members.ts';
import { type Attached, hostLines, innerAsker, insideLines, routeLines } from './plug.ts';
import { PortReservations } from './ports.ts';
import {
  addressFacts,
  DEFAULT_NETWORK,
  type NetworkRecord,
  type NetworkRequest,
  optionsOf,
  PREDEFINED,
} from './record.ts';
import { type CreatedNetwork, NetworkRecords } from './records.ts';

export class NetworkService {
  readonly ports: PortReservations;
  readonly #batch: IpBatch;
  readonly #dns: EmbeddedDns;
  readonly #inner: InnerResolvers;
  readonly #records: NetworkRecords;
  readonly #members = new Members();
  readonly #addresses = new Addresses();
  readonly #bridges: Bridges;
  /** What is being taken off the host for networks that were removed. */
  readonly #leaving = new Set<Promise<void>>();
  /** `dnsSockets`: the resolver's, where somebody keeps them for it. */
  constructor(host: NativeHost, paths: Paths, table: string, dnsSockets?: BoundSockets) {
    this.ports = new PortReservations(host);
    this.#batch = new IpBatch(host);
    const hostResolvers = new HostResolvers(host);
    this.#dns = new EmbeddedDns({ upstream: (asker) => this.#members.ownServers(asker) ?? hostResolvers.addresses() });
    this.#inner = new InnerResolvers(
      host,
      (message, asker, tcp) => this.#dns.answer(message, asker, tcp),
      () => void this.#serveAgain(this.#members.all()),
    );
    this.#records = new NetworkRecords(host, paths);
    this.#bridges = new Bridges({
      host,
      batch: this.#batch,
      dns: this.#dns,
      dnsSockets,
      table,
      networks: () => this.#records.all(),
      published: () => this.#members.published(),
    });
  }

  open(): Promise<void> {
    return this.#records.open();
  }

  all(): NetworkRecord[] {
    return this.#records.all();
  }

  /** By id, name or unique id prefix; throws Docker's 404. */
  find(reference: string): NetworkRecord {
    return this.#records.find(reference);
  }

  lookup(reference: string): NetworkRecord | undefined {
    return this.#records.lookup(reference);
  }

  membersOf(id: string): Presence[] {
    return this.#members.of(id);
  }

  async create(request: NetworkRequest): Promise<CreatedNetwork> {
    // The subnet may be that of a bridge which is about to go.
    if (request.IPAM?.Config?.length) await Promise.all(this.#leaving);
    return this.#records.create(request, (record) => this.#bridges.check(record));
  }

  async remove(reference: string): Promise<NetworkRecord> {
    const record = this.find(reference);
    if (PREDEFINED.includes(record.name))
      throw new ApiError(403, `${record.name} is a pre-defined network and cannot be removed`);
    if (this.membersOf(record.id).length > 0)
      throw new ApiError(
        403,
        `error while removing network: network ${record.name} id ${record.id} has active endpoints`,
      );
    await this.#records.leave(record);
    this.#addresses.forget(record.id);
    const gone = this.#clearAway(record);
    // The kernel takes 20 ms and more for a bridge. A name that was given may be asked for again next; one of ours never is.
    if (record.parent !== undefined || optionsOf(record).bridgeName !== undefined) await gone;
    return record;
  }

  /** Takes a removed network's things off the host. What fails is tried again by the next engine. */
  #clearAway(record: NetworkRecord): Promise<void> {
    const gone = this.#bridges
      .takeDown(record)
      .then(() => this.#records.forget(record))
      .catch((error: unknown) => debug('network', () => messageOf(error)))
      .finally(() => this.#leaving.delete(gone));
    this.#leaving.add(gone);
    return gone;
  }

  /** Bridge, resolver and rules of a bridge network, unless they are there. */
  bringUp(record: NetworkRecord): Promise<void> {
    return this.#bridges.bringUp(record);
  }

  /** An address and interface names on a network; nothing is changed on the host yet. */
  lease(record: NetworkRecord, settings: EndpointSettings, index: number): Lease | undefined {
    return this.#addresses.lease(record, settings, index);
  }

  /** Gives an address back. */
  release(networkId: string, lease: Lease): void {
    this.#addresses.release(networkId, lease);
  }

  /**
   * Plugs a namespace into networks. `before` are the attachments it has already.
   */
  async plug(netns: string, attachments: readonly Attachment[], before: readonly Attachment[] = []): Promise<void> {
    const gone = attachments.find(({ endpoint }) => !this.#records.get(endpoint.networkId));
    if (gone) throw noSuchNetwork(gone.endpoint.networkName);
    const attached = this.#attached(attachments);
    await Promise.all(attached.map(({ record }) => this.bringUp(record)));
    if (attached.length === 0) return;
    await this.#batch.run(hostLines(attached, netns));
    const earlier = this.#attached(before);
    const all = [...earlier, ...attached];
    await this.#batch.runInside(netns, insideLines(attached, all));
    await this.#serveInside(netns, innerAsker(earlier), innerAsker(all));
  }

  /** The resolver inside a namespace, where one has to be, follows the attachment by which it knows who asks. */
  async #serveInside(netns: string, was: Attached | undefined, is: Attached | undefined): Promise<void> {
    const [old, now] = [was?.lease, is?.lease];
    if (old && old.endpointId !== now?.endpointId) await this.#inner.close(old.endpointId, now ? undefined : netns);
    if (now && now.endpointId !== old?.endpointId) await this.#inner.open(now.endpointId, now.address, netns);
  }

  /** Takes one network from a running container, which keeps those that are `left`. */
  async unplugOne(netns: string, attachment: Attachment, left: readonly Attachment[]): Promise<void> {
    const { lease: gone } = attachment;
    const [before, after] = [this.#attached([...left, attachment]), this.#attached(left)];
    if (gone.hostInterface === '') await this.#batch.runInside(netns, deleteLink(gone.interfaceName));
    else await this.unplug([gone]);
    const routes = routeLines(after);
    if (routes !== '') await this.#batch.runInside(netns, routes);
    // The address of the resolver is the namespace's own again only now that no route leads to a bridge's.
    await this.#serveInside(netns, innerAsker(before), innerAsker(after));
  }

  #attached(attachments: readonly Attachment[]): Attached[] {
    return attachments.flatMap((attachment) => {
      const record = this.#records.get(attachment.endpoint.networkId);
      return record ? [{ ...attachment, record }] : [];
    });
  }

  /** Removes the host's ends; the others go with them. Ends that are gone already are no failure. */
  async unplug(leases: readonly Lease[], options?: RemovalOptions): Promise<void> {
    for (const { endpointId } of leases) await this.#inner.close(endpointId);
    // Interfaces of macvlan and ipvlan have no end on the host: they go with their namespace.
    const ends = leases.map((lease) => lease.hostInterface).filter((name) => name !== '');
    await this.#batch.remove(ends, options);
  }

  /** From now on the container answers to its names, and its ports are open. Resolves when the rules are loaded. */
  async join(member: Member): Promise<void> {
    this.#members.set(member);
    this.#dns.swap(() => this.#members.nameTable());
    if (member.published.length > 0) await this.#bridges.refreshRules();
  }

  async leave(containerId: string): Promise<void> {
    const member = this.#members.delete(containerId);
    if (!member) return;
    this.#dns.swap(() => this.#members.nameTable());
    if (member.published.length > 0) await this.#bridges.refreshRules();
  }

  /** After a new start of the engine: everything that was up is served again. */
  async restore(members: readonly Member[]): Promise<void> {
    for (const member of members) {
      this.#members.set(member);
      for (const { endpoint, lease } of member.leases) this.#addresses.adopt(endpoint.networkId, lease);
    }
    this.#dns.swap(() => this.#members.nameTable());
    await this.#bridges.restore();
    for (const record of await this.#records.leftBehind()) void this.#clearAway(record);
    await this.#serveAgain(members);
  }

  /** The resolvers inside namespaces are gone with their process. */
  async #serveAgain(members: readonly Member[]): Promise<void> {
    // One that has ended just now has no namespace any more.
    for (const { record, leases } of members)
      await this.#serveInside(networkNamespaceOf(record), undefined, innerAsker(this.#attached(leases))).catch(
        (error: unknown) => debug('dns', () => messageOf(error)),
      );
  }

  /** Where ports without an address of the host are published: an option of the network; empty for everywhere. */
  hostBinding(record: ContainerRecord, lease: Lease): string {
    const endpoint = Object.values(record.endpoints).find((one) => one.lease?.endpointId === lease.endpointId);
    const network = this.#records.get(endpoint?.networkId ?? '');
    return (network && optionsOf(network).hostBinding) ?? '';
  }

  /** Whether a container on these networks asks the embedded resolver. */
  hasResolver(networkIds: readonly string[]): boolean {
    return networkIds.some((id) => {
      const record = this.#records.get(id);
      return record !== undefined && addressFacts(record) !== undefined && record.name !== DEFAULT_NETWORK;
    });
  }

  /** Takes everything off the host that no container needs: bridges without members, and the rules. */
  async clear(): Promise<void> {
    for (const record of this.all())
      if (this.#bridges.isUp(record.id) && this.membersOf(record.id).length === 0) await this.#bridges.takeDown(record);
    await Promise.all([...this.#leaving, this.#batch.removed()]);
    await this.#bridges.settled();
  }

  /** Lets go of sockets; what is on the host stays for the next engine. */
  close(): void {
    this.#dns.close();
    this.#inner.end();
    this.ports.close();
  }
}
