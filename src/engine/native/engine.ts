// The native engine: its parts put together over one root, opened (which takes over what runs) and closed (which leaves it
// running).
import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { makeFolder } from '../../make-folder.ts';
import { Registries } from '../../registry/registries.ts';
import { DEFAULT_PLACE, type EnginePlace } from '../native-place.ts';
import { isFirstSinceBoot, leaveImagesOnly } from './boot.ts';
import { Builder } from './builder/builder.ts';
import { ExecSessions } from './containers/exec.ts';
import { HealthChecks } from './containers/health.ts';
import { Lifecycle } from './containers/lifecycle.ts';
import { LogRotation } from './containers/log-rotation.ts';
import { OomWatch } from './containers/oom-watch.ts';
import { RestartPolicies } from './containers/restart.ts';
import { stopAll } from './containers/stop-all.ts';
import { ContainerStore } from './containers/store.ts';
import { TerminalSizes } from './containers/terminal-sizes.ts';
import { useEvents } from './containers/use-events.ts';
import { EventBus } from './events.ts';
import { type NativeHost, readIfExists, realNativeHost } from './host.ts';
import { ImageStore } from './images/store.ts';
import type { Kept } from './keeper/inherited.ts';
import { holdRoot, type RootLock } from './lock.ts';
import { type Machine, probeMachine } from './machine.ts';
import { PREDEFINED } from './networks/record.ts';
import { NetworkService } from './networks/service.ts';
import { enterOwnCgroup, leaveOwnCgroup } from './own-cgroup.ts';
import { type Paths, pathsUnder } from './paths.ts';
import { readSettings } from './settings.ts';
import { type IdMapping, rootIds } from './user-namespaces/id-mapping.ts';
import { MappedLayers } from './user-namespaces/mapped-layers.ts';
import { remapping } from './user-namespaces/remap.ts';
import { openWay } from './user-namespaces/way-in.ts';
import { VolumeStore } from './volumes/store.ts';

export type EngineFolders = Pick<EnginePlace, 'lib' | 'run'>;

export interface EngineOptions {
  readonly host?: NativeHost;
  /** What a keeper holds for the engine: the lock of its root too. */
  readonly kept?: Kept | undefined;
  /** Whose subordinate ids containers have; empty where the configuration is to say it. */
  readonly usernsRemap?: string;
}

export interface NativeEngine {
  readonly id: string;
  readonly host: NativeHost;
  readonly paths: Paths;
  readonly machine: Machine;
  /** The ids of new containers on the host; undefined where they are the host's own. */
  readonly remap: IdMapping | undefined;
  readonly images: ImageStore;
  readonly registries: Registries;
  readonly networks: NetworkService;
  readonly volumes: VolumeStore;
  readonly store: ContainerStore;
  readonly lifecycle: Lifecycle;
  readonly execs: ExecSessions;
  readonly terminals: TerminalSizes;
  readonly builder: Builder;
  readonly events: EventBus;
  readonly startedAt: number;
  /** Stops all containers, dependents first; those with a restart policy are started by the next engine. */
  stopContainers(seconds?: number): Promise<void>;
  /** Ends the engine's own work. Containers go on; with none left, what the networks put on the host is taken away. */
  close(): Promise<void>;
}

export async function openEngine(folders: EngineFolders, options: EngineOptions = {}): Promise<NativeEngine> {
  const { host = realNativeHost(), kept } = options;
  const paths = pathsUnder(folders.lib, folders.run);
  const machine = await probeMachine(host);
  await makeFolder(paths.lib, 0o711, host.files);
  await makeFolder(paths.run, 0o711, host.files);
  const lock: RootLock | undefined = kept ? undefined : await holdRoot(paths.run);
  try {
    const stores = await openStores({ host, paths, machine }, folders, options);
    const { lifecycle, execs, builder, restarts, ...rest } = await openLife(stores);
    const { store, networks } = stores;
    return {
      id: await engineId(host, folders),
      ...stores,
      ...{ lifecycle, execs, builder },
      terminals: rest.terminals,
      startedAt: Date.now(),
      async stopContainers(seconds) {
        restarts.hold();
        await stopAll({ lifecycle, store }, seconds);
      },
      async close() {
        await builder.close();
        for (const part of [restarts, rest.health, rest.logs, rest.memory, rest.terminals, lifecycle]) part.close();
        await networks.clear();
        networks.close();
        await stores.mappedLayers.close();
        await leaveOwnCgroup(host);
        // The folder above the containers' cgroups; it stays where another engine's containers are in it.
        const above = machine.cgroupRoots.map((root) =>
          host.files.rmdir(join(root, 'windlass')).catch(() => undefined),
        );
        await Promise.all(above);
        if (networks.all().every(({ name }) => PREDEFINED.includes(name))) await leaveImagesOnly(host, paths);
        host.kernel.close();
        await lock?.release();
      },
    };
  } catch (error) {
    await lock?.release();
    throw error;
  }
}

