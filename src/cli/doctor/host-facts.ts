// Facts about this machine that decide what containers can do here.
import { access, constants, readFile, statfs } from 'node:fs/promises';
import { arch, release } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Host } from '../../host.ts';
import { humanSize } from '../output/human.ts';
import type { Finding } from './report.ts';

export interface HostFactsOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly host: Host;
  /** Directories whose free space matters: where the project and the engine's data are. */
  readonly directories: readonly string[];
}

/** Programs that are used where they are there, and what for. What the native engine lacks is told by native-facts.ts. */
const PROGRAMS: readonly {
  readonly name: string;
  readonly flag: string;
  /** Told where it is missing; the Debian package and the use. */
  readonly wanted?: { readonly package: string; readonly use: string };
}[] = [
  { name: 'docker', flag: '--version', wanted: { package: 'docker-cli', use: 'buildx builds, contexts and log-ins' } },
  { name: 'runc', flag: '--version' },
  {
    name: 'crun',
    flag: '--version',
    wanted: { package: 'crun', use: 'containers of the native engine, which runc makes several times slower' },
  },
  { name: 'conmon', flag: '--version' },
  { name: 'nft', flag: '--version' },
  { name: 'ip', flag: '-V' },
];

/** Below this much free space pulls and builds fail soon. */
const LITTLE_SPACE = 1024 ** 3;

export async function hostFindings(options: HostFactsOptions): Promise<Finding[]> {
  const programs = await Promise.all(PROGRAMS.map((program) => programFinding(program, options)));
  const spaces = await Promise.all([...new Set(options.directories)].map(spaceFinding));
  return [
    { topic: 'host', name: 'node', verdict: 'ok', detail: `${process.version} (${process.execPath})` },
    { topic: 'host', name: 'kernel', verdict: 'ok', detail: `${process.platform} ${release()} ${arch()}` },
    await cgroupFinding(),
    await overlayFinding(),
    ...programs.flat(),
    ...spaces.flat(),
  ];
}

/** v2 alone, v1 alone, or both (hybrid), as the mounts tell. */
async function cgroupFinding(): Promise<Finding> {
  const mounts = await readFile('/proc/self/mountinfo', 'utf8').catch(() => '');
  const lines = mounts.split('\n');
  const v2 = lines.some((line) => / - cgroup2 /.test(line));
  const v1 = lines.some((line) => / - cgroup /.test(line));
  const base = { topic: 'host', name: 'cgroups' } as const;
  if (!v1 && !v2) return { ...base, verdict: 'problem', detail: 'not mounted', hint: 'resource limits need cgroups' };
  return { ...base, verdict: 'ok', detail: v1 && v2 ? 'v1 and v2 (hybrid)' : v2 ? 'v2' : 'v1' };
}

async function overlayFinding(): Promise<Finding> {
  const known = await readFile('/proc/filesystems', 'utf8').catch(() => '');
  const base = { topic: 'host', name: 'overlayfs' } as const;
  return /\boverlay\b/.test(known)
    ? { ...base, verdict: 'ok', detail: 'known to the kernel' }
    : { ...base, verdict: 'missing', detail: 'not known to the kernel', hint: 'modprobe overlay' };
}

async function programFinding(program: (typeof PROGRAMS)[number], { env, host }: HostFactsOptions): Promise<Finding[]> {
  const base = { topic: 'host', name: program.name } as const;
  const path = await findProgram(program.name, env.PATH ?? '');
  if (path === undefined) {
    const { wanted } = program;
    if (wanted === undefined) return [];
    const detail = `not found; used for ${wanted.use}`;
    return [{ ...base, verdict: 'missing', detail, hint: `apt-get install ${wanted.package}` }];
  }
  const { stdout, stderr } = await host.run(path, [program.flag]);
  const [line = ''] = `${stdout}${stderr}`.split('\n');
  return [{ ...base, verdict: 'ok', detail: `${line.trim()} (${path})` }];
}

/** The first executable of that name on the path; system directories are looked at even where PATH leaves them out. */
export async function findProgram(name: string, path: string): Promise<string | undefined> {
  for (const directory of [...path.split(delimiter), '/usr/sbin', '/sbin'].filter(Boolean)) {
    const candidate = join(directory, name);
    if (
      await access(candidate, constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      return candidate;
  }
  return undefined;
}

async function spaceFinding(directory: string): Promise<Finding[]> {
  const stats = await statfs(directory).catch(() => undefined);
  if (stats === undefined) return [];
  const free = stats.bavail * stats.bsize;
  const base = { topic: 'host', name: 'disk', detail: `${humanSize(free, 3)} free at ${directory}` } as const;
  return [
    free < LITTLE_SPACE
      ? { ...base, verdict: 'problem', hint: 'free some space: "docker system prune" removes what is not used' }
      : { ...base, verdict: 'ok' },
  ];
}
