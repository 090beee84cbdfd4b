// What is refused before a container is made, in the words that clients of Docker know.
import { describe, expect, test } from 'vitest';
import { checkLimits } from '../../src/engine/native/containers/check-limits.ts';
import { checkRequest } from '../../src/engine/native/containers/check-request.ts';
import { feasibleLimits, type LimitFacts, limitWarnings } from '../../src/engine/native/containers/limit-features.ts';
import { seccompOf, securityOptions } from '../../src/engine/native/containers/security-options.ts';
import type { HostConfig, Resources } from '../../src/engine/native/containers/types.ts';
import { givenLimits, mergedLimits } from '../../src/engine/native/containers/update.ts';

const MIB = 1024 ** 2;
const machine: LimitFacts = { cpus: 4, features: new Set(['blkio weight', 'oom control', 'swappiness']) };
const bare: LimitFacts = { cpus: 4, features: new Set() };

describe('limits', () => {
  test.each<[Resources, string]>([
    [{ Memory: MIB }, 'Minimum memory limit allowed is 6MB'],
    [{ Memory: 64 * MIB, MemorySwap: 32 * MIB }, 'Minimum memoryswap limit should be larger than memory limit'],
    [{ MemorySwap: 64 * MIB }, 'You should always set the Memory limit when using Memoryswap limit'],
    [{ Memory: 64 * MIB, MemoryReservation: 65 * MIB }, 'can not be less than memory reservation limit'],
    [{ MemorySwappiness: 101 }, 'valid memory swappiness range is 0-100'],
    [{ NanoCpus: 5e9 }, 'Range of CPUs is from 0.01 to 4.00, as there are only 4 CPUs available'],
    [{ NanoCpus: 1e9, CpuQuota: 1000 }, 'Nano CPUs and CPU Quota cannot both be set'],
    [{ NanoCpus: 1e9, CpuPeriod: 1000 }, 'Nano CPUs and CPU Period cannot both be set'],
    [{ CpuPeriod: 10 }, 'CPU cfs period can not be less than 1ms'],
    [{ CpuQuota: 10 }, 'CPU cfs quota can not be less than 1ms'],
    [{ CpusetCpus: '0-4' }, 'Requested CPUs are not available - requested 0-4, available: 0-3'],
    [{ CpusetCpus: '3-1' }, 'Invalid value 3-1 for cpuset cpus'],
    [{ CpusetMems: 'x' }, 'Invalid value x for cpuset mems'],
    [{ BlkioWeight: 5 }, 'Range of blkio weight is from 10 to 1000'],
    [{ Ulimits: [{ Name: 'bogus', Soft: 1, Hard: 1 }] }, 'invalid ulimit type: bogus'],
    [{ Ulimits: [{ Name: 'nofile', Soft: 9, Hard: 1 }] }, 'soft limit must be less than or equal to hard limit'],
  ])('%j is refused', (limits, message) => {
    expect(() => checkLimits(limits, machine)).toThrow(message);
  });

  test.each<Resources>([
    {},
    { Memory: 6 * MIB, MemorySwap: -1 },
    { Memory: 64 * MIB, MemorySwap: 64 * MIB, MemoryReservation: 64 * MIB, MemorySwappiness: 0 },
    { NanoCpus: 4e9 },
    { CpuQuota: -1, CpuPeriod: 1000, CpusetCpus: '0,2-3' },
    { Ulimits: [{ Name: 'core', Soft: -1, Hard: -1 }] },
  ])('%j is taken', (limits) => {
    expect(() => checkLimits(limits, machine)).not.toThrow();
  });

  test('what the kernel has no way for is left out, and said to be', () => {
    const asked: HostConfig = { BlkioWeight: 300, OomKillDisable: true, MemorySwappiness: 10, Memory: 64 * MIB };
    expect(limitWarnings(asked, machine)).toEqual([]);
    expect(feasibleLimits(asked, machine)).toEqual(asked);
    expect(limitWarnings(asked, bare).map((text) => text.split(' does not support ')[1]?.split(' ')[0])).toEqual([
      'Block',
      'OomKillDisable.',
      'memory',
    ]);
    expect(feasibleLimits(asked, bare)).toEqual({
      BlkioWeight: 0,
      OomKillDisable: null,
      MemorySwappiness: null,
      Memory: 64 * MIB,
    });
    expect(feasibleLimits({ Memory: MIB }, bare)).toEqual({ Memory: MIB });
    expect(limitWarnings({ NetworkMode: 'host', PortBindings: { '80/tcp': [{}] } }, bare)).toEqual([
      'Published ports are discarded when using host network mode',
    ]);
  });
});