/** What the engine knows and keeps. */
interface Stores extends Pick<NativeEngine, 'host' | 'paths' | 'machine' | 'remap'> {
  readonly images: ImageStore;
  readonly mappedLayers: MappedLayers;
  readonly registries: Registries;
  readonly networks: NetworkService;
  readonly volumes: VolumeStore;
  readonly store: ContainerStore;
  readonly events: EventBus;
}

/** Reads what an earlier engine has left. */
async function openStores(
  ground: Pick<NativeEngine, 'host' | 'paths' | 'machine'>,
  folders: EngineFolders,
  options: EngineOptions,
): Promise<Stores> {
  const { host, paths } = ground;
  const settings = await readSettings(host);
  const usernsRemap = options.usernsRemap || settings.usernsRemap;
  const remap = usernsRemap === '' ? undefined : await remapping(host, usernsRemap);
  const images = new ImageStore(host, paths);
  const mappedLayers = new MappedLayers(host, paths);
  const networks = new NetworkService(host, paths, tableName(folders), options.kept?.resolver);
  const volumes = new VolumeStore(host, paths, rootIds(remap));
  const store = new ContainerStore(host, paths);
  await Promise.all([images.open(), networks.open(), volumes.open(), store.open(), mappedLayers.open()]);
  await enterOwnCgroup(host);
  // What this machine cannot do is told now, not by the first container.
  if (remap) await openWay(host, paths, remap);
  await mappedLayers.seen(paths.images, remap);
  const registries = new Registries(settings.registries);
  return { ...ground, remap, images, mappedLayers, registries, networks, volumes, store, events: new EventBus() };
}

/** What goes on over it: takes over what runs, and starts what is to come back. */
async function openLife(stores: Stores) {
  const { host, paths, machine, images, networks, store, events } = stores;
  const lifecycle = new Lifecycle(stores);
  const { runtime } = lifecycle;
  const execs = new ExecSessions({ host, paths, runtime, availableCapabilities: machine.capabilities, store });
  const builder = new Builder({ ...stores, runtime });
  lifecycle.listen({ removed: (record) => execs.forget(record.id) });
  lifecycle.listen(useEvents({ events, networks }));
  const afterBoot = await isFirstSinceBoot(host, paths);
  const restarts = new RestartPolicies({ store, lifecycle, events, afterBoot });
  const health = new HealthChecks({ store, lifecycle, execs, events });
  const logs = new LogRotation(host, paths, lifecycle);
  const memory = new OomWatch({ host, paths, store, events }, lifecycle);
  await lifecycle.open();
  await builder.open();
  await images.sweep();
  logs.resume(store);
  memory.resume();
  health.resume();
  restarts.resume();
  return { lifecycle, execs, builder, restarts, health, logs, memory, terminals: new TerminalSizes(host) };
}

/** One table per root: `windlass` for the default one, with a few digits for others. */
function tableName(folders: EngineFolders): string {
  if (folders.lib === DEFAULT_PLACE.lib) return 'windlass';
  return `windlass_${createHash('sha256').update(folders.lib).digest('hex').slice(0, 8)}`;
}

/** The same for every engine on this root of this machine. */
async function engineId({ files }: NativeHost, { lib }: EngineFolders): Promise<string> {
  const machine = (await readIfExists(files, '/etc/machine-id')) ?? hostname();
  const digest = createHash('sha256').update(`${machine.trim()}\n${lib}`).digest('hex');
  return digest.slice(0, 32).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
