// The bundle of a container that is about to be created: everything that is found out on the host for its configuration
// (users, devices, namespaces), and its small files.
import { join } from 'node:path';
import { type NativeHost, readIfExists } from '../host.ts';
import type { SmallFile } from '../kernel.ts';
import type { Machine } from '../machine.ts';
import { DEFAULT_NETWORK } from '../networks/record.ts';
import type { NetworkService } from '../networks/service.ts';
import type { ContainerPaths, Paths } from '../paths.ts';
import { ApiError, conflict } from '../server/api-error.ts';
import { rootIds } from '../user-namespaces/id-mapping.ts';
import { profileFor } from './apparmor.ts';
import { cgroupNamespace } from './cgroup-namespace.ts';
import { deviceFacts } from './device-facts.ts';
import { addressesOf, cgroupOf, leasesOf, publishingLease } from './endpoints.ts';
import { hostsFile, resolvConf } from './etc-files.ts';
import { linkedHosts, linksOf, linkVariables } from './links.ts';
import { lxcfsFiles } from './lxcfs.ts';
import { type BundleFacts, type NamespaceSource, ociConfig } from './oci-config.ts';
import type { OciConfig } from './oci-types.ts';
import { checkProcTargets } from './proc-mounts.ts';
import type { Runtime } from './runtime.ts';
import { sharedMemoryOf } from './shared-memory.ts';
import type { ContainerStore } from './store.ts';
import { type ContainerRecord, isLive } from './types.ts';
import { userFacts } from './user-facts.ts';
import { mountSources } from './volume-mounts.ts';

export interface BundleParts {
  readonly host: NativeHost;
  readonly paths: Paths;
  readonly machine: Machine;
  readonly networks: NetworkService;
  readonly store: ContainerStore;
  readonly runtime: Runtime;
}

/** Files that lead to namespaces which are there already; without them they are the host's, or shared. */
export interface MadeNamespaces {
  readonly network?: string | undefined;
  readonly users?: string | undefined;
}

/** Writes the OCI bundle's config.json, which it returns, and the small files of a container whose root file system is mounted. */
export async function writeBundle(
  parts: BundleParts,
  record: ContainerRecord,
  container: ContainerPaths,
  made: MadeNamespaces,
): Promise<OciConfig> {
  const { host, machine, networks } = parts;
  const { hostConfig, config } = record;
  const hostResolv = (await readIfExists(host.files, '/etc/resolv.conf')) ?? '';
  const mode = hostConfig.NetworkMode ?? 'default';
  const embedded = networks.hasResolver(Object.values(record.endpoints).map((endpoint) => endpoint.networkId));
  const shared = mode.startsWith('container:') ? parts.store.find(mode.slice('container:'.length)) : undefined;
  const files = shared ? parts.paths.container(shared.id) : container;
  const inside = (path: string, text: string): SmallFile => ({ path, mode: 0o644, text });
  const hosts =
    mode === 'host' ? ((await readIfExists(host.files, '/etc/hosts')) ?? '') : hostsFile(hostsFacts(parts, record));
  const resolv = mode === 'host' && !hostConfig.Dns?.length ? hostResolv : resolvConf(hostResolv, hostConfig, embedded);
  const own = shared ? [] : [inside(container.hosts, hosts), inside(container.resolvConf, resolv)];
  const [user, devices, namespaces, apparmor] = await Promise.all([
    userFacts(host, container.rootfs, config.User ?? '', hostConfig.GroupAdd ?? []),
    deviceFacts(host, hostConfig),
    namespaceSources(parts, record, made),
    profileFor(host, machine.apparmor, hostConfig),
  ]);
  const sharedShm = sharedMemoryOf(parts, record);
  await checkProcTargets(host, container.rootfs, record.mounts);
  const mounts = await mountSources(host, parts.paths.lib, record.mounts);
  const plain = ociConfig({
    record: { ...record, mounts },
    rootfs: container.rootfs,
    user,
    linkVariables: linkVariables(record, linksOf(record, parts.store.all())),
    availableCapabilities: machine.capabilities,
    architecture: machine.architecture,
    cgroupPath: cgroupOf(record),
    cgroupMode: machine.cgroupMode,
    recursiveReadOnly: machine.recursiveReadOnly,
    cgroupNamespace: cgroupNamespace(hostConfig, machine.cgroupMode) === 'private',
    namespaces,
    apparmor,
    lxcfs: hostConfig.Privileged ? [] : await lxcfsFiles(host),
    devices: devices.devices,
    deviceRules: devices.rules,
    deviceNumbers: devices.numbers,
    files: { '/etc/resolv.conf': files.resolvConf, '/etc/hostname': container.hostname, '/etc/hosts': files.hosts },
    ...(sharedShm === undefined ? {} : { sharedShm }),
    ...(hostConfig.Init === true ? { init: initProgram(parts) } : {}),
  });
  const filter = parts.runtime.filters.annotation(plain.linux.seccomp);
  const spec = { ...plain, annotations: { ...plain.annotations, ...filter } };
  await host.kernel.writeFiles([
    ...own,
    inside(container.hostname, `${config.Hostname ?? ''}\n`),
    { path: join(container.bundle, 'config.json'), mode: 0o600, text: JSON.stringify(spec) },
  ]);
  if (record.ids !== undefined) {
    const { uid, gid } = rootIds(record.ids);
    // Whoever shares a network has the files of its owner, who is of the same ids.
    await Promise.all(
      [...own.map(({ path }) => path), container.hostname].map((path) => host.files.chown(path, uid, gid)),
    );
  }
  return spec;
}

