// The OCI configuration of a container: what the runtime is told. Pure: everything found out on the host comes in as facts.
import { highestId, type IdRange } from '../user-namespaces/id-mapping.ts';
import { chooseCapabilities } from './capabilities.ts';
import { INIT_PATH, type MountFacts, ociMounts } from './oci-mounts.ts';
import { MASKED_PATHS, READONLY_PATHS } from './oci-paths.ts';
import { type DeviceNumbers, ociResources } from './oci-resources.ts';
import type { OciConfig, OciDevice, OciDeviceRule, OciIdMapping, OciNamespace, OciProcess } from './oci-types.ts';
import { seccompOf, securityOptions } from './security-options.ts';
import type { ContainerRecord } from './types.ts';
import type { ProcessUser } from './users.ts';

/** Where a namespace comes from: a new one, the host's, or one held by a path. */
export type NamespaceSource = 'new' | 'host' | { readonly path: string };

/** In the order in which they are joined: what is behind belongs to the user namespace. */
const SOURCES = ['user', 'network', 'pid', 'ipc', 'uts'] as const;

export interface BundleFacts extends Omit<MountFacts, 'hostConfig' | 'mounts' | 'ownIds'> {
  readonly record: ContainerRecord;
  readonly rootfs: string;
  readonly user: ProcessUser;
  /** What tells of linked containers: `DB_PORT=…`. */
  readonly linkVariables: readonly string[];
  /** Capabilities this machine can give. */
  readonly availableCapabilities: readonly string[];
  /** Node's name of the architecture: `x64`. */
  readonly architecture: string;
  readonly cgroupPath: string;
  readonly cgroupNamespace: boolean;
  /** The AppArmor profile it runs under; undefined for none. */
  readonly apparmor: string | undefined;
  readonly namespaces: Readonly<Record<(typeof SOURCES)[number], NamespaceSource>>;
  readonly devices: readonly OciDevice[];
  readonly deviceRules: readonly OciDeviceRule[];
  readonly deviceNumbers: DeviceNumbers;
}

const DEFAULT_PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export function ociConfig(facts: BundleFacts): OciConfig {
  const { record } = facts;
  const { hostConfig } = record;
  const privileged = hostConfig.Privileged === true;
  const { granted } = chooseCapabilities({
    add: hostConfig.CapAdd ?? [],
    drop: hostConfig.CapDrop ?? [],
    privileged,
    available: facts.availableCapabilities,
  });
  const security = securityOptions(hostConfig.SecurityOpt ?? []);
  const seccomp = privileged ? undefined : seccompOf(security.seccomp, granted, facts.architecture);
  return {
    ociVersion: '1.0.2',
    process: ociProcess(facts, granted),
    root: { path: facts.rootfs, readonly: hostConfig.ReadonlyRootfs === true },
    hostname: facts.namespaces.uts === 'new' ? (record.config.Hostname ?? '') : '',
    mounts: ociMounts({ ...facts, ownIds: record.ids !== undefined, hostConfig, mounts: record.mounts }),
    annotations: hostConfig.Annotations ?? {},
    linux: {
      namespaces: ociNamespaces(facts),
      ...(record.ids && { uidMappings: ociMappings(record.ids.users), gidMappings: ociMappings(record.ids.groups) }),
      resources: ociResources(hostConfig, facts.deviceRules, facts.deviceNumbers),
      cgroupsPath: facts.cgroupPath,
      devices: facts.devices,
      ...(seccomp ? { seccomp } : {}),
      maskedPaths: privileged ? [] : (hostConfig.MaskedPaths ?? MASKED_PATHS),
      readonlyPaths: privileged ? [] : (hostConfig.ReadonlyPaths ?? READONLY_PATHS),
      sysctl: sysctls(facts),
      ...propagation(record),
    },
  };
}

