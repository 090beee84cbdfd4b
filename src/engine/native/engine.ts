// The native engine: its parts put together over one root, opened (which takes over what runs) and closed (which leaves it
// running).
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { ExecSessions } from './containers/exec.ts';
import { HealthChecks } from './containers/health.ts';
import { Lifecycle } from './containers/lifecycle.ts';
import { RestartPolicies } from './containers/restart.ts';
import { ContainerStore } from './containers/store.ts';
import { EventBus } from './events.ts';
import { type NativeHost, readIfExists, realNativeHost } from './host.ts';
import { ImageStore } from './images/store.ts';
import { holdRoot, type RootLock } from './lock.ts';
import { type Machine, probeMachine } from './machine.ts';
import { NetworkService } from './networks/service.ts';
import { type Paths, pathsUnder } from './paths.ts';
import { VolumeStore } from './volumes/store.ts';

export interface EngineFolders {
  /** Kept over reboots. */
  readonly lib: string;
  /** Gone with a reboot. */
  readonly run: string;
}

export const DEFAULT_FOLDERS: EngineFolders = { lib: '/var/lib/windlass', run: '/run/windlass' };

export interface NativeEngine {
  readonly id: string;
  readonly host: NativeHost;
  readonly paths: Paths;
  readonly machine: Machine;
  readonly images: ImageStore;
  readonly networks: NetworkService;
  readonly volumes: VolumeStore;
  readonly store: ContainerStore;
  readonly lifecycle: Lifecycle;
  readonly execs: ExecSessions;
  readonly events: EventBus;
  readonly startedAt: number;
  /** Ends the engine's own work. Containers go on; with none left, what the networks put on the host is taken away. */
  close(): Promise<void>;
}

export async function openEngine(folders: EngineFolders, host: NativeHost = realNativeHost()): Promise<NativeEngine> {
  const paths = pathsUnder(folders.lib, folders.run);
  const machine = await probeMachine(host);
  await host.files.mkdir(paths.lib, { recursive: true, mode: 0o711 });
  await host.files.mkdir(paths.run, { recursive: true, mode: 0o711 });
  const lock: RootLock = await holdRoot(paths.run);
  try {
    const events = new EventBus();
    const images = new ImageStore(host, paths);
    const networks = new NetworkService(host, paths, tableName(folders));
    const volumes = new VolumeStore(host, paths);
    const store = new ContainerStore(host, paths);
    await Promise.all([images.open(), networks.open(), volumes.open(), store.open()]);
    const lifecycle = new Lifecycle({ host, paths, machine, images, networks, volumes, store, events });
    const execs = new ExecSessions({
      host,
      paths,
      runtime: lifecycle.runtime,
      availableCapabilities: machine.capabilities,
    });
    lifecycle.listen({ removed: (record) => execs.forget(record.id) });
    const restarts = new RestartPolicies(store, lifecycle);
    const health = new HealthChecks({ store, lifecycle, execs, events });
    await lifecycle.open();
    restarts.resume();
    health.resume();
    return {
      id: await engineId(host, paths),
      host,
      paths,
      machine,
      images,
      networks,
      volumes,
      store,
      lifecycle,
      execs,
      events,
      startedAt: Date.now(),
      async close() {
        restarts.close();
        health.close();
        lifecycle.close();
        await networks.clear();
        networks.close();
        // The folder above the containers' cgroups; it stays where another engine's containers are in it.
        const above = machine.cgroupRoots.map((root) =>
          host.files.rmdir(join(root, 'windlass')).catch(() => undefined),
        );
        await Promise.all(above);
        host.kernel.close();
        await lock.release();
      },
    };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** One table per root: `windlass` for the default one, with a few digits for others. */
function tableName(folders: EngineFolders): string {
  if (folders.lib === DEFAULT_FOLDERS.lib) return 'windlass';
  return `windlass_${createHash('sha256').update(folders.lib).digest('hex').slice(0, 8)}`;
}

async function engineId(host: NativeHost, paths: Paths): Promise<string> {
  const path = join(paths.lib, 'engine.json');
  const known = await readIfExists(host.files, path);
  if (known !== undefined) return (JSON.parse(known) as { id: string }).id;
  const id = crypto.randomUUID();
  await host.writeAtomic(path, JSON.stringify({ id }));
  return id;
}
