// A command of RUN in a container of its own: overlayfs over the stage's layers, the default network with names, the runtime in
// the foreground. Nothing but its writable layer is left of it.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { messageOf, WindlassError } from '../../../../errors.ts';
import { debug } from '../../../../log.ts';
import { writeBundle } from '../../containers/bundle.ts';
import { cgroupOf, memberOf } from '../../containers/endpoints.ts';
import type { Runtime } from '../../containers/runtime.ts';
import { loggedFailure } from '../../containers/runtime-message.ts';
import type { ContainerStore } from '../../containers/store.ts';
import {
  type ContainerRecord,
  type Endpoint,
  type HostConfig,
  type MountPoint,
  NOT_STARTED,
} from '../../containers/types.ts';
import { sharedUserNamespace } from '../../containers/user-namespace.ts';
import type { NativeHost } from '../../host.ts';
import { readIfExists } from '../../host.ts';
import type { RunConfig } from '../../images/image-config.ts';
import type { Machine } from '../../machine.ts';
import { newId, timestamp } from '../../names.ts';
import { DEFAULT_NETWORK } from '../../networks/record.ts';
import type { NetworkService } from '../../networks/service.ts';
import { type ContainerPaths, containerPaths, type Paths } from '../../paths.ts';
import { allSettled } from '../../serial.ts';
import { badRequest } from '../../server/api-error.ts';
import { type IdMapping, rootIds } from '../../user-namespaces/id-mapping.ts';
import type { MappedLayers } from '../../user-namespaces/mapped-layers.ts';
import type { BuildOutput } from '../output.ts';
import { ALWAYS, type Stub, writeStubs } from './stubs.ts';

export interface RunParts {
  readonly host: NativeHost;
  readonly paths: Paths;
  readonly machine: Machine;
  /** The ids of what runs on the host; undefined where they are the host's own. */
  readonly remap: IdMapping | undefined;
  readonly mappedLayers: MappedLayers;
  readonly networks: NetworkService;
  readonly store: ContainerStore;
  readonly runtime: Runtime;
}

export interface RunRequest {
  readonly id: string;
  readonly words: readonly string[];
  readonly config: RunConfig;
  /** Whole environment: the image's, build arguments, and what secrets and agents add. */
  readonly environment: readonly string[];
  readonly network: string;
  readonly hostConfig: HostConfig;
  readonly mounts: readonly MountPoint[];
  readonly stubs: readonly Stub[];
  /** The stage so far, at rest, and its layers' names for overlayfs, topmost first. */
  readonly below: string;
  readonly lowerNames: readonly string[];
  readonly lowerDirectory: string;
  /** A folder for this command alone, on the file system of the image store. */
  readonly folder: string;
}

/** Where what runs of a build is kept; what is found there when the engine starts is left over. */
export const buildsFolder = (paths: Paths): string => join(paths.run, 'builds');

/** Places of a command's container: of what is not its writable layer, nothing need be on a disk. */
export function runPaths(paths: Paths, id: string, folder: string): ContainerPaths {
  const bundle = join(buildsFolder(paths), id);
  return containerPaths({ home: folder, bundle, etc: bundle });
}

export const newRunId = (): string => newId();

/** Runs to the end and returns the exit code. What it wrote is in `upper` of its paths. */
export async function runContainer(
  parts: RunParts,
  request: RunRequest,
  output: BuildOutput,
  signal: AbortSignal,
): Promise<number> {
  const { host, networks, mappedLayers, remap } = parts;
  if (remap && request.network === 'host')
    throw badRequest("cannot share the host's network namespace when user namespaces are enabled");
  const seen = (path: string): Promise<string> => mappedLayers.seen(path, remap);
  const places = runPaths(parts.paths, request.id, request.folder);
  const stubs = join(request.folder, 'stubs');
  const facts = await host.files.stat(request.below);
  for (const path of [stubs, places.upper]) {
    await host.files.mkdir(path, { mode: 0o755 });
    // The topmost folder is what "/" looks like inside.
    await host.files.chmod(path, facts.mode & 0o7777);
  }
  if (remap) {
    const { uid, gid } = rootIds(remap);
    await host.files.chown(places.upper, uid, gid);
  }
  await host.files.mkdir(places.work, { mode: 0o700 });
  await host.files.mkdir(places.rootfs, { recursive: true, mode: 0o711 });
  const unplugged = pseudoRecord(request, remap);
  const sharedUsers = await sharedUserNamespace(parts, unplugged);
  const record = leased(parts, unplugged);
  const ownNetwork = request.network !== 'host' && !request.network.startsWith('container:');
  const leases = Object.values(record.endpoints).flatMap((endpoint) =>
    endpoint.lease ? [{ endpoint, lease: endpoint.lease }] : [],
  );
  const holding = ownNetwork ? host.kernel.holdNetworkNamespace(sharedUsers ?? remap) : undefined;
  holding?.catch(() => undefined); // told below
  try {
    await writeStubs(host, request.below, stubs, [...ALWAYS, ...request.stubs]);
    const lower = [await seen(stubs), ...request.lowerNames];
    const [network] = await allSettled([
      holding,
      host.kernel.mount({
        source: 'overlay',
        target: places.rootfs,
        type: 'overlay',
        // Renamed folders must be whole copies: a layer that points into another one means nothing elsewhere.
        data: `lowerdir=${lower.join(':')},upperdir=${places.upper},workdir=${places.work},redirect_dir=off,metacopy=off,index=off`,
        directory: await seen(request.lowerDirectory),
      }),
    ]);
    await writeBundle(parts, record, places, { network: network?.path, users: sharedUsers ?? network?.users });
    if (network && leases.length > 0) {
      await networks.plug(network.path, leases);
      await networks.join(memberOf(record));
    }
    signal.throwIfAborted();
    return await execute(parts, record, places, output, signal);
  } finally {
    await allTried([
      () => networks.leave(record.id),
      () => networks.unplug(leases.map(({ lease }) => lease)),
      () => host.kernel.unmount(places.rootfs),
      async () => (await holding)?.release(),
    ]);
    for (const { endpoint, lease } of leases) networks.release(endpoint.networkId, lease);
  }
}

