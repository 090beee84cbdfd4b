// What this machine offers to the engine, found out once at start.
import { arch, cpus, totalmem } from 'node:os';
import { WindlassError } from '../../errors.ts';
import { capabilitiesOfMask } from './containers/capabilities.ts';
import type { LimitFeature } from './containers/limit-features.ts';
import { exists, type NativeHost, readIfExists } from './host.ts';
import { lacksError, machineLacks } from './lacks.ts';
import { findRuntimes, type OciRuntime } from './oci-runtime.ts';
import { findProgram } from './programs.ts';

export type CgroupMode = 'v1' | 'v2' | 'hybrid';

export interface Machine {
  /** The OCI runtimes that are installed; the first makes the containers that name none. */
  readonly runtimes: readonly [OciRuntime, ...OciRuntime[]];
  readonly cgroupMode: CgroupMode;
  /** Where the hierarchies are mounted, of both versions. */
  readonly cgroupRoots: readonly string[];
  /** Node's name: `x64`. */
  readonly architecture: string;
  /** The images' name: `amd64`. */
  readonly imageArchitecture: string;
  readonly capabilities: readonly string[];
  /** Limits that not every kernel has a way for. */
  readonly features: ReadonlySet<LimitFeature>;
  readonly apparmor: boolean;
  /** Host path of an init for `--init`; undefined where none is installed. */
  readonly init: string | undefined;
  readonly kernelVersion: string;
  /** Whether mounts below another can be made read-only with it: mount_setattr(2), Linux 5.12. */
  readonly recursiveReadOnly: boolean;
  readonly operatingSystem: string;
  readonly cpus: number;
  readonly memoryBytes: number;
}

/** Static programs that reap children; they run inside any image. */
const INITS = ['docker-init', 'tini-static', 'catatonit'];
const IMAGE_ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386', arm64: 'arm64', arm: 'arm' };

/** @throws WindlassError that names everything the machine lacks. */
export async function probeMachine(host: NativeHost): Promise<Machine> {
  const lacks = await machineLacks(host);
  if (lacks.length > 0) throw lacksError(lacks);
  const { cgroupMode, cgroupRoots } = await probeCgroups(host);
  const [runtime, ...others] = await findRuntimes(host);
  if (runtime === undefined) throw new WindlassError('ENGINE_MACHINE', 'the OCI runtime has just been removed');
  const inits = await Promise.all(INITS.map((name) => findProgram(host.files, name)));
  const status = await host.files.readFile('/proc/self/status', 'utf8');
  const architecture = arch();
  const kernelVersion = (await host.files.readFile('/proc/sys/kernel/osrelease', 'utf8')).trim();
  return {
    runtimes: [runtime, ...others],
    cgroupMode,
    cgroupRoots,
    architecture,
    imageArchitecture: IMAGE_ARCHITECTURES[architecture] ?? architecture,
    capabilities: capabilitiesOfMask(/^CapBnd:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? '0'),
    features: await probeFeatures(host, cgroupMode, cgroupRoots),
    apparmor: (await readIfExists(host.files, '/sys/module/apparmor/parameters/enabled'))?.trim() === 'Y',
    init: inits.find((path) => path !== undefined),
    kernelVersion,
    recursiveReadOnly: isAtLeast(kernelVersion, 5, 12),
    operatingSystem: prettyName((await readIfExists(host.files, '/etc/os-release')) ?? ''),
    cpus: cpus().length,
    memoryBytes: totalmem(),
  };
}

async function probeCgroups(host: NativeHost): Promise<Pick<Machine, 'cgroupMode' | 'cgroupRoots'>> {
  const mounts = (await host.files.readFile('/proc/self/mounts', 'utf8')).split('\n').map((line) => line.split(' '));
  const groups = mounts.filter(([, , type]) => type === 'cgroup' || type === 'cgroup2');
  const v2 = groups.some(([, , type]) => type === 'cgroup2');
  const v1 = groups.some(
    ([, , type, options]) => type === 'cgroup' && /\b(?:memory|cpu|pids|devices)\b/.test(options ?? ''),
  );
  if (!v1 && !v2) throw new WindlassError('ENGINE_MACHINE', 'no cgroups are mounted on this machine');
  return { cgroupMode: v1 && v2 ? 'hybrid' : v2 ? 'v2' : 'v1', cgroupRoots: groups.map(([, path = '']) => path) };
}

/** Files of cgroup v1 that stand for a limit. cgroup v2 weighs block I/O wherever it has that controller, and has no others. */
const FEATURE_FILES: readonly (readonly [LimitFeature, readonly string[]])[] = [
  ['blkio weight', ['blkio.weight', 'blkio.bfq.weight']],
  ['oom control', ['memory.oom_control']],
  ['swappiness', ['memory.swappiness']],
];

async function probeFeatures(
  host: NativeHost,
  mode: CgroupMode,
  roots: readonly string[],
): Promise<ReadonlySet<LimitFeature>> {
  if (mode === 'v2') {
    const controllers = (await readIfExists(host.files, `${roots[0]}/cgroup.controllers`)) ?? '';
    return new Set(/\bio\b/.test(controllers) ? ['blkio weight'] : []);
  }
  const found = await Promise.all(
    FEATURE_FILES.map(async ([feature, files]) => {
      const paths = roots.flatMap((root) => files.map((file) => `${root}/${file}`));
      return (await Promise.all(paths.map((path) => exists(host.files, path)))).some((exists) => exists)
        ? [feature]
        : [];
    }),
  );
  return new Set(found.flat());
}

function isAtLeast(version: string, major: number, minor: number): boolean {
  const [, first = 0, second = 0] = /^(\d+)\.(\d+)/.exec(version)?.map(Number) ?? [];
  return first > major || (first === major && second >= minor);
}

const prettyName = (osRelease: string): string => /^PRETTY_NAME="?([^"\n]+)/m.exec(osRelease)?.[1] ?? 'Linux';
