// What networks put on the host: a bridge each, its resolver, and one ruleset for all of them.
import { createBridge, deleteLink, EMBEDDED_DNS } from '../../../network/bridge.ts';
import type { BoundSockets, EmbeddedDns } from '../../../network/dns/server.ts';
import { type RulesetPort, removeRuleset, ruleset } from '../../../network/ruleset.ts';
import { type NativeHost, runChecked } from '../host.ts';
import { Rounds, Serial } from '../serial.ts';
import { ForeignFirewall } from './foreign-firewall.ts';
import type { IpBatch } from './ip-batch.ts';
import { bridgeFacts, DEFAULT_NETWORK, type NetworkRecord, rulesetNetwork } from './record.ts';

export interface BridgeParts {
  readonly host: NativeHost;
  readonly batch: IpBatch;
  readonly dns: EmbeddedDns;
  /** The resolver's sockets, where they are kept for it. */
  readonly dnsSockets: BoundSockets | undefined;
  /** Name of the engine's nftables table. */
  readonly table: string;
  readonly networks: () => readonly NetworkRecord[];
  readonly published: () => readonly RulesetPort[];
}

export class Bridges {
  readonly #parts: BridgeParts;
  readonly #foreign: ForeignFirewall;
  readonly #serial = new Serial();
  readonly #rules = new Rounds(() => this.#loadRules());
  #dnsPort: number | undefined;
  /** Networks whose bridge is known to be up. */
  readonly #up = new Set<string>();
  #loadedRules = '';

  constructor(parts: BridgeParts) {
    this.#parts = parts;
    this.#foreign = new ForeignFirewall(parts.host);
  }

  isUp(networkId: string): boolean {
    return this.#up.has(networkId);
  }

  /** Bridge, resolver and rules of a bridge network, unless they are there. */
  async bringUp(record: NetworkRecord): Promise<void> {
    const facts = bridgeFacts(record);
    if (!facts) return;
    await this.#serial.run(record.id, async () => {
      if (this.#up.has(record.id)) return;
      const { host, batch, dns, dnsSockets } = this.#parts;
      const settings = `/proc/sys/net/ipv4/conf/${facts.bridge}`;
      const exists = await hasInterface(host, facts.bridge);
      if (!exists) await batch.run(createBridge(facts));
      // Connections from the host's own loopback to published ports leave through the bridge; the ruleset keeps
      // containers from using this the other way round.
      await host.files.writeFile(`${settings}/route_localnet`, '1');
      await host.files.writeFile('/proc/sys/net/ipv4/ip_forward', '1');
      if (record.name !== DEFAULT_NETWORK) this.#dnsPort = await dns.listen(dnsSockets ?? EMBEDDED_DNS);
      this.#up.add(record.id);
      await Promise.all([this.#rules.request(), this.#foreign.admit(facts.bridge)]);
    });
  }

  /** Serves again the bridges that an earlier engine left. */
  async restore(): Promise<void> {
    const { host, networks } = this.#parts;
    await Promise.all(
      networks().map(async (record) => {
        if (record.bridge !== undefined && (await hasInterface(host, record.bridge))) await this.bringUp(record);
      }),
    );
  }

  async takeDown(record: NetworkRecord): Promise<void> {
    const facts = bridgeFacts(record);
    if (!facts) return;
    const { host, batch } = this.#parts;
    this.#up.delete(record.id);
    const exists = await hasInterface(host, facts.bridge);
    await Promise.all([
      exists ? batch.run(deleteLink(facts.bridge)) : undefined,
      this.#rules.request(),
      this.#foreign.dismiss(facts.bridge),
    ]);
  }

  /** Resolves when the rules say what is published now. */
  refreshRules(): Promise<void> {
    return this.#rules.request();
  }

  async #loadRules(): Promise<void> {
    const { host, table } = this.#parts;
    const networks = this.#parts
      .networks()
      .flatMap((record) =>
        this.#up.has(record.id)
          ? (rulesetNetwork(record, record.name === DEFAULT_NETWORK ? undefined : this.#dnsPort) ?? [])
          : [],
      );
    const text =
      networks.length === 0 ? removeRuleset(table) : ruleset({ table, networks, ports: this.#parts.published() });
    if (text === this.#loadedRules) return;
    await runChecked(host, 'nft', ['-f', '-'], text);
    this.#loadedRules = text;
  }
}

export const hasInterface = (host: NativeHost, name: string): Promise<boolean> =>
  host.files.stat(`/sys/class/net/${name}`).then(
    () => true,
    () => false,
  );