/** Removes the folder of a command's container and what is mounted on it. */
export async function removeBundle(host: NativeHost, bundle: string): Promise<void> {
  await allTried([
    () => host.kernel.unmount(bundle),
    () => host.files.rm(bundle, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 }),
  ]);
}

async function execute(
  parts: RunParts,
  record: ContainerRecord,
  places: ContainerPaths,
  output: BuildOutput,
  signal: AbortSignal,
): Promise<number> {
  const { host, runtime } = parts;
  const log = join(places.bundle, 'runtime.log');
  const maker = runtime.maker(record);
  const args = [...maker.args, '--log', log, '--log-format', 'json', 'run', '--bundle', places.bundle, record.id];
  const child = host.start(maker.program, args, { stdio: ['ignore', 'pipe', 'pipe'], cwd: '/' });
  const ended = once(child, 'close') as Promise<[number | null]>;
  const cancel = (): void => {
    void runtime.kill(record.id).catch(() => child.kill('SIGKILL'));
  };
  signal.addEventListener('abort', cancel, { once: true });
  try {
    const copy = async (stream: NodeJS.ReadableStream | null): Promise<void> => {
      const decoder = new StringDecoder('utf8');
      for await (const chunk of stream ?? []) {
        const text = decoder.write(chunk as Buffer);
        if (text !== '') output.text(text);
        await output.ready();
      }
    };
    const [[code]] = await Promise.all([ended, copy(child.stdout), copy(child.stderr)]);
    signal.throwIfAborted();
    const failure = loggedFailure((await readIfExists(host.files, log)) ?? '');
    if (code !== 0 && failure !== undefined) throw new WindlassError('BUILD_RUN', failure);
    return code ?? 137;
  } finally {
    signal.removeEventListener('abort', cancel);
    // Does nothing after a proper end; after anything else, what is left in the cgroup is killed.
    await runtime
      .delete(record.id, cgroupOf(record))
      .catch((error: unknown) => debug('builder', () => messageOf(error)));
  }
}

function leased(parts: RunParts, record: ContainerRecord): ContainerRecord {
  const mode = record.hostConfig.NetworkMode ?? 'default';
  if (mode === 'none' || mode === 'host' || mode.startsWith('container:')) return record;
  const network = parts.networks.find(mode === 'default' ? DEFAULT_NETWORK : mode);
  const lease = parts.networks.lease(network, {}, 0);
  const endpoint: Endpoint = {
    networkId: network.id,
    networkName: network.name,
    settings: {},
    ...(lease ? { lease } : {}),
  };
  return { ...record, endpoints: { [network.name]: endpoint } };
}

/** The command as the container that it runs in; it is in no list. */
function pseudoRecord(request: RunRequest, ids: IdMapping | undefined): ContainerRecord {
  const { config } = request;
  return {
    id: request.id,
    name: `build-${randomBytes(6).toString('hex')}`,
    created: timestamp(),
    imageId: '',
    layers: [],
    config: {
      Hostname: request.id.slice(0, 12),
      Entrypoint: null,
      Cmd: [...request.words],
      Env: [...request.environment],
      User: config.User ?? '',
      WorkingDir: config.WorkingDir ?? '',
      Tty: false,
    },
    hostConfig: { ...request.hostConfig, NetworkMode: request.network },
    ...(ids && { ids }),
    mounts: request.mounts,
    endpoints: {},
    ports: [],
    state: NOT_STARTED,
  };
}

async function allTried(steps: readonly (() => Promise<unknown>)[]): Promise<void> {
  for (const step of steps) await step().catch((error: unknown) => debug('builder', () => messageOf(error)));
}
