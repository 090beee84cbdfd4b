// The life of containers: start, signal, stop, end, remove. One thing at a time per container; containers side by side.
//
//   created ──start──▶ running ◀──unpause── paused
//      ▲                 │  ▲────pause──────▶
//      │                 ▼ exit file
//   (made)            exited ──restart policy──▶ restarting ──start──▶ running
import { join } from 'node:path';
import { messageOf } from '../../../errors.ts';
import { debug } from '../../../log.ts';
import type { EventBus } from '../events.ts';
import { type NativeHost, readIfExists } from '../host.ts';
import type { ImageStore } from '../images/store.ts';
import { hexOf } from '../images/store.ts';
import type { Machine } from '../machine.ts';
import { timestamp } from '../names.ts';
import { DEFAULT_NETWORK, type NetworkRecord } from '../networks/record.ts';
import type { NetworkService } from '../networks/service.ts';
import type { ContainerPaths, Paths } from '../paths.ts';
import { Serial } from '../serial.ts';
import { ApiError, conflict } from '../server/api-error.ts';
import type { VolumeStore } from '../volumes/store.ts';
import { writeBundle } from './bundle.ts';
import { createThroughMonitor } from './create-process.ts';
import { cgroupOf, leasesOf, memberOf, withoutLeases, withoutNone } from './endpoints.ts';
import { eventAttributes } from './event-attributes.ts';
import { ExitWatch } from './exit-watch.ts';
import { isSameProcess, processStart, signalNumber, signalProcess } from './process.ts';
import { openPorts } from './publish.ts';
import { mountRootfs, unmountRootfs } from './rootfs.ts';
import { Runtime } from './runtime.ts';
import type { ContainerStore } from './store.ts';
import { type ContainerRecord, type Endpoint, type EndpointSettings, isLive, NEVER } from './types.ts';
import { prepareVolumes, releaseVolumes, removeAnonymousVolumes } from './volume-mounts.ts';
import { allSettled, tell, type Waiters, wait, within } from './waiting.ts';

export interface LifecycleParts {
  readonly host: NativeHost;
  readonly paths: Paths;
  readonly machine: Machine;
  readonly images: ImageStore;
  readonly networks: NetworkService;
  readonly volumes: VolumeStore;
  readonly store: ContainerStore;
  readonly events: EventBus;
}

/** Told about every start and end, after the record has changed. */
export interface LifecycleListener {
  started?(record: ContainerRecord): void;
  ended?(record: ContainerRecord): void;
  removed?(record: ContainerRecord): void;
}

const DEFAULT_STOP_SECONDS = 10;
/** After a SIGKILL the kernel may take a while to tear a process down, not this long. */
const KILL_DEADLINE_MS = 30_000;

export class Lifecycle {
  readonly #parts: LifecycleParts;
  readonly #serial = new Serial();
  readonly runtime: Runtime;
  readonly #exits: ExitWatch;
  readonly #listeners: LifecycleListener[] = [];
  readonly #exitWaiters: Waiters = new Map();
  readonly #removeWaiters: Waiters = new Map();
  readonly #creationWaiters: Waiters = new Map();
  #closing = false;

