// The seccomp filter of a container: Docker's default profile, shaped by the capabilities the container has. Pure.
import { ALLOWED_CALLS } from './seccomp-calls.ts';

export interface SeccompArgument {
  readonly index: number;
  readonly value: number;
  readonly valueTwo?: number;
  readonly op: string;
}

export interface SeccompRule {
  readonly names: readonly string[];
  readonly action: string;
  readonly errnoRet?: number;
  readonly args?: readonly SeccompArgument[];
}

/** `linux.seccomp` of the OCI configuration. */
export interface Seccomp {
  readonly defaultAction: string;
  readonly defaultErrnoRet?: number;
  readonly architectures?: readonly string[];
  readonly syscalls: readonly SeccompRule[];
}

const ALLOW = 'SCMP_ACT_ALLOW';
const ERRNO = 'SCMP_ACT_ERRNO';
const EPERM = 1;
const ENOSYS = 38;
/** The CLONE_NEW* flags: new mount, cgroup, UTS, IPC, user, pid and network namespaces. */
const CLONE_NAMESPACES = 0x7e020000;
/** Personalities that do not weaken the address space: Linux, Linux with 32-bit uname, query, and their UNAME26 forms. */
const PERSONALITIES = [0x0, 0x0008, 0x20000, 0x20008, 0xffffffff];

/** Sockets to the hypervisor and its other guests: they know no namespaces. */
const AF_VSOCK = 40;

/** Calls that come with a capability. */
const BY_CAPABILITY: Readonly<Record<string, string>> = {
  CAP_BPF: 'bpf',
  CAP_DAC_READ_SEARCH: 'open_by_handle_at',
  CAP_PERFMON: 'perf_event_open',
  CAP_SYS_ADMIN: `bpf clone clone3 fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie mount mount_setattr move_mount
    name_to_handle_at open_tree perf_event_open quotactl quotactl_fd setdomainname sethostname setns syslog umount umount2 unshare`,
  CAP_SYS_BOOT: 'reboot',
  CAP_SYS_CHROOT: 'chroot',
  CAP_SYS_MODULE: 'delete_module init_module finit_module',
  CAP_SYS_PACCT: 'acct',
  CAP_SYS_PTRACE: 'kcmp pidfd_getfd process_madvise process_vm_readv process_vm_writev ptrace',
  CAP_SYS_RAWIO: 'iopl ioperm',
  CAP_SYS_TIME: 'settimeofday stime clock_settime',
  CAP_SYS_TTY_CONFIG: 'vhangup',
  CAP_SYS_NICE: 'get_mempolicy mbind set_mempolicy',
  CAP_SYSLOG: 'syslog',
};

const ARCHITECTURES: Readonly<Record<string, readonly string[]>> = {
  // Docker's has x32 too, which distributions' kernels have switched off. Here it is refused, which saves 3 ms a start: libseccomp
  // works out a filter for every architecture.
  x64: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86'],
  arm64: ['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM'],
};

const ARCHITECTURE_CALLS: Readonly<Record<string, string>> = {
  x64: 'arch_prctl modify_ldt',
  arm64: 'arm_fadvise64_64 arm_sync_file_range sync_file_range2 breakpoint cacheflush set_tls',
};

/** The default filter for a container with these bounding capabilities (`CAP_…`), on Node's name of an architecture. */
export function defaultSeccomp(capabilities: readonly string[], architecture: string): Seccomp {
  const allowed = new Set([...ALLOWED_CALLS, 'ptrace', ...words(ARCHITECTURE_CALLS[architecture] ?? '')]);
  for (const capability of capabilities) for (const name of words(BY_CAPABILITY[capability] ?? '')) allowed.add(name);
  const syscalls: SeccompRule[] = [
    { names: [...allowed].sort(), action: ALLOW },
    { names: ['socket'], action: ALLOW, args: [{ index: 0, value: AF_VSOCK, op: 'SCMP_CMP_NE' }] },
    ...PERSONALITIES.map((value) => ({
      names: ['personality'],
      action: ALLOW,
      args: [{ index: 0, value, op: 'SCMP_CMP_EQ' }],
    })),
  ];
  if (!capabilities.includes('CAP_SYS_ADMIN')) {
    const args = [{ index: 0, value: CLONE_NAMESPACES, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }];
    syscalls.push({ names: ['clone'], action: ALLOW, args });
    // clone3 passes its flags in memory, where a filter cannot look; ENOSYS makes libc fall back to clone.
    syscalls.push({ names: ['clone3'], action: ERRNO, errnoRet: ENOSYS });
  }
  const architectures = ARCHITECTURES[architecture];
  return { defaultAction: ERRNO, defaultErrnoRet: EPERM, ...(architectures ? { architectures } : {}), syscalls };
}

const words = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '');