function initProgram(parts: BundleParts): string {
  const { init } = parts.machine;
  if (init === undefined)
    throw new ApiError(500, 'no init program is installed for "--init": apt-get install tini (or catatonit)');
  return init;
}

function hostsFacts(parts: BundleParts, record: ContainerRecord): Parameters<typeof hostsFile>[0] {
  const leases = leasesOf(record).map(({ lease }) => lease);
  return {
    hostname: record.config.Hostname ?? '',
    domainname: record.config.Domainname ?? '',
    addresses: addressesOf(leases),
    extraHosts: record.hostConfig.ExtraHosts ?? [],
    // Where no bridge of the container's leads to the host, the default network's address stands for it, as in Docker.
    gateway: publishingLease(record)?.gateway ?? parts.networks.find(DEFAULT_NETWORK).ipam[0]?.Gateway,
    links: linkedHosts(linksOf(record, parts.store.all())),
  };
}

async function namespaceSources(
  parts: BundleParts,
  record: ContainerRecord,
  made: MadeNamespaces,
): Promise<BundleFacts['namespaces']> {
  const {
    NetworkMode: network = 'default',
    PidMode: pid = '',
    IpcMode: ipc = '',
    UTSMode: uts = '',
  } = record.hostConfig;
  const from = async (mode: string, kind: string): Promise<NamespaceSource> => {
    if (mode === 'host') return 'host';
    const shared = await sharedPid(parts, mode);
    return shared === undefined ? 'new' : { path: `/proc/${shared}/ns/${kind}` };
  };
  const ownNetwork = network !== 'host' && !network.startsWith('container:');
  return {
    user: made.users === undefined ? 'host' : { path: made.users },
    network: ownNetwork ? { path: made.network ?? '' } : await from(network, 'net'),
    pid: await from(pid, 'pid'),
    ipc: await from(ipc, 'ipc'),
    uts: await from(uts, 'uts'),
  };
}

/** The pid of the container in `container:<id>`; undefined for other modes. */
async function sharedPid(parts: BundleParts, mode: string | undefined): Promise<number | undefined> {
  if (!mode?.startsWith('container:')) return undefined;
  const other = parts.store.find(mode.slice('container:'.length));
  if (!isLive(other.state.status)) throw conflict(`cannot join a namespace of a non running container: ${other.id}`);
  return other.state.pid;
}
