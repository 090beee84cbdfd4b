// Other firewalls on the host. Where iptables drops what is forwarded by default (as dockerd sets it), packets of our
// bridges have to be let through there too: an accept in our own table does not outvote a drop in another.
import type { Host } from '../../../host.ts';

/** The chain that dockerd leaves to others; it is asked before dockerd's own rules. */
const DOCKER_USER = 'DOCKER-USER';

type Family = 'ip' | 'ip6';
type Action = '-I' | '-D';

/** Where a bridge was let through. */
interface Admission {
  readonly family: Family;
  readonly chain: string;
}

export class ForeignFirewall {
  readonly #host: Host;
  readonly #admitted = new Map<string, readonly Admission[]>();

  constructor(host: Host) {
    this.#host = host;
  }

  /** Lets a bridge's packets pass, unless they do; does nothing where no other firewall drops them. */
  async admit(bridge: string, ipv6: boolean): Promise<void> {
    const admissions: Admission[] = [];
    for (const family of ipv6 ? (['ip', 'ip6'] as const) : (['ip'] as const)) {
      const chain = await this.#guardingChain(family);
      if (chain === undefined) continue;
      const { stdout } = await this.#list(family, chain);
      // An earlier engine's rules are as good.
      if (!stdout.includes(`"${bridge}"`)) await this.#edit(family, chain, bridge, '-I');
      admissions.push({ family, chain });
    }
    this.#admitted.set(bridge, admissions);
  }

  /** Takes back what `admit` did. */
  async dismiss(bridge: string): Promise<void> {
    const admissions = this.#admitted.get(bridge) ?? [];
    this.#admitted.delete(bridge);
    for (const { family, chain } of admissions) await this.#edit(family, chain, bridge, '-D');
  }

  /** The chain to write to: undefined unless the FORWARD chain of iptables has the policy "drop". */
  async #guardingChain(family: Family): Promise<string | undefined> {
    const forward = await this.#list(family, 'FORWARD');
    if (forward.exitCode !== 0 || !/policy drop/.test(forward.stdout)) return undefined;
    return forward.stdout.includes(DOCKER_USER) ? DOCKER_USER : 'FORWARD';
  }

  #list(family: Family, chain: string): ReturnType<Host['run']> {
    return this.#host.run('nft', ['list', 'chain', family, 'filter', chain]);
  }

  /** Both directions in one run; one by one where that fails, since of two rules one may be gone already. */
  async #edit(family: Family, chain: string, bridge: string, action: Action): Promise<void> {
    const program = family === 'ip' ? 'iptables' : 'ip6tables';
    const rules = ['-i', '-o'].map((direction) => [action, chain, direction, bridge, '-j', 'ACCEPT']);
    const input = `*filter\n${rules.map((rule) => `${rule.join(' ')}\n`).join('')}COMMIT\n`;
    const { exitCode } = await this.#host.run(`${program}-restore`, ['-w', '--noflush'], { input });
    if (exitCode === 0) return;
    for (const rule of rules) await this.#host.run(program, ['-w', ...rule]);
  }
}
