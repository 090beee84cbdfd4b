// The networks of the engine: in memory for reading, a file each for the next engine.
import { join } from 'node:path';
import { formatSubnet, overlaps, type Subnet } from '../../../network/cidr.ts';
import { routedSubnets } from '../../../network/ipam.ts';
import { routedSubnets6 } from '../../../network/ipam6.ts';
import { clearUnfinished, listIfExists, type NativeHost, readIfExists } from '../host.ts';
import { newId, timestamp } from '../names.ts';
import type { Paths } from '../paths.ts';
import { Serial } from '../serial.ts';
import { ApiError, conflict, forbidden, noSuchNetwork } from '../server/api-error.ts';
import type { PoolFacts } from './ipam-config.ts';
import { hasIPv6 } from './ipv6-host.ts';
import {
  addressFacts,
  DEFAULT_NETWORK,
  type NetworkRecord,
  type NetworkRequest,
  networkRecord,
  PREDEFINED,
} from './record.ts';

const LEAVING = '.leaving';

export interface CreatedNetwork {
  readonly record: NetworkRecord;
  /** What its user should know; empty where there is nothing. */
  readonly warning: string;
}

export class NetworkRecords {
  readonly #host: NativeHost;
  readonly #folder: string;
  readonly #records = new Map<string, NetworkRecord>();
  readonly #serial = new Serial();

  constructor(host: NativeHost, paths: Paths) {
    this.#host = host;
    this.#folder = paths.networks;
  }

  /** Reads what is kept and makes the three networks that are always there. */
  async open(): Promise<void> {
    const { files } = this.#host;
    await files.mkdir(this.#folder, { recursive: true, mode: 0o700 });
    await clearUnfinished(files, this.#folder);
    for (const name of await listIfExists(files, this.#folder)) {
      if (!/^[0-9a-f]{64}\.json$/.test(name)) continue;
      const record = await this.#read(name);
      this.#records.set(record.id, record);
    }
    for (const [name, driver] of [
      ['host', 'host'],
      ['none', 'null'],
    ] as const)
      if (!this.#byName(name)) await this.#add(plainRecord(name, driver));
    if (!this.#byName(DEFAULT_NETWORK)) await this.#create({ Name: DEFAULT_NETWORK }, async () => undefined);
  }

  all(): NetworkRecord[] {
    return [...this.#records.values()];
  }

  get(id: string): NetworkRecord | undefined {
    return this.#records.get(id);
  }

  /** By id, name or unique id prefix; throws Docker's 404. */
  find(reference: string): NetworkRecord {
    const found = this.lookup(reference);
    if (!found) throw noSuchNetwork(reference);
    return found;
  }

  /** As `find`, and undefined where there is none. */
  lookup(reference: string): NetworkRecord | undefined {
    const exact = this.#records.get(reference) ?? this.#byName(reference === 'default' ? DEFAULT_NETWORK : reference);
    if (exact || reference === '') return exact;
    const [match, ...others] = this.all().filter((record) => record.id.startsWith(reference));
    return others.length === 0 ? match : undefined;
  }

  /** `check` refuses what this host cannot have, before the record is kept. */
  create(request: NetworkRequest, check: (record: NetworkRecord) => Promise<void>): Promise<CreatedNetwork> {
    const name = request.Name ?? '';
    if ([...PREDEFINED, 'default'].includes(name))
      throw forbidden(`operation is not permitted on predefined ${name} network`);
    return this.#serial.run('records', async () => {
      const { routes } = await this.#takenSubnets();
      const record = await this.#create(request, check);
      return { record, warning: routeWarning(record, routes) };
    });
  }

  /** From now on nobody finds it. Its file tells the next engine what to clear away, until it is forgotten. */
  async leave(record: NetworkRecord): Promise<void> {
    this.#records.delete(record.id);
    await this.#host.files.rename(this.#path(record.id), this.#path(record.id, LEAVING));
  }

  /** Nothing of it is on the host any more. */
  async forget(record: NetworkRecord): Promise<void> {
    await this.#host.files.rm(this.#path(record.id, LEAVING), { force: true });
  }

  /** Those that were removed when an earlier engine ended, and may have things on the host. */
  async leftBehind(): Promise<NetworkRecord[]> {
    const names = await listIfExists(this.#host.files, this.#folder);
    const left = names.filter((name) => name.endsWith(LEAVING));
    return Promise.all(left.map((name) => this.#read(name)));
  }

  async #create(request: NetworkRequest, check: (record: NetworkRecord) => Promise<void>): Promise<NetworkRecord> {
    if (this.#byName(request.Name ?? '')) throw conflict(`network with name ${request.Name} already exists`);
    if (request.EnableIPv6 === true && !(await hasIPv6(this.#host)))
      throw new ApiError(
        501,
        `network "${request.Name}" asks for IPv6, which this host's kernel has not or has switched off`,
      );
    const record = networkRecord(request, { id: newId(), created: timestamp(), ...(await this.#takenSubnets()) });
    const clash = this.all().find((other) => other.bridge !== undefined && other.bridge === record.bridge);
    if (clash)
      throw conflict(
        `cannot create network "${record.name}": its bridge "${record.bridge}" belongs to network "${clash.name}"`,
      );
    await check(record);
    await this.#add(record);
    return record;
  }

  async #add(record: NetworkRecord): Promise<void> {
    // What cannot be kept is not there: its name may be given again.
    await this.#host.writeAtomic(this.#path(record.id), JSON.stringify(record));
    this.#records.set(record.id, record);
  }

  async #read(name: string): Promise<NetworkRecord> {
    return JSON.parse(await this.#host.files.readFile(join(this.#folder, name), 'utf8')) as NetworkRecord;
  }

  #path(id: string, suffix = '.json'): string {
    return join(this.#folder, `${id}${suffix}`);
  }

  #byName(name: string): NetworkRecord | undefined {
    return this.all().find((record) => record.name === name);
  }

  async #takenSubnets(): Promise<Omit<PoolFacts, 'ipv6'>> {
    const facts = this.all().flatMap((record) => addressFacts(record) ?? []);
    const { files } = this.#host;
    return {
      engineId: this.#folder,
      networks: facts.map(({ subnet }) => subnet),
      networks6: facts.flatMap(({ v6 }) => v6?.subnet ?? []),
      routes: routedSubnets((await readIfExists(files, '/proc/net/route')) ?? ''),
      routes6: routedSubnets6((await readIfExists(files, '/proc/net/ipv6_route')) ?? ''),
    };
  }
}

/** A subnet that was asked for may be somewhere else already: by the longer prefix, or the later route, one of the two is out of reach. */
export function routeWarning(record: NetworkRecord, routes: readonly Subnet[]): string {
  const { subnet } = (record.bridge !== undefined && addressFacts(record)) || {};
  const route = subnet && routes.find((one) => overlaps(one, subnet));
  return route
    ? `subnet ${formatSubnet(subnet)} of network "${record.name}" overlaps ${formatSubnet(route)}, to which this host has a route already: one of them is out of reach`
    : '';
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
