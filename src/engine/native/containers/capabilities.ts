// Which capabilities a container gets. Pure.

/** What Docker gives to every container. */
export const DEFAULT_CAPABILITIES: readonly string[] = [
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_FSETID',
  'CAP_FOWNER',
  'CAP_MKNOD',
  'CAP_NET_RAW',
  'CAP_SETGID',
  'CAP_SETUID',
  'CAP_SETFCAP',
  'CAP_SETPCAP',
  'CAP_NET_BIND_SERVICE',
  'CAP_SYS_CHROOT',
  'CAP_KILL',
  'CAP_AUDIT_WRITE',
];

/** Every capability by its bit number in the kernel. */
export const ALL_CAPABILITIES: readonly string[] = (
  'CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE ' +
  'NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN ' +
  'SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE ' +
  'MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE'
)
  .split(' ')
  .map((name) => `CAP_${name}`);

/** The names in a mask such as `CapBnd` of /proc/self/status. */
export function capabilitiesOfMask(hex: string): string[] {
  const mask = BigInt(`0x${hex}`);
  return ALL_CAPABILITIES.filter((_, bit) => ((mask >> BigInt(bit)) & 1n) === 1n);
}

export interface CapabilityRequest {
  readonly add: readonly string[];
  readonly drop: readonly string[];
  readonly privileged: boolean;
  /** What this machine can give at all. */
  readonly available: readonly string[];
}

/**
 * The capabilities of a container. What Docker gives by default and the machine lacks is left out in silence, as is what
 * `ALL` stands for; what was asked for by name and is not known is returned in `unknown`.
 */
export function chooseCapabilities(request: CapabilityRequest): { granted: string[]; unknown: string[] } {
  const add = request.add.map(fullName);
  const drop = request.drop.map(fullName);
  const unknown = [...add, ...drop].filter((name) => name !== 'CAP_ALL' && !ALL_CAPABILITIES.includes(name));
  const everything = request.privileged || add.includes('CAP_ALL');
  const base = everything ? ALL_CAPABILITIES : drop.includes('CAP_ALL') ? [] : DEFAULT_CAPABILITIES;
  const wanted = new Set([...base, ...add]);
  if (!request.privileged) for (const name of drop) wanted.delete(name);
  return { granted: ALL_CAPABILITIES.filter((name) => wanted.has(name) && request.available.includes(name)), unknown };
}

const fullName = (name: string): string => {
  const upper = name.toUpperCase();
  return upper.startsWith('CAP_') ? upper : `CAP_${upper}`;
};
