// An engine in memory, with the rules of a real one that plans depend on: names are unique, a network or volume in use cannot
// be removed, a port has one holder, a running container is not removed without force. What it does not do fails loudly.
import { createHash } from 'node:crypto';
import { PassThrough } from 'node:stream';
import type {
  Capabilities,
  ContainerDetails,
  CreateContainer,
  Engine,
  EngineEvent,
  HealthState,
  ObservedContainer,
  ObservedImage,
  ObservedMount,
  ObservedNetwork,
  ObservedVolume,
} from '../../src/engine/engine.ts';
import { EngineError, type EngineErrorKind } from '../../src/errors.ts';
import { LABEL } from '../../src/names.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type Container = Mutable<Omit<ObservedContainer, 'networks'>> & {
  request: CreateContainer;
  networks: Record<string, { id: string; address: string }>;
  anonymousVolumes: string[];
};

/** How the containers of a service behave once started. */
export interface Behaviour {
  /** Ends at once with this code. */
  readonly exits?: number;
  /** What its health check comes to; `healthy` unless given. */
  readonly health?: HealthState;
}

export interface FakeSettings {
  readonly images?: readonly (Partial<ObservedImage> & { readonly tags: readonly string[] })[];
  /** References a registry would have. */
  readonly registry?: readonly string[];
  readonly behaviours?: Readonly<Record<string, Behaviour>>;
}

export class FakeEngine {
  readonly #containers = new Map<string, Container>();
  readonly #networks = new Map<string, ObservedNetwork>();
  readonly #volumes = new Map<string, ObservedVolume>();
  readonly #images = new Map<string, ObservedImage>();
  readonly #registry: ReadonlySet<string>;
  readonly #listeners = new Set<(event: EngineEvent) => void>();
  #count = 0;
  behaviours: Readonly<Record<string, Behaviour>>;
  /** Lets a second network of a name be made, as docker does when two requests come at once. */
  allowTwins = false;
  /** Every verb that changes something, in order: `createContainer shop-web-1`. */
  readonly calls: string[] = [];
  /** Called before each change; throws to make it fail, or aborts a signal. */
  beforeChange: (call: string, index: number) => void = () => undefined;

  constructor(settings: FakeSettings = {}) {
    for (const image of settings.images ?? [{ tags: ['busybox'] }]) this.putImage(image);
    this.#registry = new Set(settings.registry ?? []);
    this.behaviours = settings.behaviours ?? {};
  }

