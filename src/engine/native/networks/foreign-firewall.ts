// Other firewalls on the host. Where iptables drops what is forwarded by default (as dockerd sets it), packets of our
// bridges have to be let through there too: an accept in our own table does not outvote a drop in another.
import type { Host } from '../../../host.ts';

/** The chain that dockerd leaves to others; it is asked before dockerd's own rules. */
const DOCKER_USER = 'DOCKER-USER';

export class ForeignFirewall {
  readonly #host: Host;

  constructor(host: Host) {
    this.#host = host;
  }

  /** Lets a bridge's packets pass; does nothing where no other firewall drops them. */
  async admit(bridge: string): Promise<void> {
    const chain = await this.#guardingChain();
    if (chain !== undefined) await this.#edit(chain, bridge, ['-D', '-I']);
  }

  async dismiss(bridge: string): Promise<void> {
    const chain = await this.#guardingChain();
    if (chain !== undefined) await this.#edit(chain, bridge, ['-D']);
  }

  /** The chain to write to: undefined unless the iptables FORWARD chain has the policy "drop". */
  async #guardingChain(): Promise<string | undefined> {
    const forward = await this.#host.run('nft', ['list', 'chain', 'ip', 'filter', 'FORWARD']);
    if (forward.exitCode !== 0 || !/policy drop/.test(forward.stdout)) return undefined;
    return forward.stdout.includes(DOCKER_USER) ? DOCKER_USER : 'FORWARD';
  }

  async #edit(chain: string, bridge: string, actions: readonly ('-I' | '-D')[]): Promise<void> {
    // -D fails where the rule is not there, which is what it is to bring about.
    for (const action of actions)
      for (const direction of ['-i', '-o'])
        await this.#host.run('iptables', ['-w', action, chain, direction, bridge, '-j', 'ACCEPT']);
  }
}
