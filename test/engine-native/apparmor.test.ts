import { expect, test } from 'vitest';
import { profileFor, wantedProfile } from '../../src/engine/native/containers/apparmor.ts';
import { defaultProfile, othersBelow } from '../../src/engine/native/containers/apparmor-profile.ts';
import { type NativeHost, realNativeHost } from '../../src/engine/native/host.ts';

/** AppArmor's patterns: `*` and `?` stop at a slash, `**` does not, `{a,b}` is either. */
function matches(pattern: string, path: string): boolean {
  const expression = pattern
    .replace(/\*\*/g, '\u0001')
    .replace(/\*/g, '[^/]*')
    .replace(/\?/g, '[^/]')
    .replaceAll('\u0001', '.*')
    .replace(/\{([^{}]*)\}/g, (_, either: string) => `(?:${either.split(',').join('|')})`);
  return new RegExp(`^${expression}$`).test(path);
}

/** What the default profile refuses to write to. */
const isDenied = (path: string): boolean =>
  [...defaultProfile().matchAll(/^ {2}deny (\/\S+) (\S*w\S*),$/gm)].some(([, pattern = '']) => matches(pattern, path));

test.each([
  '/proc/sysrq-trigger',
  '/proc/kcore',
  '/proc/s',
  '/proc/sy',
  '/proc/syst/x',
  '/proc/acpi/wakeup',
  '/proc/sys/vm/swappiness',
  '/proc/sys/kernel/core_pattern',
  '/proc/sys/kernel/sh',
  '/proc/sys/kernel/modprobe',
  '/proc/sys/kernels/x',
  '/sys/kernel/uevent_helper',
  '/sys/firmware/efi/vars',
  '/sys/f',
  '/sys/fs/bpf/x',
  '/sys/fs/cgroups',
  '/sys/class/net/eth0/mtu',
])('the default profile refuses to write to %s', (path) => expect(isDenied(path)).toBe(true));

test.each([
  '/proc/1/oom_score_adj',
  '/proc/4711/task/4711/comm',
  '/proc/sys/kernel/shmmax',
  '/sys/fs/cgroup/memory/x',
  '/etc/passwd',
  '/dev/shm/x',
])('the default profile says nothing against %s', (path) => expect(isDenied(path)).toBe(false));

test('names that begin alike are told apart at every letter', () => {
  expect(othersBelow('/f', { names: ['ab'] })).toEqual([
    '/f/[^a/]*{,/**}',
    '/f/a{,/**}',
    '/f/a[^b/]*{,/**}',
    '/f/ab?*{,/**}',
  ]);
});

test('privileged containers have no profile, named ones have theirs, all others the default one', () => {
  expect(wantedProfile({})).toBe('windlass-default');
  expect(wantedProfile({ Privileged: true })).toBeUndefined();
  expect(wantedProfile({ SecurityOpt: ['apparmor=unconfined'] })).toBeUndefined();
  expect(wantedProfile({ SecurityOpt: ['apparmor=mine'], Privileged: true })).toBe('mine');
});

/** A machine with AppArmor, where loading ends like this. */
function machine(loaded: string, programs: readonly string[], exitCode = 0): { host: NativeHost; ran: string[] } {
  const ran: string[] = [];
  const real = realNativeHost();
  const host = {
    ...real,
    run: async (program: string, args: readonly string[], { input = '' }: { input?: string } = {}) => {
      ran.push([program, ...args, /^profile (\S+)/.exec(input)?.[1]].join(' '));
      return { exitCode, stdout: '', stderr: exitCode === 0 ? '' : 'syntax error' };
    },
    files: {
      ...real.files,
      readFile: async () => loaded,
      stat: async (path: string) => {
        if (!programs.includes(path)) throw new Error(`no ${path}`);
        return { isFile: () => true, mode: 0o755 };
      },
    },
  };
  return { host: host as unknown as NativeHost, ran };
}

const PARSER = '/sbin/apparmor_parser';

test('the default profile is loaded unless it is', async () => {
  const fresh = machine('man_filter (enforce)\n', [PARSER]);
  expect(await profileFor(fresh.host, true, {})).toBe('windlass-default');
  expect(fresh.ran).toEqual([`${PARSER} --replace --skip-cache windlass-default`]);
  const loaded = machine('man_filter (enforce)\nwindlass-default (enforce)\n', [PARSER]);
  expect(await profileFor(loaded.host, true, {})).toBe('windlass-default');
  expect(loaded.ran).toEqual([]);
});

test('profiles of the user are left to be loaded by the user', async () => {
  const { host, ran } = machine('mine (complain)\n', [PARSER]);
  expect(await profileFor(host, true, { SecurityOpt: ['apparmor=mine'] })).toBe('mine');
  await expect(profileFor(host, true, { SecurityOpt: ['apparmor=other'] })).rejects.toThrow(
    'unable to apply apparmor profile: "other" is not loaded',
  );
  expect(ran).toEqual([]);
});

test('without AppArmor, or what loads profiles, there is none; one that cannot be loaded is an error', async () => {
  expect(await profileFor(machine('', [PARSER]).host, false, { SecurityOpt: ['apparmor=mine'] })).toBeUndefined();
  expect(await profileFor(machine('', []).host, true, {})).toBeUndefined();
  await expect(profileFor(machine('', [PARSER], 1).host, true, {})).rejects.toThrow(
    'cannot load the AppArmor profile "windlass-default": syntax error',
  );
});