describe('changes of limits', () => {
  test('only what can be changed and says something is one', () => {
    const request = { Memory: 64 * MIB, CpuShares: 0, CpusetCpus: '', PidsLimit: null, ShmSize: 5, Ulimits: [] };
    expect(givenLimits(request)).toEqual({ Memory: 64 * MIB });
  });
  test.each<[HostConfig, Resources, string]>([
    [{ CpuQuota: 1000 }, { NanoCpus: 1e9 }, 'NanoCPUs cannot be updated as CPU Quota has already been set'],
    [{ CpuPeriod: 1000 }, { NanoCpus: 1e9 }, 'NanoCPUs cannot be updated as CPU Period has already been set'],
    [{ NanoCpus: 1e9 }, { CpuQuota: 2000 }, 'CPU Quota cannot be updated as NanoCPUs has already been set'],
    [{ NanoCpus: 1e9 }, { CpuPeriod: 2000 }, 'CPU Period cannot be updated as NanoCPUs has already been set'],
    [{ Memory: 32, MemorySwap: 64 }, { Memory: 65 }, 'update the memoryswap at the same time'],
  ])('%j and then %j is refused', (before, given, message) => {
    expect(() => mergedLimits(before, given)).toThrow(message);
  });
  test('the rest stays', () => {
    expect(mergedLimits({ Memory: 32, MemorySwap: 64, CpuShares: 5 }, { Memory: 64 })).toEqual({
      Memory: 64,
      MemorySwap: 64,
      CpuShares: 5,
    });
  });
});

describe('modes', () => {
  test.each<[HostConfig, string]>([
    [{ CgroupnsMode: 'x' }, 'invalid cgroup namespace mode: x'],
    [{ UsernsMode: 'auto' }, 'invalid user namespace mode: auto'],
    [{ Isolation: 'hyperv' }, `Invalid isolation: "hyperv"`],
  ])('%j is refused', (hostConfig, message) => {
    expect(() => checkRequest({}, hostConfig, machine)).toThrow(message);
  });
  test('those there are', () => {
    const all = {
      IpcMode: 'shareable',
      PidMode: 'container:x',
      UTSMode: 'host',
      CgroupnsMode: 'private',
      UsernsMode: 'host',
    };
    expect(() => checkRequest({}, all, machine)).not.toThrow();
  });
});

describe('security options', () => {
  test('are read in both notations', () => {
    const options = ['no-new-privileges', 'seccomp=unconfined', 'apparmor:mine', 'label=disable'];
    expect(securityOptions(options)).toEqual({ noNewPrivileges: true, seccomp: 'unconfined', apparmor: 'mine' });
    expect(securityOptions(['no-new-privileges=false', 'apparmor=unconfined'])).toEqual({
      noNewPrivileges: false,
      seccomp: undefined,
      apparmor: 'unconfined',
    });
  });
  test.each(['bogus', 'bogus=1', 'no-new-privileges=perhaps'])('%s is refused', (option) => {
    expect(() => securityOptions([option])).toThrow('invalid --security-opt');
  });
  test.each(['{', 'null', '{"syscalls": []}'])('a profile that is %s cannot be read', (profile) => {
    expect(() => seccompOf(profile, [], 'x64')).toThrow('Decoding seccomp profile failed');
  });
  test('a profile of one’s own, with rules for capabilities and architectures', () => {
    const profile = {
      defaultAction: 'SCMP_ACT_ERRNO',
      syscalls: [
        { names: ['read'], action: 'SCMP_ACT_ALLOW' },
        { name: 'write', action: 'SCMP_ACT_ALLOW' },
        { names: ['mount'], action: 'SCMP_ACT_ALLOW', includes: { caps: ['CAP_SYS_ADMIN'] } },
        { names: ['arm_only'], action: 'SCMP_ACT_ALLOW', includes: { arches: ['arm64'] } },
        { names: ['clone'], action: 'SCMP_ACT_ALLOW', excludes: { caps: ['CAP_SYS_ADMIN'] } },
      ],
    };
    const names = (caps: string[]) =>
      seccompOf(JSON.stringify(profile), caps, 'x64')?.syscalls.flatMap((rule) => rule.names);
    expect(names([])).toEqual(['read', 'write', 'clone']);
    expect(names(['CAP_SYS_ADMIN'])).toEqual(['read', 'write', 'mount']);
    expect(seccompOf('unconfined', [], 'x64')).toBeUndefined();
  });
});
