// All networks of the engine: records, bridges, addresses, the ruleset and the resolver. Containers are known here by id,
// name and aliases alone.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { configurePort, createBridge, deleteLink, macOf, type PortPlan, plugPort } from '../../../network/bridge.ts';
import { formatAddress, parseAddress, parseSubnet, type Subnet } from '../../../network/cidr.ts';
import { EmbeddedDns, nameservers } from '../../../network/dns/server.ts';
import { buildNameTable, type NamedEndpoint, type PrivateName } from '../../../network/dns/table.ts';
import { chooseAddress, claimAddress, routedSubnets } from '../../../network/ipam.ts';
import { type RulesetPort, removeRuleset, ruleset } from '../../../network/ruleset.ts';
import type { ContainerRecord, Endpoint, EndpointSettings, Lease } from '../containers/types.ts';
import { listIfExists, type NativeHost, readIfExists, runChecked } from '../host.ts';
import { newId, timestamp } from '../names.ts';
import type { Paths } from '../paths.ts';
import { Rounds, Serial } from '../serial.ts';
import { ApiError, badRequest, conflict, noSuchNetwork } from '../server/api-error.ts';
import { ForeignFirewall } from './foreign-firewall.ts';
import { IpBatch } from './ip-batch.ts';
import { PortReservations } from './ports.ts';
import {
  bridgeFacts,
  DEFAULT_NETWORK,
  type NetworkRecord,
  type NetworkRequest,
  networkRecord,
  rulesetNetwork,
} from './record.ts';

/** What a container brings to its networks. */
export interface Member {
  readonly record: ContainerRecord;
  readonly leases: readonly { readonly endpoint: Endpoint; readonly lease: Lease }[];
  readonly published: readonly RulesetPort[];
}

export class NetworkService {
  readonly ports = new PortReservations();
  readonly #host: NativeHost;
  readonly #paths: Paths;
  readonly #table: string;
  readonly #batch: IpBatch;
  readonly #foreign: ForeignFirewall;
  readonly #dns: EmbeddedDns;
  readonly #records = new Map<string, NetworkRecord>();
  readonly #members = new Map<string, Member>();
  /** Network id → addresses given out. */
  readonly #addresses = new Map<string, Set<number>>();
  readonly #lastAddress = new Map<string, number>();
  readonly #dnsPorts = new Map<string, number>();
  /** Networks whose bridge is known to be up. */
  readonly #up = new Set<string>();
  readonly #serial = new Serial();
  readonly #rules = new Rounds(() => this.#loadRules());
  #hostServers: readonly string[] = [];
  #loadedRules = '';

  constructor(host: NativeHost, paths: Paths, table: string) {
    this.#host = host;
    this.#paths = paths;
    this.#table = table;
    this.#batch = new IpBatch(host);
    this.#foreign = new ForeignFirewall(host);
    this.#dns = new EmbeddedDns({ upstream: (asker) => this.#upstream(asker) });
  }

