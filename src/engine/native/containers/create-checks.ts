// What a container asks of this machine and this engine, checked before anything of it is kept: what cannot be had is refused
// with the reason, not left out. Mistakes that are some on any machine are told by check-request.ts.
import { exists, type NativeHost } from '../host.ts';
import type { Machine } from '../machine.ts';
import { ApiError, badRequest } from '../server/api-error.ts';
import type { IdMapping } from '../user-namespaces/id-mapping.ts';
import { parseLink } from './link-names.ts';
import { logPlan } from './log-config.ts';
import type { ContainerStore } from './store.ts';
import type { HostConfig } from './types.ts';

const JOURNAL_SOCKET = '/run/systemd/journal/socket';

export interface CheckParts {
  readonly host: NativeHost;
  readonly machine: Machine;
  readonly store: ContainerStore;
  readonly remap: IdMapping | undefined;
}

export async function checkHostConfig(
  { host, machine, store, remap }: CheckParts,
  hostConfig: HostConfig,
): Promise<void> {
  checkMachine(hostConfig, machine);
  if (remap !== undefined && hostConfig.UsernsMode !== 'host') checkRemapped(hostConfig);
  // On networks of the user's own a link is a name, and may be of somebody who comes later; as in Docker.
  for (const link of isOwnNetwork(hostConfig.NetworkMode) ? [] : (hostConfig.Links ?? [])) {
    const { target } = parseLink(link);
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

/** What belongs to the host cannot be had with other ids than the host's. In Docker's words. */
function checkRemapped({ Privileged, NetworkMode, PidMode, IpcMode }: HostConfig): void {
  if (Privileged)
    throw badRequest(
      'privileged mode is incompatible with user namespaces.  You must run the container in the host namespace when running privileged mode',
    );
  if (NetworkMode === 'host')
    throw badRequest("cannot share the host's network namespace when user namespaces are enabled");
  if (PidMode === 'host') throw badRequest('cannot share the host PID namespace when user namespaces are enabled');
  // Docker accepts it, and fails at the start: the kernel lets nobody mount another user namespace's queues.
  if (IpcMode === 'host') throw badRequest('cannot share the host IPC namespace when user namespaces are enabled');
}
