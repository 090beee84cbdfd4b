// Other firewalls on the host. Where iptables drops what is forwarded by default (as dockerd sets it), packets of our
// bridges have to be let through there too: an accept in our own table does not outvote a drop in another.
import type { Host } from '../../../host.ts';

/** The chain that dockerd leaves to others; it is asked before dockerd's own rules. */
const DOCKER_USER = 'DOCKER-USER';

type Family = 'ip' | 'ip6';
type Action = '-I' | '-D';

export class ForeignFirewall {
  readonly #host: Host;

  constructor(host: Host) {
    this.#host = host;
  }

  /** Lets a bridge's packets pass; does nothing where no other firewall drops them. */
  async admit(bridge: string, ipv6: boolean): Promise<void> {
    await this.#everywhere(bridge, ipv6, ['-D', '-I']);
  }

  async dismiss(bridge: string, ipv6: boolean): Promise<void> {
    await this.#everywhere(bridge, ipv6, ['-D']);
  }

  async #everywhere(bridge: string, ipv6: boolean, actions: readonly Action[]): Promise<void> {
    for (const family of ipv6 ? (['ip', 'ip6'] as const) : (['ip'] as const)) {
      const chain = await this.#guardingChain(family);
      if (chain !== undefined) await this.#edit(family, chain, bridge, actions);
    }
  }

  /** The chain to write to: undefined unless the FORWARD chain of iptables has the policy "drop". */
  async #guardingChain(family: Family): Promise<string | undefined> {
    const forward = await this.#host.run('nft', ['list', 'chain', family, 'filter', 'FORWARD']);
    if (forward.exitCode !== 0 || !/policy drop/.test(forward.stdout)) return undefined;
    return forward.stdout.includes(DOCKER_USER) ? DOCKER_USER : 'FORWARD';
  }

  async #edit(family: Family, chain: string, bridge: string, actions: readonly Action[]): Promise<void> {
    const program = family === 'ip' ? 'iptables' : 'ip6tables';
    // -D fails where the rule is not there, which is what it is to bring about.
    for (const action of actions)
      for (const direction of ['-i', '-o'])
        await this.#host.run(program, ['-w', action, chain, direction, bridge, '-j', 'ACCEPT']);
  }
}
