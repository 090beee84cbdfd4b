// New limits and another restart policy for a container that is there: applied at once where it runs, kept for its next start.
import { join } from 'node:path';
import { messageOf } from '../../../errors.ts';
import type { NativeHost } from '../host.ts';
import type { Machine } from '../machine.ts';
import { newId } from '../names.ts';
import type { Paths } from '../paths.ts';
import { ApiError, badRequest, conflict } from '../server/api-error.ts';
import { cgroupFolders } from './cgroup-stats.ts';
import { checkLimits } from './check-limits.ts';
import { checkRestartPolicy } from './check-request.ts';
import { throttledDevices } from './device-facts.ts';
import { feasibleLimits, limitWarnings } from './limit-features.ts';
import { ociResources } from './oci-resources.ts';
import type { Runtime } from './runtime.ts';
import type { ContainerStore } from './store.ts';
import { type ContainerRecord, type HostConfig, isLive, type Resources, type RestartPolicy } from './types.ts';

export interface UpdateParts {
  readonly host: NativeHost;
  readonly paths: Paths;
  readonly machine: Machine;
  readonly store: ContainerStore;
  readonly runtime: Runtime;
}

export type UpdateRequest = Resources & { RestartPolicy?: RestartPolicy };

/** What can be changed while a container is there; other fields of the request are ignored, as in Docker. */
const CHANGEABLE: readonly (keyof Resources)[] = [
  'Memory',
  'MemoryReservation',
  'MemorySwap',
  'NanoCpus',
  'CpuShares',
  'CpuPeriod',
  'CpuQuota',
  'CpuRealtimePeriod',
  'CpuRealtimeRuntime',
  'CpusetCpus',
  'CpusetMems',
  'PidsLimit',
  'BlkioWeight',
  'BlkioDeviceReadBps',
  'BlkioDeviceWriteBps',
  'BlkioDeviceReadIOps',
  'BlkioDeviceWriteIOps',
];

/** Returns the warnings. */
export async function updateContainer(parts: UpdateParts, id: string, request: UpdateRequest): Promise<string[]> {
  const { host, machine, store } = parts;
  const record = store.find(id);
  const { RestartPolicy: policy } = request;
  const limits = feasibleLimits(givenLimits(request), machine);
  const hostConfig = mergedLimits(record.hostConfig, limits);
  checkLimits(hostConfig, machine);
  if (policy?.Name) checkPolicy(record, policy);
  if (isLive(record.state.status) && Object.keys(limits).length > 0) {
    const numbers = await throttledDevices(host, hostConfig);
    const { devices: _, ...resources } = ociResources(hostConfig, [], numbers);
    try {
      await applyResources(parts, record.id, resources);
      await liftLimits(parts, record, limits);
    } catch (error) {
      throw new ApiError(500, `Cannot update container ${record.id}: ${messageOf(error)}`, { cause: error });
    }
  }
  store.update(record.id, (current) => ({
    ...current,
    hostConfig: { ...hostConfig, ...(policy?.Name ? { RestartPolicy: policy } : {}) },
  }));
  await store.save(record.id);
  return limitWarnings({ ...request }, machine);
}

/** Told in a file: crun does not read what it is sent through a socket. */
async function applyResources({ host, paths, runtime }: UpdateParts, id: string, resources: object): Promise<void> {
  const file = join(paths.container(id).bundle, `resources-${newId().slice(0, 12)}.json`);
  await host.files.writeFile(file, JSON.stringify(resources), { mode: 0o600 });
  try {
    await runtime.call(id, ['update', '--resources', file]);
  } finally {
    await host.files.rm(file, { force: true });
  }
}

/** Takes limits away, which crun has no way for under cgroup v1: there it writes numbers as they are. */
async function liftLimits({ host, machine }: UpdateParts, record: ContainerRecord, limits: Resources): Promise<void> {
  const v2 = machine.cgroupMode === 'v2';
  const lifted: (readonly [controller: string, file: string, text: string])[] = [];
  if (limits.PidsLimit === 0) lifted.push(['pids', 'pids.max', 'max']);
  if ((limits.CpuQuota ?? 0) < 0) lifted.push(v2 ? ['cpu', 'cpu.max', 'max'] : ['cpu', 'cpu.cfs_quota_us', '-1']);
  if (lifted.length === 0) return;
  const folders = await cgroupFolders(host, record.state.pid);
  for (const [controller, file, text] of lifted) {
    const folder = folders.get(v2 ? '' : controller);
    if (folder !== undefined) await host.files.writeFile(join(folder, file), text);
  }
}

/** The fields that say something: nothing, zero and an empty text leave what was; no limit of processes is a word, too. Pure. */
export function givenLimits(request: Resources): Resources {
  const entries = CHANGEABLE.map((name) => [name, request[name]] as const);
  const given = Object.fromEntries(
    entries.filter(([, value]) => value !== undefined && value !== null && value !== 0 && value !== ''),
  );
  const { PidsLimit: pids } = request;
  return typeof pids === 'number' && pids <= 0 ? { ...given, PidsLimit: 0 } : given;
}

/** Throws where the new limits contradict those that stay. Pure. */
export function mergedLimits(before: HostConfig, given: Resources): HostConfig {
  if (given.NanoCpus && before.CpuQuota)
    throw badRequest('Conflicting options: NanoCPUs cannot be updated as CPU Quota has already been set');
  if (given.NanoCpus && before.CpuPeriod)
    throw badRequest('Conflicting options: NanoCPUs cannot be updated as CPU Period has already been set');
  if (given.CpuQuota && before.NanoCpus)
    throw badRequest('Conflicting options: CPU Quota cannot be updated as NanoCPUs has already been set');
  if (given.CpuPeriod && before.NanoCpus)
    throw badRequest('Conflicting options: CPU Period cannot be updated as NanoCPUs has already been set');
  const { MemorySwap: swap = 0 } = before;
  if (given.Memory && !given.MemorySwap && swap > 0 && given.Memory > swap)
    throw badRequest(
      'Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time',
    );
  return { ...before, ...given };
}

function checkPolicy(record: ContainerRecord, policy: RestartPolicy): void {
  if (record.hostConfig.AutoRemove && policy.Name !== 'no')
    throw conflict('Restart policy cannot be updated because AutoRemove is enabled for the container');
  checkRestartPolicy({ RestartPolicy: policy });
}