  /** As the planner and the executor see it; verbs that are not there throw their name. */
  get engine(): Engine {
    return new Proxy(this.#verbs() as Engine, {
      get(verbs, key) {
        if (key in verbs) return Reflect.get(verbs, key);
        if (key === 'then') return undefined;
        throw new Error(`the fake engine does not do "${String(key)}"`);
      },
    });
  }

  get containers(): readonly ObservedContainer[] {
    return [...this.#containers.values()];
  }
  get networkNames(): readonly string[] {
    return [...this.#networks.values()].map(({ name }) => name).sort();
  }
  get volumeNames(): readonly string[] {
    return [...this.#volumes.keys()].sort();
  }

  /** What is there, without ids and times: equal before and after what changes nothing. */
  summary(): unknown {
    return {
      containers: this.containers.map(({ name, state }) => `${name} ${state}`).sort(),
      networks: this.networkNames,
      volumes: this.volumeNames,
    };
  }

  putImage(image: Partial<ObservedImage> & { readonly tags: readonly string[] }): void {
    const id = image.id ?? `sha256:${this.#newId()}`;
    const full: ObservedImage = {
      id,
      digests: [],
      platform: 'linux/amd64',
      created: '2026-01-01T00:00:00Z',
      size: 1,
      labels: {},
      volumes: [],
      exposedPorts: [],
      hasHealthcheck: false,
      ...image,
    };
    for (const tag of image.tags) this.#images.set(tag, full);
  }
  putNetwork(name: string, labels: Record<string, string> = {}): void {
    const id = this.#newId();
    this.#networks.set(id, { id, name, driver: 'bridge', labels });
  }
  putVolume(name: string, labels: Record<string, string> = {}): void {
    this.#volumes.set(name, { name, driver: 'local', labels });
  }
  container(name: string): ObservedContainer {
    return this.#byName(name) ?? missing('container', name, 'container');
  }
  /** Changes a container behind everybody's back. */
  alter(name: string, change: Partial<Pick<ObservedContainer, 'state' | 'exitCode' | 'labels' | 'name'>>): void {
    Object.assign(this.container(name), change);
  }
  remove(name: string): void {
    this.#containers.delete(this.container(name).id);
  }

  #verbs(): Partial<Engine> {
    return {
      kind: 'docker',
      endpoint: 'fake:',
      capabilities: async () => CAPABILITIES,
      observe: async (project) => ({
        project,
        containers: this.containers.filter(({ labels }) => labels[LABEL.project] === project).map(copy),
        networks: [...this.#networks.values()].filter(({ labels }) => labels[LABEL.project] === project),
        volumes: [...this.#volumes.values()].filter(({ labels }) => labels[LABEL.project] === project),
      }),
      listPublishedPorts: async () =>
        this.containers.filter(({ state, ports }) => state === 'running' && ports.length > 0),
      listVolumeUsers: async (volume) =>
        this.containers.filter(
          ({ state, mounts }) =>
            ['running', 'paused', 'restarting'].includes(state) && mounts.some(({ name }) => name === volume),
        ),
      inspectContainer: async (id) => details(this.#get(id)),
      findContainer: async (nameOrId) => {
        const one = this.#containers.get(nameOrId) ?? this.#byName(nameOrId);
        return one === undefined ? undefined : details(one);
      },
      findNetwork: async (name) => {
        const found = [...this.#networks.values()].filter((one) => one.name === name || one.id === name);
        if (found.length > 1) fail('findNetwork', 'failed', `network ${name} is ambiguous (2 matches found on name)`);
        return found[0];
      },
      findVolume: async (name) => this.#volumes.get(name),
      findImage: async (reference) => this.#images.get(reference),
      pullImage: async (reference) => {
        this.#change(`pullImage ${reference}`);
        if (!this.#registry.has(reference)) fail('pullImage', 'not-found', `manifest for ${reference} not found`);
        this.putImage({ tags: [reference] });
      },
      buildImage: async ({ tags, labels }) => {
        this.#change(`buildImage ${tags[0]}`);
        const id = `sha256:${this.#newId()}`;
        this.putImage({ tags, labels, id });
        return id;
      },
      removeImage: async (reference) => {
        this.#change(`removeImage ${reference}`);
        this.#images.delete(reference);
      },
      createNetwork: async ({ name }, labels) => {
        this.#change(`createNetwork ${name}`);
        if (!this.allowTwins && this.networkNames.includes(name))
          fail('createNetwork', 'conflict', `network with name ${name} already exists`);
        const id = this.#newId();
        this.#networks.set(id, { id, name, driver: 'bridge', labels });
        return id;
      },
      removeNetwork: async (id) => {
        this.#change(`removeNetwork ${this.#networks.get(id)?.name ?? id}`);
        const users = this.containers.filter(
          (one) => one.state === 'running' && Object.values(one.networks).some((at) => at.id === id),
        );
        if (users.length > 0) fail('removeNetwork', 'failed', 'network has active endpoints', 403);
        this.#networks.delete(id);
      },
      createVolume: async ({ name }, labels) => {
        this.#change(`createVolume ${name}`);
        this.putVolume(name, { ...labels });
      },
      removeVolume: async (name) => {
        this.#change(`removeVolume ${name}`);
        if (this.containers.some(({ mounts }) => mounts.some((mount) => mount.name === name)))
          fail('removeVolume', 'conflict', `volume ${name} is in use`);
        this.#volumes.delete(name);
      },
      createContainer: async (request) => this.#create(request),
      startContainer: async (id) => this.#start(id),
      stopContainer: async (id, timeoutSeconds) => {
        const one = this.#get(id);
        this.#change(`stopContainer ${one.name}${within(timeoutSeconds)}`);
        this.#end(one, 143);
      },
      killContainer: async (id, signal) => {
        const one = this.#get(id);
        this.#change(`killContainer ${one.name} ${signal}`);
        if (one.state !== 'running') fail('killContainer', 'conflict', `container ${one.name} is not running`);
        this.#end(one, 137);
      },
      restartContainer: async (id, timeoutSeconds) => {
        const one = this.#get(id);
        this.#change(`restartContainer ${one.name}${within(timeoutSeconds)}`);
        this.#run(one);
      },
      pauseContainer: async (id) => {
        this.#change(`pauseContainer ${this.#get(id).name}`);
        this.#get(id).state = 'paused';
      },
      unpauseContainer: async (id) => {
        this.#change(`unpauseContainer ${this.#get(id).name}`);
        this.#get(id).state = 'running';
      },
      renameContainer: async (id, name) => {
        const one = this.#get(id);
        this.#change(`renameContainer ${one.name} ${name}`);
        if (this.#byName(name) !== undefined) fail('renameContainer', 'conflict', `name ${name} is in use`);
        one.name = name;
      },
      removeContainer: async (id, { force, volumes }) => {
        const one = this.#containers.get(id);
        if (one === undefined) return;
        this.#change(`removeContainer ${one.name}${volumes ? ' with volumes' : ''}`);
        if (one.state === 'running' && !force) fail('removeContainer', 'conflict', `container ${one.name} is running`);
        this.#containers.delete(id);
        if (volumes) for (const name of one.anonymousVolumes) this.#volumes.delete(name);
      },
      waitContainer: async (id) => this.behaviours[this.#get(id).labels[LABEL.service] ?? '']?.exits ?? 0,
      putArchive: async (id) => {
        this.#change(`putArchive ${this.#get(id).name}`);
      },
      createExec: async (id, { command }) => {
        this.#change(`exec ${this.#get(id).name} ${command.join(' ')}`);
        const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
        return {
          id: this.#newId(),
          start: async () => {
            stdout.end(`ran ${command.join(' ')}\n`);
            stderr.end();
            return { stdin, stdout, stderr, close: () => undefined };
          },
          resize: async () => undefined,
          exitCode: async () => (command[0] === 'false' ? 1 : 0),
        };
      },
      logs: (id) => once({ stream: 'stderr', data: Buffer.from(`last words of ${this.#get(id).name}\n`) }),
      events: (_filter, signal) => this.#events(signal),
    };
  }

  #create(request: CreateContainer): string {
    this.#change(`createContainer ${request.name}`);
    const image = this.#images.get(request.image) ?? missing('createContainer', request.image, 'image');
    if (this.#byName(request.name) !== undefined)
      fail('createContainer', 'conflict', `the container name "/${request.name}" is already in use`);
    const id = this.#newId();
    const peer = /^container:(.+)$/.exec(request.service.network_mode ?? '')?.[1];
    if (peer !== undefined) this.#get(peer);
    const networks: Container['networks'] = {};
    for (const { network } of request.attachments)
      networks[network] = {
        id: (this.#networkNamed(network) ?? missing('createContainer', network, 'network')).id,
        address: '',
      };
    const { mounts, anonymousVolumes } = this.#mounts(request, image);
    this.#containers.set(id, {
      id,
      name: request.name,
      image: request.image,
      imageId: image.id,
      command: '',
      state: 'created',
      health: undefined,
      exitCode: undefined,
      status: 'Created',
      createdAt: this.#count,
      labels: request.labels,
      networks,
      mounts,
      ports: [],
      request,
      anonymousVolumes,
    });
    return id;
  }

  #mounts(request: CreateContainer, image: ObservedImage): { mounts: ObservedMount[]; anonymousVolumes: string[] } {
    const mounts: ObservedMount[] = [];
    const anonymousVolumes: string[] = [];
    const add = (target: string, name: string): void => {
      mounts.push({ type: 'volume', name, source: `/volumes/${name}`, target, readWrite: true });
    };
    const addAnonymous = (target: string): void => {
      const kept = request.inheritedVolumes[target];
      const name = kept ?? this.#newId();
      if (kept === undefined) this.putVolume(name);
      else if (!this.#volumes.has(kept)) missing('createContainer', kept, 'volume');
      anonymousVolumes.push(name);
      add(target, name);
    };
    for (const { type, source, target = '' } of request.service.volumes ?? []) {
      if (type !== 'volume') continue;
      if (source === undefined) addAnonymous(target);
      else {
        const name = request.volumeNames[source] ?? source;
        add(target, (this.#volumes.get(name) ?? missing('createContainer', name, 'volume')).name);
      }
    }
    for (const target of image.volumes) if (!mounts.some((mount) => mount.target === target)) addAnonymous(target);
    return { mounts, anonymousVolumes };
  }

  #start(id: string): void {
    const one = this.#get(id);
    this.#change(`startContainer ${one.name}`);
    if (one.state === 'paused') fail('startContainer', 'conflict', `cannot start a paused container`);
    for (const [name, at] of Object.entries(one.networks))
      if (!this.#networks.has(at.id)) fail('startContainer', 'not-found', `network ${name} not found`);
    const peer = /^container:(.+)$/.exec(one.request.service.network_mode ?? '')?.[1];
    if (peer !== undefined && this.#containers.get(peer)?.state !== 'running')
      fail('startContainer', 'conflict', `cannot join network of a non running container: ${peer}`);
    const wanted = (one.request.service.ports ?? []).flatMap(({ published, target }) =>
      published === undefined
        ? []
        : [{ hostIp: '0.0.0.0', hostPort: Number(published), containerPort: target, protocol: 'tcp' }],
    );
    for (const { hostPort } of wanted)
      if (
        this.containers.some(
          (other) =>
            other !== one && other.state === 'running' && other.ports.some((port) => port.hostPort === hostPort),
        )
      )
        fail('startContainer', 'conflict', `Bind for 0.0.0.0:${hostPort} failed: port is already allocated`);
    one.ports = wanted;
    this.#run(one);
  }

  #run(one: Container): void {
    const behaviour = this.behaviours[one.request.service.name] ?? {};
    one.state = 'running';
    one.status = 'Up';
    one.exitCode = undefined;
    if (one.request.service.healthcheck !== undefined) one.health = 'starting';
    this.#tell('start', one);
    if (behaviour.exits !== undefined) this.#end(one, behaviour.exits);
    else if (one.health === 'starting')
      setImmediate(() => {
        one.health = behaviour.health ?? 'healthy';
        this.#tell(`health_status: ${one.health}`, one);
      });
  }

  #end(one: Container, code: number): void {
    if (one.state === 'created' || one.state === 'exited') return;
    one.state = 'exited';
    one.exitCode = code;
    one.health = undefined;
    one.ports = [];
    this.#tell('die', one);
  }

  #change(call: string): void {
    this.beforeChange(call, this.calls.length);
    this.calls.push(call);
  }
  #newId(): string {
    this.#count += 1;
    return createHash('sha256').update(String(this.#count)).digest('hex');
  }
  #get(id: string): Container {
    return this.#containers.get(id) ?? missing('get', id, 'container');
  }
  #byName(name: string): Container | undefined {
    return [...this.#containers.values()].find((one) => one.name === name);
  }
  #networkNamed(name: string): ObservedNetwork | undefined {
    return [...this.#networks.values()].find((one) => one.name === name);
  }
  #tell(action: string, { id, labels }: Container): void {
    for (const listener of this.#listeners)
      listener({ type: 'container', action, id, attributes: labels, timeNano: BigInt(this.#count) });
  }
  async *#events(signal: AbortSignal | undefined): AsyncGenerator<EngineEvent> {
    const queue: EngineEvent[] = [];
    let wake: () => void = () => undefined;
    const listener = (event: EngineEvent): void => {
      queue.push(event);
      wake();
    };
    this.#listeners.add(listener);
    signal?.addEventListener('abort', () => wake(), { once: true });
    try {
      while (signal?.aborted !== true) {
        const event = queue.shift();
        if (event === undefined)
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        else yield event;
      }
    } finally {
      this.#listeners.delete(listener);
    }
  }
}

async function* once<T>(value: T): AsyncGenerator<T> {
  yield value;
}

const copy = (container: ObservedContainer): ObservedContainer => ({
  ...container,
  networks: { ...container.networks },
});

function details(one: Container): ContainerDetails {
  const networks = Object.fromEntries(Object.entries(one.networks).map(([name, at]) => [name, { ...at, aliases: [] }]));
  return {
    ...one,
    networks,
    exitCode: one.exitCode ?? 0,
    error: '',
    oomKilled: false,
    startedAt: '',
    finishedAt: '',
    hasHealthcheck: one.request.service.healthcheck !== undefined,
    probes: one.health === 'unhealthy' ? [{ start: '', exitCode: 1, output: 'no answer' }] : [],
    restartCount: 0,
    tty: false,
    openStdin: false,
    raw: {},
  };
}

/** What a container is given to end in; its own time is not told. */
const within = (seconds: number | undefined): string => (seconds === undefined ? '' : ` within ${seconds} s`);

function fail(verb: string, kind: EngineErrorKind, message: string, status?: number): never {
  throw new EngineError(message, { verb, kind, ...(status === undefined ? {} : { status }) });
}
const missing = (verb: string, name: string, what: string): never =>
  fail(verb, 'not-found', `no such ${what}: ${name}`);

const CAPABILITIES: Capabilities = {
  kind: 'docker',
  engineVersion: '20.10.24',
  apiVersion: '1.41',
  os: 'linux',
  architecture: 'amd64',
  multiNetworkCreate: false,
  startInterval: false,
  endpointMac: false,
  volumeSubpath: false,
  imageMounts: false,
  gatewayPriority: false,
  interfaceName: false,
  builder: 'classic',
};