/** A container's main process, or with `args` another one beside it. */
export function ociProcess(facts: BundleFacts, capabilities: readonly string[]): OciProcess {
  const { record, user } = facts;
  const { config, hostConfig } = record;
  const command = [...(config.Entrypoint ?? []), ...(config.Cmd ?? [])];
  const oom = hostConfig.OomScoreAdj;
  const security = securityOptions(hostConfig.SecurityOpt ?? []);
  const held = user.uid === 0 ? capabilities : [];
  return {
    terminal: config.Tty === true,
    user: { uid: user.uid, gid: user.gid, additionalGids: user.additionalGids },
    args: facts.init === undefined ? command : [INIT_PATH, '--', ...command],
    env: processEnvironment([...facts.linkVariables, ...(config.Env ?? [])], {
      hostname: config.Hostname ?? '',
      home: user.home,
      terminal: config.Tty === true,
    }),
    cwd: config.WorkingDir || '/',
    capabilities: { bounding: capabilities, effective: held, permitted: held },
    rlimits: (hostConfig.Ulimits ?? []).map((limit) => ({
      type: `RLIMIT_${(limit.Name ?? '').toUpperCase()}`,
      soft: limit.Soft ?? 0,
      hard: limit.Hard ?? limit.Soft ?? 0,
    })),
    noNewPrivileges: security.noNewPrivileges,
    ...(oom ? { oomScoreAdj: oom } : {}),
    ...(facts.apparmor === undefined ? {} : { apparmorProfile: facts.apparmor }),
  };
}

/** The engine's variables first, so that the image's and the user's come over them; later ones win. */
export function processEnvironment(
  own: readonly string[],
  facts: { readonly hostname: string; readonly home: string; readonly terminal: boolean },
): string[] {
  const base = [DEFAULT_PATH, `HOSTNAME=${facts.hostname}`, ...(facts.terminal ? ['TERM=xterm'] : [])];
  const variables = new Map<string, string>();
  for (const entry of [...base, ...own]) {
    const equals = entry.indexOf('=');
    if (equals > 0) variables.set(entry.slice(0, equals), entry.slice(equals + 1));
  }
  if (!variables.has('HOME')) variables.set('HOME', facts.home);
  return [...variables].map(([name, value]) => `${name}=${value}`);
}

function ociNamespaces(facts: BundleFacts): OciNamespace[] {
  const shared = SOURCES.flatMap((type): OciNamespace[] => {
    const source = facts.namespaces[type];
    if (source === 'host') return [];
    return [source === 'new' ? { type } : { type, path: source.path }];
  });
  const cgroup: OciNamespace[] = facts.cgroupNamespace ? [{ type: 'cgroup' }] : [];
  return [{ type: 'mount' }, ...shared, ...cgroup];
}

const ociMappings = (ranges: readonly IdRange[]): OciIdMapping[] =>
  ranges.map(({ inside, host, size }) => ({ containerID: inside, hostID: host, size }));

function sysctls(facts: BundleFacts): Record<string, string> {
  const { ids } = facts.record;
  const network = facts.namespaces.network === 'new' || typeof facts.namespaces.network === 'object';
  const own: Record<string, string> = network
    ? {
        'net.ipv4.ip_unprivileged_port_start': '0',
        // Every group there is: the kernel refuses those that a user namespace does not have.
        'net.ipv4.ping_group_range': `0 ${ids === undefined ? 2147483647 : highestId(ids.groups)}`,
        // Answers come back from 127.0.0.11 through eth0, which the kernel takes for forged without this. Wanted by those
        // too that join a network with a resolver while they run.
        'net.ipv4.conf.all.route_localnet': '1',
      }
    : {};
  const { Domainname: domain = '' } = facts.record.config;
  const named: Record<string, string> =
    domain !== '' && facts.namespaces.uts === 'new' && ids === undefined ? { 'kernel.domainname': domain } : {};
  return { ...own, ...named, ...(facts.record.hostConfig.Sysctls ?? {}) };
}

/** A shared or slave mount inside needs the root to propagate at least as far. */
function propagation(record: ContainerRecord): { rootfsPropagation?: string } {
  const kinds = record.mounts.map((point) => point.Propagation);
  if (kinds.some((kind) => kind === 'rshared' || kind === 'shared')) return { rootfsPropagation: 'shared' };
  if (kinds.some((kind) => kind === 'rslave' || kind === 'slave')) return { rootfsPropagation: 'slave' };
  return {};
}
