// What a container asks of this machine and this engine, checked before anything of it is kept: what cannot be had is refused
// with the reason, not left out. Mistakes that are some on any machine are told by check-request.ts.
import { exists, type NativeHost } from '../host.ts';
import type { Machine } from '../machine.ts';
import { ApiError, badRequest } from '../server/api-error.ts';
import { logPlan } from './log-config.ts';
import type { ContainerStore } from './store.ts';
import type { HostConfig } from './types.ts';

const JOURNAL_SOCKET = '/run/systemd/journal/socket';

export interface CheckParts {
  readonly host: NativeHost;
  readonly machine: Machine;
  readonly store: ContainerStore;
}

export async function checkHostConfig({ host, machine, store }: CheckParts, hostConfig: HostConfig): Promise<void> {
  checkMachine(hostConfig, machine);
  // On networks of the user's own a link is a name, and may be of somebody who comes later; as in Docker.
  for (const link of isOwnNetwork(hostConfig.NetworkMode) ? [] : (hostConfig.Links ?? [])) {
    const target = link.replace(/^\//, '').split(':', 1)[0] ?? '';
    if (!store.lookup(target)) throw badRequest(`could not get container for ${target}: No such container: ${target}`);
  }
  for (const mode of [hostConfig.PidMode, hostConfig.IpcMode]) {
    const shared = mode?.startsWith('container:') ? mode.slice('container:'.length) : undefined;
    if (shared !== undefined && !store.lookup(shared)) throw badRequest(`No such container: ${shared}`);
  }
  const { driver } = logPlan(hostConfig.LogConfig);
  if (driver === 'journald' && !(await exists(host.files, JOURNAL_SOCKET)))
    throw badRequest('failed to initialize logging driver: journald is not enabled on this host');
}

const isOwnNetwork = (mode = 'default'): boolean =>
  !['', 'default', 'bridge', 'host', 'none'].includes(mode) && !mode.startsWith('container:');

function checkMachine(hostConfig: HostConfig, machine: Machine): void {
  const [device] = hostConfig.DeviceRequests ?? [];
  if (device) {
    const { Driver: driver = '', Capabilities: capabilities } = device as {
      Driver?: string;
      Capabilities?: string[][];
    };
    const wanted = (capabilities ?? []).map((all) => `[${all.join(' ')}]`).join(' ');
    throw new ApiError(500, `could not select device driver "${driver}" with capabilities: [${wanted}]`);
  }
  if (Object.keys(hostConfig.StorageOpt ?? {}).length > 0)
    throw new ApiError(
      500,
      "--storage-opt is not served: the size of a container's writable layer cannot be limited on this file system",
    );
  if (machine.cgroupMode === 'v2' && (hostConfig.CpuRealtimeRuntime || hostConfig.CpuRealtimePeriod))
    throw badRequest('real-time CPU limits are not supported on cgroup v2');
}
