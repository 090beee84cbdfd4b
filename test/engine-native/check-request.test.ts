// What a container may not be made with; the engines' own suite checks most of it against Docker, too.
import { describe, expect, test } from 'vitest';
import { checkLimits } from '../../src/engine/native/containers/check-limits.ts';
import { checkRequest } from '../../src/engine/native/containers/check-request.ts';
import type { ContainerConfig, HostConfig } from '../../src/engine/native/containers/types.ts';

const MACHINE = { cpus: 2 };
const check = (config: ContainerConfig, host: HostConfig): void => checkRequest(config, host, MACHINE);

describe('what is taken', () => {
  test.each<[string, ContainerConfig, HostConfig]>([
    ['nothing said', {}, {}],
    ['namespaces of others', {}, { IpcMode: 'container:a', PidMode: 'container:a', NetworkMode: 'container:a' }],
    ['the host’s namespaces', {}, { IpcMode: 'host', PidMode: 'host', UTSMode: 'host', NetworkMode: 'host' }],
    ['a policy that counts', {}, { RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 3 } }],
    ['memory with all of its limits', {}, { Memory: 64 << 20, MemorySwap: -1, MemoryReservation: 32 << 20 }],
    ['all CPUs', {}, { NanoCpus: 2e9, CpusetCpus: '0-1' }],
    [
      'security options',
      {},
      {
        SecurityOpt: [
          'no-new-privileges:true',
          'seccomp={"defaultAction":\n"SCMP_ACT_ALLOW"}',
          'apparmor=x',
          'label=disable',
        ],
      },
    ],
    [
      'capabilities with and without the prefix',
      {},
      { CapAdd: ['CAP_NET_ADMIN', 'sys_ptrace', 'ALL'], CapDrop: ['all'] },
    ],
    ['a realtime signal', { StopSignal: 'RTMIN+3' }, {}],
    ['a host with an IPv6 address', {}, { ExtraHosts: ['a:::1', 'b=[::1]', 'c:host-gateway'] }],
  ])('%s', (_, config, host) => {
    expect(() => check(config, host)).not.toThrow();
  });
});

describe('what is refused', () => {
  test.each<[string, ContainerConfig, HostConfig, string]>([
    ['links into a shared network', {}, { NetworkMode: 'container:a', Links: ['b'] }, 'container type network'],
    ['a block weight', {}, { BlkioWeight: 5 }, 'Range of blkio weight is from 10 to 1000'],
    ['a dropped capability', {}, { CapDrop: ['WAT'] }, 'invalid CapDrop: unknown capability: "CAP_WAT"'],
    ['a start period', { Healthcheck: { StartPeriod: 5 } }, {}, 'StartPeriod in Healthcheck cannot be less than 1ms'],
  ])('%s', (_, config, host, message) => {
    expect(() => check(config, host)).toThrow(message);
  });

  test('a processor beyond the last', () => {
    expect(() => checkLimits({ CpusetCpus: '0,2' }, MACHINE)).toThrow(
      'Requested CPUs are not available - requested 0,2, available: 0-1',
    );
    expect(() => checkLimits({ CpusetCpus: '1' }, { cpus: 1 })).toThrow('available: 0');
  });
});
