// What networks put on the host: a bridge each, its resolver, and one ruleset for all of them.
import { messageOf } from '../../../errors.ts';
import { debug } from '../../../log.ts';
import { createBridge, EMBEDDED_DNS } from '../../../network/bridge.ts';
import { formatAddress6 } from '../../../network/cidr6.ts';
import type { BoundSockets, EmbeddedDns } from '../../../network/dns/server.ts';
import { type Family, type RulesetPort, ruleset } from '../../../network/ruleset.ts';
import { type NativeHost, runChecked } from '../host.ts';
import { Rounds, Serial } from '../serial.ts';
import { ForeignFirewall } from './foreign-firewall.ts';
import type { IpBatch } from './ip-batch.ts';
import { forwardIPv6 } from './ipv6-host.ts';
import { hasInterface, ParentInterface } from './parent-interface.ts';
import {
  type AddressFacts,
  addressFacts,
  DEFAULT_NETWORK,
  type NetworkRecord,
  optionsOf,
  rulesetNetwork,
} from './record.ts';

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
  readonly #parents: ParentInterface;
  readonly #serial = new Serial();
  readonly #rules = new Rounds(() => this.#loadRules());
  #dnsPort: number | undefined;
  /** Networks whose bridge is known to be up. */
  readonly #up = new Set<string>();
  /** Of which there is, or may be, a table of rules. */
  readonly #families = new Set<Family>(['ip', 'bridge']);
  #loadedRules = '';
  /** Not all bridges that are there are known to be up yet: rules for some would take those of the others away. */
  #restoring = false;
  #behind: Promise<unknown> = Promise.resolve();

  constructor(parts: BridgeParts) {
    this.#parts = parts;
    this.#foreign = new ForeignFirewall(parts.host);
    this.#parents = new ParentInterface(parts.host, parts.batch);
  }

  isUp(networkId: string): boolean {
    return this.#up.has(networkId);
  }

  /** Bridge, resolver and rules of a network, or its parent interface, unless they are there. */
  async bringUp(record: NetworkRecord): Promise<void> {
    const facts = addressFacts(record);
    const { bridge } = record;
    if (!facts) return;
    await this.#serial.run(record.id, async () => {
      if (this.#up.has(record.id)) return;
      if (bridge === undefined) await this.#parents.bringUp(record);
      else await this.#bringUpBridge(record, bridge, facts);
    });
  }

  async #bringUpBridge(record: NetworkRecord, bridge: string, facts: AddressFacts): Promise<void> {
    const { host, batch, dns, dnsSockets } = this.#parts;
    const { subnet, gateway, v6 } = facts;
    const gateway6 = v6 && `${formatAddress6(v6.gateway)}/${v6.subnet.prefix}`;
    if (!(await hasInterface(host.files, bridge)))
      await batch.run(createBridge({ bridge, subnet, gateway, gateway6, mtu: optionsOf(record).mtu }));
    // Connections from the host's own loopback to published ports leave through the bridge; the ruleset keeps
    // containers from using this the other way round.
    await host.files.writeFile(`/proc/sys/net/ipv4/conf/${bridge}/route_localnet`, '1');
    await host.files.writeFile('/proc/sys/net/ipv4/ip_forward', '1');
    if (v6) {
      await forwardIPv6(host);
      this.#families.add('ip6');
    }
    if (record.name !== DEFAULT_NETWORK) this.#dnsPort = await dns.listen(dnsSockets ?? EMBEDDED_DNS);
    this.#up.add(record.id);
    try {
      await Promise.all([this.#rules.request(), this.#foreign.admit(bridge, v6 !== undefined)]);
    } catch (error) {
      // Without its rules a network keeps nobody apart: who comes next has to try again.
      this.#up.delete(record.id);
      throw error;
    }
  }

  /** Refuses a network that this host cannot have. */
  async check(record: NetworkRecord): Promise<void> {
    if (record.parent !== undefined) await this.#parents.check(record);
  }

  /** Serves again the bridges that an earlier engine left. Its rules stay until one load replaces them all. */
  async restore(): Promise<void> {
    const { host, networks } = this.#parts;
    this.#restoring = true;
    try {
      await Promise.all(
        networks().map(async (record) => {
          if (record.bridge !== undefined && (await hasInterface(host.files, record.bridge)))
            await this.bringUp(record);
        }),
      );
    } finally {
      this.#restoring = false;
    }
    if (this.#up.size > 0) await this.#rules.request();
  }

  async takeDown(record: NetworkRecord): Promise<void> {
    const { bridge } = record;
    if (record.parent !== undefined) await this.#parents.takeDown(record);
    if (bridge === undefined) return;
    this.#up.delete(record.id);
    // Rules for a bridge that is no more do nothing: nobody waits for their end.
    this.#behind = Promise.all([this.#behind, this.#rules.request(), this.#foreign.dismiss(bridge)]).catch(
      (error: unknown) => debug('network', () => messageOf(error)),
    );
    await this.#parts.batch.remove([bridge]);
  }

  /** Resolves when the rules of bridges that were taken down are gone too. */
  async settled(): Promise<void> {
    await this.#behind;
  }

  /** Resolves when the rules say what is published now. */
  refreshRules(): Promise<void> {
    return this.#rules.request();
  }

  async #loadRules(): Promise<void> {
    if (this.#restoring) return;
    const { host, table } = this.#parts;
    const networks = this.#parts
      .networks()
      .flatMap((record) =>
        this.#up.has(record.id)
          ? (rulesetNetwork(record, record.name === DEFAULT_NETWORK ? undefined : this.#dnsPort) ?? [])
          : [],
      );
    const text = ruleset({ table, networks, ports: this.#parts.published(), families: [...this.#families] });
    if (text === this.#loadedRules) return;
    try {
      await runChecked(host, 'nft', ['-f', '-'], text);
    } catch (error) {
      // A kernel built without rules for bridged packets has no br_netfilter to replace either.
      if (!this.#families.delete('bridge')) throw error;
      debug('network', () => messageOf(error));
      return this.#loadRules();
    }
    this.#loadedRules = text;
  }
}
