// What this machine lacks for the native engine: what, why it matters, and how to get it.
import { release } from 'node:os';
import { WindlassError } from '../../errors.ts';
import { capabilitiesOfMask } from './containers/capabilities.ts';
import { type Files, type NativeHost, readIfExists } from './host.ts';
import { findRuntimes, RUNTIME_VARIABLE, wantedRuntime } from './oci-runtime.ts';
import { findProgram } from './programs.ts';

export interface Lack {
  /** In a few words: `conmon is not installed`. */
  readonly what: string;
  readonly why: string;
  /** What to do, starting with a verb. */
  readonly remedy: string;
  /** Debian package that brings it. */
  readonly debian?: string;
}

interface Program {
  readonly name: string;
  readonly debian: string;
  readonly why: string;
}

const PROGRAMS: readonly Program[] = [
  { name: 'conmon', debian: 'conmon', why: 'it watches each container and keeps its log' },
  { name: 'ip', debian: 'iproute2', why: 'it makes bridges and plugs containers into them' },
  { name: 'nft', debian: 'nftables', why: 'it publishes ports and keeps networks apart' },
  { name: 'nsenter', debian: 'util-linux', why: "it configures a container's own interfaces" },
  { name: 'perl', debian: 'perl-base', why: 'it makes the system calls that Node.js has no door to' },
  { name: 'tar', debian: 'tar', why: 'it unpacks archives' },
];

/** What containers are made of; without these the kernel refuses. */
const CAPABILITIES = ['CAP_SYS_ADMIN', 'CAP_NET_ADMIN', 'CAP_CHOWN', 'CAP_MKNOD'];

/** Everything at once; empty where the native engine can run. */
export async function machineLacks(host: NativeHost): Promise<Lack[]> {
  if (process.platform !== 'linux')
    return [
      {
        what: `this is ${process.platform}`,
        why: 'containers are a matter of the Linux kernel',
        remedy: 'use a Linux machine, or point DOCKER_HOST at one',
      },
    ];
  const found = await Promise.all([
    privileges(host.files),
    runtime(host),
    ...PROGRAMS.map((program) => programLack(host.files, program)),
    cgroups(host.files),
    overlay(host),
    nftables(host),
  ]);
  return found.filter((lack) => lack !== undefined);
}

/** One error for all of them. */
export function lacksError(lacks: readonly Lack[]): WindlassError {
  const packages = [...new Set(lacks.flatMap(({ debian }) => debian ?? []))];
  const others = lacks.filter(({ debian }) => debian === undefined).map(({ remedy }) => remedy);
  const install = packages.length > 0 ? [`apt-get install ${packages.join(' ')}`] : [];
  const told = lacks.map(({ what, why }) => `${what} (${why})`).join('; ');
  return new WindlassError('ENGINE_MACHINE', `the native engine cannot run here: ${told}`, {
    hint: [...others, ...install].join('; then '),
  });
}

async function privileges(files: Files): Promise<Lack | undefined> {
  if (process.geteuid?.() !== 0)
    return {
      what: 'you are not root',
      why: 'mounts, namespaces and cgroups are made by root alone',
      remedy: 'run it as root: sudo windlass …',
    };
  const status = await files.readFile('/proc/self/status', 'utf8');
  const held = capabilitiesOfMask(/^CapEff:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? '0');
  const missing = CAPABILITIES.filter((name) => !held.includes(name));
  if (missing.length === 0) return undefined;
  return {
    what: `root has no ${missing.join(', ')} here`,
    why: 'this looks like the inside of a container, where mounts and networks cannot be made',
    remedy: 'run it on the host, or give the container those capabilities (--privileged)',
  };
}

async function runtime(host: NativeHost): Promise<Lack | undefined> {
  const wanted = wantedRuntime(process.env);
  const [first] = await findRuntimes(host);
  const why = 'it makes the containers';
  if (wanted !== undefined && first?.name !== wanted)
    return {
      what: `${wanted}, which ${RUNTIME_VARIABLE} names, is not installed`,
      why,
      remedy: `install ${wanted}`,
      debian: wanted,
    };
  if (first !== undefined) return undefined;
  return { what: 'no OCI runtime is installed', why, remedy: 'install crun (or runc)', debian: 'crun' };
}

async function programLack(files: Files, { name, debian, why }: Program): Promise<Lack | undefined> {
  if ((await findProgram(files, name)) !== undefined) return undefined;
  return { what: `${name} is not installed`, why, remedy: `install ${debian}`, debian };
}

async function cgroups(files: Files): Promise<Lack | undefined> {
  const mounts = ((await readIfExists(files, '/proc/self/mounts')) ?? '').split('\n').map((line) => line.split(' '));
  const groups = mounts.filter(([, , type]) => type === 'cgroup' || type === 'cgroup2');
  const why = 'they hold the processes of a container together and limit what it uses';
  if (groups.length === 0)
    return { what: 'no cgroups are mounted', why, remedy: 'mount -t cgroup2 none /sys/fs/cgroup' };
  const closed = groups.find(([, , , options]) => options?.split(',').includes('ro'));
  if (!closed) return undefined;
  return { what: `the cgroups at ${closed[1]} are read-only`, why, remedy: `mount -o remount,rw ${closed[1]}` };
}

async function overlay(host: NativeHost): Promise<Lack | undefined> {
  const knows = async (): Promise<boolean> =>
    /\boverlay$/m.test((await readIfExists(host.files, '/proc/filesystems')) ?? '');
  if (await knows()) return undefined;
  // A module that nobody has asked for yet.
  await host.run('modprobe', ['overlay']).catch(() => undefined);
  if (await knows()) return undefined;
  return {
    what: 'the kernel has no overlayfs',
    why: 'containers share the layers of their images through it',
    remedy: `use a kernel with overlay (this one is ${release()}); "modprobe overlay" loads the module where there is one`,
  };
}

async function nftables(host: NativeHost): Promise<Lack | undefined> {
  const nft = await findProgram(host.files, 'nft');
  // Without the program that is told already; without root the kernel tells nothing.
  if (nft === undefined || process.geteuid?.() !== 0) return undefined;
  const listed = await host.run(nft, ['list', 'tables']);
  if (listed.exitCode === 0) return undefined;
  return {
    what: `the kernel refuses nftables (${listed.stderr.trim().split('\n').at(-1) ?? ''})`,
    why: 'ports are published and networks kept apart with it',
    remedy: 'use a kernel with nf_tables; "modprobe nf_tables" loads the module where there is one',
  };
}
