// Who is called what: names of containers per network, looked up by the address of the container that asks. Pure and
// immutable: when a container joins or leaves, a new table replaces the old one whole.

export interface NamedEndpoint {
  readonly network: string;
  readonly networkName: string;
  readonly address: string;
  readonly address6?: string | undefined;
  /** The name that reverse look-ups give. */
  readonly name: string;
  /** All names on this network: container name, short id, aliases. Any case. */
  readonly names: readonly string[];
}

/** Further names that one container alone knows (links), by the address it asks from. */
export interface PrivateName {
  readonly asker: string;
  readonly name: string;
  readonly address: string;
  readonly address6?: string | undefined;
}

export interface NameTable {
  /** Addresses of a name as seen by the container at `asker`; undefined when it does not know the name. */
  lookup(asker: string, name: string): { readonly v4: readonly string[]; readonly v6: readonly string[] } | undefined;
  /** `name.network` of an address, as seen by the container at `asker`. */
  reverse(asker: string, address: string): string | undefined;
}

interface Addresses {
  readonly v4: string[];
  readonly v6: string[];
}

/** `networksOf` tells, for every address, all networks of the container that has it. */
export function buildNameTable(
  endpoints: readonly NamedEndpoint[],
  networksOf: ReadonlyMap<string, readonly string[]>,
  links: readonly PrivateName[] = [],
): NameTable {
  const names = new Map<string, Map<string, Addresses>>();
  const addresses = new Map<string, NamedEndpoint[]>();
  for (const endpoint of endpoints) {
    const table = names.get(endpoint.network) ?? new Map<string, Addresses>();
    names.set(endpoint.network, table);
    for (const name of new Set(
      endpoint.names.flatMap((n) => [n.toLowerCase(), `${n}.${endpoint.networkName}`.toLowerCase()]),
    )) {
      const known = table.get(name) ?? { v4: [], v6: [] };
      table.set(name, known);
      known.v4.push(endpoint.address);
      if (endpoint.address6 !== undefined) known.v6.push(endpoint.address6);
    }
    for (const address of [endpoint.address, ...(endpoint.address6 === undefined ? [] : [endpoint.address6])])
      addresses.set(address, [...(addresses.get(address) ?? []), endpoint]);
  }
  const aliases = new Map(links.map((link) => [`${link.asker} ${link.name.toLowerCase()}`, link]));
  return {
    lookup(asker, name) {
      const plain = name.endsWith('.') ? name.slice(0, -1) : name;
      const link = aliases.get(`${asker} ${plain}`);
      if (link) return { v4: [link.address], v6: link.address6 === undefined ? [] : [link.address6] };
      const found = (networksOf.get(asker) ?? []).flatMap((network) => names.get(network)?.get(plain) ?? []);
      if (found.length === 0) return undefined;
      return { v4: [...new Set(found.flatMap((f) => f.v4))], v6: [...new Set(found.flatMap((f) => f.v6))] };
    },
    reverse(asker, address) {
      const networks = networksOf.get(asker) ?? [];
      const endpoint = addresses.get(address)?.find((candidate) => networks.includes(candidate.network));
      return endpoint && `${endpoint.name}.${endpoint.networkName}`;
    },
  };
}

export const EMPTY_TABLE: NameTable = buildNameTable([], new Map());

/** The same addresses, starting at another one each time: clients that take the first are spread over all. */
export function rotated(addresses: readonly string[], turn: number): string[] {
  const start = addresses.length === 0 ? 0 : turn % addresses.length;
  return [...addresses.slice(start), ...addresses.slice(0, start)];
}
