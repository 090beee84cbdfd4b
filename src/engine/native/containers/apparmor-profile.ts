// The AppArmor profile of containers that name none: what capabilities, seccomp rules and read-only mounts refuse is refused once
// more, by path, whatever is mounted there. Pure.

export const DEFAULT_PROFILE = 'windlass-default';

/** Children of a folder that a rule is to spare. */
interface Spared {
  readonly names?: readonly string[];
  /** All that begin so. */
  readonly prefixes?: readonly string[];
  /** All that begin with a character of this class: `0-9`. */
  readonly first?: string;
}

/**
 * Patterns for everything below a folder but what is spared. The language has no "all but these names", only "all but these
 * characters": so there is one pattern for each letter at which a name may begin to differ.
 */
export function othersBelow(folder: string, { names = [], prefixes = [], first = '' }: Spared): string[] {
  const words = [...names, ...prefixes];
  const heads = new Set(words.flatMap((word) => [...word].map((_, length) => word.slice(0, length))));
  const differing = [...heads].flatMap((head) => {
    const next = new Set(
      words.flatMap((word) => (word.startsWith(head) ? word.slice(head.length, head.length + 1) : [])),
    );
    const letters = `${head === '' ? first : ''}${[...next].join('')}`;
    const ended = head === '' || words.includes(head) ? [] : [`${folder}/${head}{,/**}`];
    return [...ended, `${folder}/${head}[^${letters}/]*{,/**}`];
  });
  const longer = names.filter((name) => !heads.has(name)).map((name) => `${folder}/${name}?*{,/**}`);
  return [...differing, ...longer];
}

const denied = (permissions: string, patterns: readonly string[]): string =>
  patterns.map((pattern) => `  deny ${pattern} ${permissions},\n`).join('');

/** The profile as apparmor_parser(8) reads it. */
export function defaultProfile(): string {
  return `profile ${DEFAULT_PROFILE} flags=(attach_disconnected,mediate_deleted) {
  capability,
  file,
  network,
  umount,
  deny mount,

  # Signals and looks at each other; signals from the host and from runtimes that have profiles of their own.
  signal (send, receive) peer=${DEFAULT_PROFILE},
  signal (receive) peer=unconfined,
  signal (receive) peer=runc,
  signal (receive) peer=crun,
  ptrace (read, readby, trace, tracedby) peer=${DEFAULT_PROFILE},

  # Of /proc, the processes' own folders and the limits of shared memory may be written to.
${denied('w', othersBelow('/proc', { first: '0-9', names: ['sys'] }))}\
${denied('w', othersBelow('/proc/sys', { names: ['kernel'] }))}\
${denied('w', othersBelow('/proc/sys/kernel', { prefixes: ['shm'] }))}\
${denied('rwklx', ['/proc/kcore', '/proc/sysrq-trigger'])}
  # Of /sys, cgroups.
${denied('wklx', othersBelow('/sys', { names: ['fs'] }))}\
${denied('wklx', othersBelow('/sys/fs', { names: ['cgroup'] }))}\
${denied('rwklx', ['/sys/firmware/**', '/sys/kernel/security/**', '/sys/devices/virtual/powercap/**'])}\
}
`;
}