  constructor(parts: LifecycleParts) {
    this.#parts = parts;
    this.runtime = new Runtime(parts.host, parts.machine, parts.paths);
    this.#exits = new ExitWatch(parts.host, parts.paths.exits, (id, code) => {
      if (!this.#closing) void this.#serial.run(id, () => this.#ended(id, code)).catch(() => undefined);
    });
  }

  listen(listener: LifecycleListener): void {
    this.#listeners.push(listener);
  }

  /** Takes over what runs, settles what ended meanwhile, and clears away what an interrupted start left. */
  async open(): Promise<void> {
    const { host, store, networks, paths } = this.#parts;
    for (const folder of [paths.exits, paths.runtimeState, join(paths.run, 'containers')])
      await host.files.mkdir(folder, { recursive: true, mode: 0o711 });
    const exited = await this.#exits.start();
    const survivors: ContainerRecord[] = [];
    const gone: { record: ContainerRecord; code: number }[] = [];
    for (const record of store.all()) {
      const { status, pid, pidStart } = record.state;
      const left = await host.files.stat(paths.container(record.id).bundle).catch(() => undefined);
      if (isLive(status)) {
        const code = exited.get(record.id);
        if (code === undefined && (await isSameProcess(host, pid, pidStart))) survivors.push(record);
        else gone.push({ record, code: code ?? 255 });
      } else if (left) await this.#abandon(record);
    }
    for (const record of survivors)
      for (const point of record.mounts) if (point.Name !== undefined) this.#parts.volumes.adopt(point.Name, record.id);
    await networks.restore(survivors.map((record) => memberOf(record)));
    for (const record of survivors)
      await openPorts(networks, record, record.ports).catch((error: unknown) => debug('ports', () => messageOf(error)));
    for (const { record, code } of gone) await this.#serial.run(record.id, () => this.#ended(record.id, code));
  }

  /** Stops looking; what runs goes on. */
  close(): void {
    this.#closing = true;
    this.#exits.close();
  }

  /** Resolves to false when it runs already. */
  start(id: string): Promise<boolean> {
    return this.#serial.run(id, () => this.#start(id));
  }

  /** The exit of a running container; at once where it does not run. */
  async exited(id: string): Promise<ContainerRecord> {
    const record = this.#parts.store.find(id);
    return isLive(record.state.status) || record.state.status === 'restarting' ? this.nextExit(record.id) : record;
  }

  nextExit(id: string): Promise<ContainerRecord> {
    return wait(this.#exitWaiters, id);
  }

  /** The moment at which the monitor of the next run takes input; the first process does not run yet. */
  nextCreation(id: string): Promise<ContainerRecord> {
    return wait(this.#creationWaiters, id);
  }

  removal(id: string): Promise<ContainerRecord> {
    return wait(this.#removeWaiters, id);
  }

  /** Sends a signal; a container that does not run is a conflict. */
  async kill(id: string, signalText: string): Promise<void> {
    const { store, events } = this.#parts;
    const record = store.find(id);
    const signal = signalNumber(signalText);
    if (signal === undefined) throw new ApiError(400, `Invalid signal: ${signalText}`);
    if (!isLive(record.state.status))
      throw conflict(`Cannot kill container: ${id}: Container ${record.id} is not running`);
    if (signal === 9) store.updateState(record.id, { stoppedByUser: true });
    await this.#signal(record, signal);
    if (record.state.status === 'paused' && signal === 9)
      await this.runtime.call('resume', record.id).catch(() => undefined);
    events.emit('container', 'kill', record.id, { ...eventAttributes(record), signal: String(signal) });
  }

  /** Resolves to false when it did not run. The container's own signal, then, after the time-out, SIGKILL. */
  async stop(id: string, seconds?: number, signalText?: string): Promise<boolean> {
    const { store, events } = this.#parts;
    const record = store.find(id);
    if (record.state.status === 'restarting') {
      this.#settle(store.updateState(record.id, { status: 'exited', stoppedByUser: true }));
      return true;
    }
    if (!isLive(record.state.status)) return false;
    store.updateState(record.id, { stoppedByUser: true });
    const ended = this.nextExit(record.id);
    if (record.state.status === 'paused') await this.runtime.call('resume', record.id);
    const signal = signalNumber(signalText || record.config.StopSignal || 'SIGTERM') ?? 15;
    await this.#signal(record, signal);
    events.emit('container', 'kill', record.id, { ...eventAttributes(record), signal: String(signal) });
    const timeout = seconds ?? record.config.StopTimeout ?? DEFAULT_STOP_SECONDS;
    if (!(await within(ended, timeout < 0 ? undefined : timeout * 1000))) {
      await this.#signal(record, 9);
      if (!(await within(ended, KILL_DEADLINE_MS)))
        throw new ApiError(500, `container ${record.id} did not end although it was killed`);
    }
    events.emit('container', 'stop', record.id, eventAttributes(record));
    return true;
  }

  async restart(id: string, seconds?: number, signal?: string): Promise<void> {
    const { id: full } = this.#parts.store.find(id);
    // AutoRemove is put off by starting again in the same turn of the container's queue.
    await this.stop(full, seconds, signal);
    await this.start(full);
    const record = this.#parts.store.find(full);
    this.#parts.events.emit('container', 'restart', full, eventAttributes(record));
  }

  pause(id: string): Promise<void> {
    const { store, events } = this.#parts;
    const { id: full } = store.find(id);
    return this.#serial.run(full, async () => {
      const record = store.find(full);
      if (record.state.status === 'paused') throw conflict(`Container ${id} is already paused`);
      if (record.state.status !== 'running') throw conflict(`Container ${id} is not running`);
      await this.runtime.call('pause', full);
      events.emit('container', 'pause', full, eventAttributes(store.updateState(full, { status: 'paused' })));
    });
  }

  unpause(id: string): Promise<void> {
    const { store, events } = this.#parts;
    const { id: full } = store.find(id);
    return this.#serial.run(full, async () => {
      const record = store.find(full);
      if (record.state.status !== 'paused') throw conflict(`Container ${id} is not paused`);
      await this.runtime.call('resume', full);
      events.emit('container', 'unpause', full, eventAttributes(store.updateState(full, { status: 'running' })));
    });
  }

  /** Joins a network: at once when it runs, with its next start otherwise. */
  connect(id: string, network: NetworkRecord, settings: EndpointSettings): Promise<void> {
    const { store, networks, paths } = this.#parts;
    return this.#serial.run(id, async () => {
      const record = store.find(id);
      const mode = record.hostConfig.NetworkMode ?? 'default';
      if (mode === 'host' || mode.startsWith('container:') || network.driver !== 'bridge')
        throw new ApiError(
          403,
          `container cannot be connected to network "${network.name}": its network mode is "${mode}"`,
        );
      if (record.endpoints[network.name])
        throw new ApiError(403, `endpoint with name ${record.name} already exists in network ${network.name}`);
      const aliases =
        network.name === DEFAULT_NETWORK ? settings.Aliases : [...(settings.Aliases ?? []), id.slice(0, 12)];
      const live = isLive(record.state.status);
      const taken = leasesOf(record).map(({ lease }) => Number(lease.interfaceName.slice(3)));
      const lease = live ? networks.lease(network, settings, Math.max(-1, ...taken) + 1) : undefined;
      const endpoint: Endpoint = {
        networkId: network.id,
        networkName: network.name,
        settings: { ...settings, ...(aliases ? { Aliases: aliases } : {}) },
        ...(lease ? { lease } : {}),
      };
      if (lease) {
        try {
          await networks.plug(paths.container(id).netns, [{ endpoint, lease }], taken.length === 0);
        } catch (error) {
          networks.release(network.id, lease);
          throw error;
        }
      }
      const after = store.update(id, (current) => ({
        ...current,
        endpoints: { ...withoutNone(current.endpoints), [network.name]: endpoint },
      }));
      if (live) await networks.join(memberOf(after));
      await store.save(id);
    });
  }

  disconnect(id: string, network: NetworkRecord): Promise<void> {
    const { store, networks } = this.#parts;
    return this.#serial.run(id, async () => {
      const record = store.find(id);
      const endpoint = record.endpoints[network.name];
      if (!endpoint) throw new ApiError(403, `container ${record.id} is not connected to network ${network.name}`);
      if (endpoint.lease) {
        await networks.unplug([endpoint.lease]);
        networks.release(network.id, endpoint.lease);
      }
      const after = store.update(id, (current) => {
        const { [network.name]: _, ...rest } = current.endpoints;
        return { ...current, endpoints: rest };
      });
      if (isLive(record.state.status)) await networks.join(memberOf(after));
      await store.save(id);
    });
  }

  /** Calls `use` with the root of the container's files: as it sees them when it runs, mounted for the while otherwise. */
  async withFiles<T>(id: string, use: (root: string) => Promise<T>): Promise<T> {
    const { host, store, paths } = this.#parts;
    const record = store.find(id);
    if (isLive(record.state.status)) return use(`/proc/${record.state.pid}/root`);
    return this.#serial.run(id, async () => {
      const current = store.find(id);
      if (isLive(current.state.status)) return use(`/proc/${current.state.pid}/root`);
      const container = paths.container(id);
      for (const path of [container.rootfs, container.upper, container.work])
        await host.files.mkdir(path, { recursive: true, mode: 0o711 });
      await this.#mountRootfs(current, container);
      try {
        return await use(container.rootfs);
      } finally {
        await unmountRootfs(host, container);
        await host.files.rm(container.bundle, { recursive: true, force: true });
      }
    });
  }

  /** A running container answers to its new name from now on. */
  renamed(record: ContainerRecord): void {
    if (isLive(record.state.status)) void this.#parts.networks.join(memberOf(record));
  }

  /** Removes the container, its log, its writable layer and, with `volumes`, those of its volumes that have no name. */
  async remove(id: string, options: { readonly force: boolean; readonly volumes: boolean }): Promise<ContainerRecord> {
    const { store } = this.#parts;
    const record = store.find(id);
    if (isLive(record.state.status) || record.state.status === 'restarting') {
      const what = record.state.status === 'paused' ? 'paused' : 'running';
      if (!options.force)
        throw conflict(
          `You cannot remove a ${what} container ${record.id}. ${what === 'paused' ? 'Unpause and then stop the container before attempting removal or force remove' : 'Stop the container before attempting removal or force remove'}`,
        );
      await this.stop(record.id, 0, 'SIGKILL');
    }
    return this.#serial.run(record.id, () => this.#remove(record.id, options.volumes));
  }

  async #remove(id: string, volumes: boolean): Promise<ContainerRecord> {
    const { store, events } = this.#parts;
    const record = store.find(id);
    await store.remove(id);
    if (volumes) await removeAnonymousVolumes(this.#parts.volumes, store.all(), record);
    events.emit('container', 'destroy', id, eventAttributes(record));
    for (const listener of this.#listeners) listener.removed?.(record);
    for (const waiters of [this.#removeWaiters, this.#exitWaiters]) tell(waiters, record);
    this.#creationWaiters.delete(id);
    return record;
  }

  async #signal(record: ContainerRecord, signal: number): Promise<void> {
    await signalProcess(this.#parts.host, record.state.pid, record.state.pidStart, signal);
  }

  async #start(id: string): Promise<boolean> {
    const { store, events } = this.#parts;
    const record = store.find(id);
    if (record.state.status === 'running') return false;
    if (record.state.status === 'paused') throw conflict('cannot start a paused container, try unpause instead');
    try {
      await this.#launch(record);
    } catch (error) {
      await this.#abandon(record);
      const failure = startFailure(error);
      store.updateState(id, {
        status: record.state.status === 'restarting' ? 'exited' : record.state.status,
        exitCode: failure.exitCode,
        error: failure.message,
      });
      const after = store.find(id);
      events.emit('container', 'die', id, { ...eventAttributes(after), exitCode: String(failure.exitCode) });
      this.#settle(after);
      throw failure.error;
    }
    const after = store.find(id);
    events.emit('container', 'start', id, eventAttributes(after));
    for (const listener of this.#listeners) listener.started?.(after);
    return true;
  }

  async #launch(record: ContainerRecord): Promise<void> {
    const { host, store, paths } = this.#parts;
    const { id } = record;
    const container = paths.container(id);
    const made = [container.rootfs, container.upper, container.work];
    await Promise.all(made.map((path) => host.files.mkdir(path, { recursive: true, mode: 0o711 })));
    const leased = this.#leaseAll(record);
    const mode = record.hostConfig.NetworkMode ?? 'default';
    const ownNetns = mode !== 'host' && !mode.startsWith('container:');
    try {
      await Promise.all([
        this.#mountRootfs(record, container).then(() =>
          prepareVolumes(host, this.#parts.volumes, record, container.rootfs),
        ),
        ownNetns ? host.kernel.createNetworkNamespace(container.netns) : undefined,
      ]);
      await writeBundle(this.#parts, leased, container);
      // The runtime needs the namespace, not what is plugged into it: both are made at once.
      const [pid, withPorts] = await allSettled([
        createThroughMonitor(host, paths, this.runtime.program, leased),
        this.#connectAll(leased, ownNetns ? container.netns : undefined),
      ]);
      const pidStart = await processStart(host, pid);
      if (pidStart === undefined) throw new Error('the container ended before it was started');
      tell(this.#creationWaiters, withPorts);
      store.updateState(id, {
        status: 'running',
        pid,
        pidStart,
        exitCode: 0,
        error: '',
        oomKilled: false,
        stoppedByUser: false,
        startedAt: timestamp(),
        finishedAt: record.state.startedAt === NEVER ? NEVER : record.state.finishedAt,
      });
      // An engine that dies here leaves a container that its record does not know to run: the next one takes it down.
      await allSettled([store.save(id), this.runtime.start(id)]);
    } catch (error) {
      store.update(id, (current) => ({ ...current, endpoints: leased.endpoints }));
      throw error;
    }
  }

  /** Plugs a container into its networks, opens its ports and makes its names known. */
  async #connectAll(leased: ContainerRecord, netns: string | undefined): Promise<ContainerRecord> {
    const { networks, store } = this.#parts;
    const [ports] = await allSettled([
      openPorts(networks, leased),
      netns === undefined ? undefined : networks.plug(netns, leasesOf(leased), true),
    ]);
    const withPorts = store.update(leased.id, (current) => ({ ...current, endpoints: leased.endpoints, ports }));
    await networks.join(memberOf(withPorts));
    return withPorts;
  }

  #leaseAll(record: ContainerRecord): ContainerRecord {
    const { networks } = this.#parts;
    const endpoints: Record<string, Endpoint> = {};
    let index = 0;
    try {
      for (const [name, endpoint] of Object.entries(record.endpoints)) {
        const network = networks.find(endpoint.networkId);
        const lease = networks.lease(network, endpoint.settings, index);
        if (lease) index += 1;
        endpoints[name] = { ...endpoint, ...(lease ? { lease } : {}) };
      }
    } catch (error) {
      for (const endpoint of Object.values(endpoints))
        if (endpoint.lease) networks.release(endpoint.networkId, endpoint.lease);
      throw error;
    }
    return { ...record, endpoints };
  }

  async #mountRootfs(record: ContainerRecord, container: ContainerPaths): Promise<void> {
    const { host, images } = this.#parts;
    const lowerNames = [...new Set([...record.layers].reverse())].map((diffId) => hexOf(diffId).slice(0, 16));
    await mountRootfs(host, { container, lowerNames, lowerDirectory: images.lowerDirectory });
  }

  /** The first process has ended: takes down what stood around it, then decides what comes next. */
  async #ended(id: string, code: number): Promise<void> {
    const { host, store, events, paths } = this.#parts;
    const record = store.get(id);
    if (!record || !isLive(record.state.status)) {
      await host.files.rm(join(paths.exits, id), { force: true });
      return;
    }
    const oomKilled = (await readIfExists(host.files, join(paths.container(id).bundle, 'oom'))) !== undefined;
    await this.#abandon(record);
    const after = store.updateState(id, {
      status: 'exited',
      pid: 0,
      pidStart: '',
      exitCode: code,
      oomKilled,
      finishedAt: timestamp(),
    });
    await store.save(id);
    await host.files.rm(join(paths.exits, id), { force: true });
    if (oomKilled) events.emit('container', 'oom', id, eventAttributes(after));
    events.emit('container', 'die', id, { ...eventAttributes(after), exitCode: String(code) });
    for (const listener of this.#listeners) listener.ended?.(after);
    this.#settle(store.get(id) ?? after);
  }

  /** Tells those who wait for the end; a container that is to vanish then does, unless its restart policy has taken over. */
  #settle(record: ContainerRecord): void {
    tell(this.#exitWaiters, record);
    if (record.hostConfig.AutoRemove && record.state.status !== 'restarting')
      void this.#serial.run(record.id, () => this.#remove(record.id, true)).catch(() => undefined);
  }

  /** Takes down everything that stands around a container's processes. Every step is tried; repeating it is no failure. */
  async #abandon(record: ContainerRecord): Promise<void> {
    const { host, networks, paths, store } = this.#parts;
    const container = paths.container(record.id);
    const current = store.get(record.id) ?? record;
    const steps: (() => Promise<unknown>)[] = [
      () => networks.leave(record.id),
      () => this.runtime.delete(record.id, cgroupOf(record)),
      () => networks.unplug(leasesOf(current).map(({ lease }) => lease)),
      () => host.kernel.unmount(container.netns),
      () => unmountRootfs(host, container),
      () => releaseVolumes(this.#parts.volumes, record),
    ];
    await Promise.all(
      steps.map((step) => step().catch((error: unknown) => debug('lifecycle', () => messageOf(error)))),
    );
    for (const port of current.ports) networks.ports.release(port.protocol, port.hostIp, port.hostPort);
    for (const { endpoint, lease } of leasesOf(current)) networks.release(endpoint.networkId, lease);
    // A probe may be putting its files there just now: what was added while removing is removed in another go.
    await host.files
      .rm(container.bundle, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 })
      .catch((error: unknown) => debug('lifecycle', () => messageOf(error)));
    if (store.get(record.id))
      store.update(record.id, (r) => ({ ...r, endpoints: withoutLeases(r.endpoints), ports: [] }));
  }
}

/** Exit codes as Docker's: 127 the program is not there, 126 it cannot be run, 128 anything else. */
function startFailure(error: unknown): {
  readonly exitCode: number;
  readonly message: string;
  readonly error: unknown;
} {
  const message = messageOf(error);
  const missing = /executable file not found|no such file or directory|not a directory/i.test(message);
  const exitCode = missing ? 127 : /permission denied|is a directory|exec format error/i.test(message) ? 126 : 128;
  return { exitCode, message, error };
}