  async open(): Promise<void> {
    const { files } = this.#host;
    await files.mkdir(this.#paths.networks, { recursive: true, mode: 0o700 });
    for (const name of await listIfExists(files, this.#paths.networks)) {
      if (!/^[0-9a-f]{64}\.json$/.test(name)) continue;
      const record = JSON.parse(await files.readFile(join(this.#paths.networks, name), 'utf8')) as NetworkRecord;
      this.#records.set(record.id, record);
    }
    for (const [name, driver] of [
      ['host', 'host'],
      ['none', 'null'],
    ] as const)
      if (!this.#byName(name)) await this.#add(plainRecord(name, driver));
    if (!this.#byName(DEFAULT_NETWORK)) await this.#create({ Name: DEFAULT_NETWORK });
    this.#hostServers = nameservers((await readIfExists(files, '/etc/resolv.conf')) ?? '');
  }

  all(): NetworkRecord[] {
    return [...this.#records.values()];
  }

  /** By id, name or unique id prefix; throws Docker's 404. */
  find(reference: string): NetworkRecord {
    const exact = this.#records.get(reference) ?? this.#byName(reference === 'default' ? DEFAULT_NETWORK : reference);
    if (exact) return exact;
    const matches = reference === '' ? [] : this.all().filter((record) => record.id.startsWith(reference));
    const [match] = matches;
    if (!match || matches.length > 1) throw noSuchNetwork(reference);
    return match;
  }

  membersOf(id: string): { readonly member: Member; readonly lease: Lease }[] {
    return [...this.#members.values()].flatMap((member) =>
      member.leases.filter(({ endpoint }) => endpoint.networkId === id).map(({ lease }) => ({ member, lease })),
    );
  }

  create(request: NetworkRequest): Promise<NetworkRecord> {
    return this.#serial.run('records', () => this.#create(request));
  }

  async #create(request: NetworkRequest): Promise<NetworkRecord> {
    if (this.#byName(request.Name ?? '')) throw conflict(`network with name ${request.Name} already exists`);
    const record = networkRecord(request, { id: newId(), created: timestamp(), taken: await this.#takenSubnets() });
    const clash = this.all().find((other) => other.bridge === record.bridge);
    if (clash)
      throw conflict(
        `cannot create network "${record.name}": its bridge "${record.bridge}" belongs to network "${clash.name}"`,
      );
    await this.#add(record);
    return record;
  }

  async #add(record: NetworkRecord): Promise<void> {
    this.#records.set(record.id, record);
    await this.#host.writeAtomic(this.#recordPath(record.id), JSON.stringify(record));
  }

  #recordPath(id: string): string {
    return join(this.#paths.networks, `${id}.json`);
  }

  #byName(name: string): NetworkRecord | undefined {
    return this.all().find((record) => record.name === name);
  }

  async #takenSubnets(): Promise<Subnet[]> {
    const own = this.all().flatMap((record) => parseSubnet(record.ipam[0]?.Subnet ?? '') ?? []);
    return [...own, ...routedSubnets((await readIfExists(this.#host.files, '/proc/net/route')) ?? '')];
  }

  async remove(reference: string): Promise<NetworkRecord> {
    const record = this.find(reference);
    if (['bridge', 'host', 'none'].includes(record.name))
      throw new ApiError(403, `${record.name} is a pre-defined network and cannot be removed`);
    if (this.membersOf(record.id).length > 0)
      throw new ApiError(
        403,
        `error while removing network: network ${record.name} id ${record.id} has active endpoints`,
      );
    this.#records.delete(record.id);
    await this.#takeDown(record);
    await this.#host.files.rm(this.#recordPath(record.id), { force: true });
    return record;
  }

  /** Bridge, resolver and rules of a bridge network, unless they are there. */
  async bringUp(record: NetworkRecord): Promise<void> {
    const facts = bridgeFacts(record);
    if (!facts) return;
    await this.#serial.run(record.id, async () => {
      if (this.#up.has(record.id)) return;
      const settings = `/proc/sys/net/ipv4/conf/${facts.bridge}`;
      const exists = await this.#hasInterface(facts.bridge);
      if (!exists) await this.#batch.run(createBridge(facts));
      // Connections from the host's own loopback to published ports leave through the bridge; the ruleset keeps
      // containers from using this the other way round.
      await this.#host.files.writeFile(`${settings}/route_localnet`, '1');
      await this.#host.files.writeFile('/proc/sys/net/ipv4/ip_forward', '1');
      if (record.name !== DEFAULT_NETWORK)
        this.#dnsPorts.set(record.id, await this.#dns.listen(formatAddress(facts.gateway)));
      this.#up.add(record.id);
      await Promise.all([this.#rules.request(), this.#foreign.admit(facts.bridge)]);
    });
  }

  #hasInterface(name: string): Promise<boolean> {
    return this.#host.files.stat(`/sys/class/net/${name}`).then(
      () => true,
      () => false,
    );
  }

  async #takeDown(record: NetworkRecord): Promise<void> {
    const facts = bridgeFacts(record);
    if (!facts) return;
    this.#up.delete(record.id);
    this.#dnsPorts.delete(record.id);
    this.#dns.stop(formatAddress(facts.gateway));
    const exists = await this.#hasInterface(facts.bridge);
    await Promise.all([
      exists ? this.#batch.run(deleteLink(facts.bridge)) : undefined,
      this.#rules.request(),
      this.#foreign.dismiss(facts.bridge),
    ]);
  }

  /** An address and interface names on a network; nothing is changed on the host yet. */
  lease(record: NetworkRecord, settings: EndpointSettings, index: number): Lease | undefined {
    const facts = bridgeFacts(record);
    if (!facts) return undefined;
    const used = this.#addresses.get(record.id) ?? new Set<number>();
    this.#addresses.set(record.id, used);
    const blocked = new Set([...used, facts.gateway, ...facts.auxiliary]);
    const from = { subnet: facts.subnet, used: blocked, ...(facts.range ? { range: facts.range } : {}) };
    const wanted = settings.IPAMConfig?.IPv4Address;
    const asked = wanted ? parseAddress(wanted) : undefined;
    if (wanted && asked === undefined) throw badRequest(`invalid IPv4 address "${wanted}"`);
    const address =
      asked === undefined ? chooseAddress(from, this.#lastAddress.get(record.id)) : claimAddress(from, asked);
    if (asked === undefined) this.#lastAddress.set(record.id, address);
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
    if (address !== undefined) this.#addresses.get(networkId)?.delete(address);
  }

  /** Takes note of an address that a container already has. */
  adopt(networkId: string, lease: Lease): void {
    const used = this.#addresses.get(networkId) ?? new Set<number>();
    this.#addresses.set(networkId, used);
    const address = parseAddress(lease.address);
    if (address !== undefined) used.add(address);
  }

  /** Plugs a namespace into its networks: one run of ip(8) on the host, shared with others, and one inside. */
  async plug(netns: string, leases: Member['leases'], first: boolean): Promise<void> {
    const plans = leases.flatMap(({ endpoint, lease }) => {
      const record = this.#records.get(endpoint.networkId);
      const facts = record && bridgeFacts(record);
      return record && facts ? [{ record, facts, lease }] : [];
    });
    await Promise.all(plans.map(({ record }) => this.bringUp(record)));
    const primary = first ? plans.find(({ record }) => !record.internal) : undefined;
    const resolving = first ? plans.find(({ record }) => record.name !== DEFAULT_NETWORK) : undefined;
    const ports = plans.map(
      ({ facts, lease, record }): PortPlan => ({
        bridge: facts.bridge,
        hostInterface: lease.hostInterface,
        interfaceName: lease.interfaceName,
        mac: lease.mac,
        address: parseAddress(lease.address) ?? 0,
        prefix: lease.prefix,
        ...(facts.mtu === undefined ? {} : { mtu: facts.mtu }),
        ...(record === primary?.record ? { defaultGateway: facts.gateway } : {}),
        ...(record === resolving?.record ? { dnsGateway: facts.gateway } : {}),
      }),
    );
    if (ports.length === 0) return;
    await this.#batch.run(ports.map((port) => plugPort(port, netns)).join(''));
    await runChecked(this.#host, 'nsenter', [`--net=${netns}`, 'ip', '-batch', '-'], ports.map(configurePort).join(''));
  }

  /** Removes the host's ends; the others go with them. Ends that are gone already are no failure. */
  async unplug(leases: readonly Lease[]): Promise<void> {
    await Promise.all(
      leases.map(async (lease) => {
        if (!(await this.#hasInterface(lease.hostInterface))) return;
        await this.#batch.run(deleteLink(lease.hostInterface)).catch((error: unknown) => {
          if (!/Cannot find device/.test(String(error))) throw error;
        });
      }),
    );
  }

  /** From now on the container answers to its names, and its ports are open. Resolves when the rules are loaded. */
  async join(member: Member): Promise<void> {
    this.#members.set(member.record.id, member);
    this.#swapTable();
    if (member.published.length > 0) await this.#rules.request();
  }

  async leave(containerId: string): Promise<void> {
    const member = this.#members.get(containerId);
    if (!member) return;
    this.#members.delete(containerId);
    this.#swapTable();
    if (member.published.length > 0) await this.#rules.request();
  }

  /** After a new start of the engine: everything that was up is served again. */
  async restore(members: readonly Member[]): Promise<void> {
    for (const member of members) {
      this.#members.set(member.record.id, member);
      for (const { endpoint, lease } of member.leases) this.adopt(endpoint.networkId, lease);
    }
    this.#swapTable();
    const up = await Promise.all(
      this.all().map(async (record) => {
        if (record.bridge === undefined) return undefined;
        const exists = await this.#hasInterface(record.bridge);
        return exists ? record : undefined;
      }),
    );
    await Promise.all(up.map((record) => (record ? this.bringUp(record) : undefined)));
  }

  /** Whether a container on these networks asks the embedded resolver. */
  hasResolver(networkIds: readonly string[]): boolean {
    return networkIds.some((id) => {
      const record = this.#records.get(id);
      return record?.driver === 'bridge' && record.name !== DEFAULT_NETWORK;
    });
  }

  /** Takes everything off the host that no container needs: bridges without members, and the rules. */
  async clear(): Promise<void> {
    for (const record of this.all())
      if (this.#up.has(record.id) && this.membersOf(record.id).length === 0) await this.#takeDown(record);
  }

  /** Lets go of sockets; what is on the host stays for the next engine. */
  close(): void {
    this.#dns.close();
    this.ports.close();
  }

  #swapTable(): void {
    const members = [...this.#members.values()];
    const endpoints: NamedEndpoint[] = [];
    const networksOf = new Map<string, string[]>();
    const links: PrivateName[] = [];
    for (const { record, leases } of members) {
      const resolvable = leases.filter(({ endpoint }) => endpoint.networkName !== DEFAULT_NETWORK);
      const networks = resolvable.map(({ endpoint }) => endpoint.networkId);
      for (const { endpoint, lease } of resolvable) {
        networksOf.set(lease.address, networks);
        const names = [record.name, record.id.slice(0, 12), ...(endpoint.settings.Aliases ?? [])];
        endpoints.push({
          network: endpoint.networkId,
          networkName: endpoint.networkName,
          address: lease.address,
          name: record.name,
          names,
        });
        links.push(...this.#links(lease.address, endpoint));
      }
    }
    this.#dns.swap(buildNameTable(endpoints, networksOf, links));
  }

  /** `container:alias` links on a network of names. */
  #links(asker: string, endpoint: Endpoint): PrivateName[] {
    return (endpoint.settings.Links ?? []).flatMap((link) => {
      const [target = '', alias = target] = link.replace(/^\//, '').split(':');
      const member = this.membersOf(endpoint.networkId).find(
        ({ member: { record } }) => record.name === target || record.id.startsWith(target),
      );
      return member ? [{ asker, name: alias, address: member.lease.address }] : [];
    });
  }

  #upstream(asker: string): readonly string[] {
    for (const { record, leases } of this.#members.values())
      if (leases.some(({ lease }) => lease.address === asker)) {
        const own = record.hostConfig.Dns ?? [];
        return own.length > 0 ? own : this.#hostServers;
      }
    return this.#hostServers;
  }

  async #loadRules(): Promise<void> {
    const networks = this.all().flatMap((record) =>
      this.#up.has(record.id) ? (rulesetNetwork(record, this.#dnsPorts.get(record.id)) ?? []) : [],
    );
    const ports = [...this.#members.values()].flatMap((member) => member.published);
    const text = networks.length === 0 ? removeRuleset(this.#table) : ruleset({ table: this.#table, networks, ports });
    if (text === this.#loadedRules) return;
    await runChecked(this.#host, 'nft', ['-f', '-'], text);
    this.#loadedRules = text;
  }
}

const plainRecord = (name: string, driver: 'host' | 'null'): NetworkRecord => ({
  id: newId(),
  name,
  created: timestamp(),
  driver,
  internal: false,
  attachable: false,
  enableIPv6: false,
  labels: {},
  options: {},
  ipamDriver: 'default',
  ipamOptions: {},
  ipam: [],
});
