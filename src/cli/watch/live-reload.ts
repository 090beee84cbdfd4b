// `watch --reload`: a proxy in front of each watched service that publishes a port, whose pages reload after a sync.
import type { Engine, ObservedPort } from '../../engine/engine.ts';
import type { Project } from '../../model.ts';
import { ReloadProxy, type Upstream } from '../../watch/reload/proxy.ts';
import { selectContainers } from '../select-containers.ts';

export interface LiveReloadOptions {
  readonly engine: Engine;
  readonly project: Project;
  /** Services whose files are watched. */
  readonly services: readonly string[];
  /** The first proxy's port, further ones on those after it; undefined = 10000 above the published one, or any that is free. */
  readonly port: number | undefined;
  readonly log: (text: string) => void;
}

/** How long the port that a service had a moment ago is taken for the one it has. */
const FRESH_MS = 1000;
const ABOVE = 10_000;

export class LiveReload {
  readonly #options: LiveReloadOptions;
  readonly #proxies: ReloadProxy[] = [];

  constructor(options: LiveReloadOptions) {
    this.#options = options;
  }

  /** Starts the proxies and tells where they are. Resolves with how many there are. */
  async start(): Promise<number> {
    const { services, port, log } = this.#options;
    for (const service of services) {
      const upstream = this.#upstreamOf(service);
      const first = await upstream();
      if (first === undefined) continue;
      const wanted = port === undefined ? (first.port + ABOVE) % 65_536 : port + this.#proxies.length;
      const proxy = new ReloadProxy({ upstream, port: wanted, insist: port !== undefined });
      const own = await proxy.start();
      this.#proxies.push(proxy);
      log(`Live reload of "${service}": http://localhost:${own} (in front of ${first.host}:${first.port})`);
    }
    return this.#proxies.length;
  }

  /** Any service's files may show on any page, as those of an API behind a web server. */
  reload(): void {
    for (const proxy of this.#proxies) proxy.reload();
  }

  close(): void {
    for (const proxy of this.#proxies) proxy.close();
  }

  #upstreamOf(service: string): () => Promise<Upstream | undefined> {
    const { engine, project } = this.#options;
    let known: { readonly at: number; readonly upstream: Promise<Upstream | undefined> } | undefined;
    return () => {
      if (known === undefined || Date.now() - known.at > FRESH_MS)
        known = {
          at: Date.now(),
          upstream: engine.listContainers(project.name).then((containers) => {
            const up = selectContainers(containers, { services: [service], oneOffs: false, stopped: false });
            return publishedPort(up.flatMap(({ ports }) => ports));
          }),
        };
      return known.upstream;
    };
  }
}

/** The lowest port of the container that is published on this machine. */
function publishedPort(ports: readonly ObservedPort[]): Upstream | undefined {
  const [first] = ports
    .filter(({ hostPort, protocol }) => hostPort > 0 && protocol === 'tcp')
    .sort((a, b) => a.containerPort - b.containerPort || a.hostIp.length - b.hostIp.length);
  if (first === undefined) return undefined;
  const anywhere = ['', '0.0.0.0', '::'].includes(first.hostIp);
  return { host: anywhere ? '127.0.0.1' : first.hostIp, port: first.hostPort };
}
