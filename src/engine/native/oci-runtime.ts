// The OCI runtimes of this machine, and which of them makes containers.
import { arch } from 'node:os';
import { WindlassError } from '../../errors.ts';
import { type Files, type NativeHost, readIfExists } from './host.ts';
import { systemCalls } from './kernel-helper.ts';
import { findProgram } from './programs.ts';

export type RuntimeName = 'crun' | 'runc';

/** A program and the arguments that come before those of the work. */
export interface Command {
  readonly program: string;
  readonly args: readonly string[];
}

export interface OciRuntime {
  readonly name: RuntimeName;
  /** Absolute path. */
  readonly path: string;
  /** The command that makes containers; every other verb is asked of `path`. */
  readonly maker: Command;
  /** The one that makes those in user namespaces. */
  readonly remappedMaker: Command;
}

/** The better one first: crun is written in C, and takes a third of runc's time for a container. */
export const RUNTIMES: readonly RuntimeName[] = ['crun', 'runc'];

/** Names the runtime to use where there are two. */
export const RUNTIME_VARIABLE = 'WINDLASS_OCI_RUNTIME';

/** Those installed, the one to use first. */
export async function findRuntimes(host: NativeHost): Promise<OciRuntime[]> {
  const wanted = wantedRuntime(process.env);
  const order = wanted === undefined ? RUNTIMES : [wanted, ...RUNTIMES.filter((name) => name !== wanted)];
  const found = await Promise.all(
    order.map(async (name) => {
      const path = await findProgram(host.files, name);
      return path === undefined ? [] : [{ name, path, ...(await makersOf(host.files, name, path)) }];
    }),
  );
  return found.flat();
}

/** @throws WindlassError where the variable names something else. */
export function wantedRuntime(env: NodeJS.ProcessEnv): RuntimeName | undefined {
  const text = env[RUNTIME_VARIABLE] || undefined;
  const name = RUNTIMES.find((known) => known === text);
  if (text !== undefined && name === undefined)
    throw new WindlassError(
      'ENGINE_MACHINE',
      `${RUNTIME_VARIABLE} names "${text}", which is no runtime windlass knows`,
      {
        hint: `set it to ${RUNTIMES.join(' or ')}, or unset it: the first that is installed is used`,
      },
    );
  return name;
}

const CONTROLLERS = '/sys/fs/cgroup/unified/cgroup.controllers';

type Makers = Pick<OciRuntime, 'maker' | 'remappedMaker'>;

/** crun is prepared for by perl where it would refuse, or do harm; see below. */
async function makersOf(files: Files, name: RuntimeName, path: string): Promise<Makers> {
  const plain: Command = { program: path, args: [] };
  const perl = name === 'crun' ? await findProgram(files, 'perl') : undefined;
  const calls = systemCalls(arch());
  if (perl === undefined || calls === undefined) return { maker: plain, remappedMaker: plain };
  const controllers = ((await readIfExists(files, CONTROLLERS)) ?? '').trim();
  const hiding = controllers === '' ? [] : [withoutControllers(calls)];
  const after = (...steps: readonly string[]): Command => {
    if (steps.length === 0) return plain;
    const program = [CHECK, ...steps, 'exec { $ARGV[0] } @ARGV; check(1, "run $ARGV[0]");']
      .join(' ')
      .replace(/\n/g, ' ');
    return { program: perl, args: ['-e', program, '--', path] };
  };
  return { maker: after(...hiding), remappedMaker: after(...hiding, OWN_STREAMS) };
}

const CHECK = 'sub check { my ($failed, $what) = @_; die "$what: $!\\n" if $failed }';

/**
 * On hosts with both versions of cgroups, crun makes containers only where version 2 has no controllers, and refuses the others
 * though it needs none of them. There it is shown an empty list: in a mount namespace that ends with it.
 * Only the mount of version 2 is made private: what is mounted in shared volumes meanwhile still comes and goes both ways.
 */
const withoutControllers = (calls: string): string =>
  `my %call = (${calls});
my ($none, $unified, $null, $list) = ('none', '/sys/fs/cgroup/unified', '/dev/null', '${CONTROLLERS}');
check(syscall($call{unshare}, 0x20000), 'unshare mount namespace');
check(syscall($call{mount}, $none, $unified, $none, 0x40000, 0), "make $unified private");
check(syscall($call{mount}, $null, $list, $none, 0x1000, 0), "hide $list");`;

/**
 * crun gives its standard streams to the root of the container's user namespace (1.8.1: also the host's /dev/null, which would then be
 * a container's). In place of that it gets pipes whose other end is closed.
 */
const OWN_STREAMS = `my $device = (stat '/dev/null')[6];
for my $stream (*STDIN, *STDOUT, *STDERR) {
  my @facts = stat $stream; next unless ($facts[2] & 0170000) == 0020000 && $facts[6] == $device;
  pipe(my $read, my $write) or check(1, 'pipe');
  my $opened = fileno($stream) == 0 ? open($stream, '<&', $read) : open($stream, '>&', $write);
  check(!$opened, 'replace /dev/null'); }`;
