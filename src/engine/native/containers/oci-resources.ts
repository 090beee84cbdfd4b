// A container's limits → `linux.resources` of the OCI configuration. Pure.
import type { OciDeviceRule } from './oci-types.ts';
import type { Resources } from './types.ts';

/** CPU time is dealt out in periods of this many microseconds when a share of CPUs is asked for. */
const CPU_PERIOD = 100_000;

/** Numbers for block devices by path, found before. */
export type DeviceNumbers = ReadonlyMap<string, { readonly major: number; readonly minor: number }>;

export function ociResources(
  limits: Resources,
  deviceRules: readonly OciDeviceRule[],
  devices: DeviceNumbers,
): Record<string, unknown> {
  return withoutEmpty({
    devices: deviceRules,
    memory: withoutEmpty({
      limit: positive(limits.Memory),
      reservation: positive(limits.MemoryReservation),
      swap: swapLimit(limits),
      swappiness: limits.MemorySwappiness === -1 ? undefined : (limits.MemorySwappiness ?? undefined),
      disableOOMKiller: limits.OomKillDisable === true ? true : undefined,
    }),
    cpu: withoutEmpty({
      shares: positive(limits.CpuShares),
      quota: limits.NanoCpus ? Math.round((limits.NanoCpus / 1e9) * CPU_PERIOD) : positive(limits.CpuQuota),
      period: limits.NanoCpus ? CPU_PERIOD : positive(limits.CpuPeriod),
      realtimePeriod: positive(limits.CpuRealtimePeriod),
      realtimeRuntime: positive(limits.CpuRealtimeRuntime),
      cpus: limits.CpusetCpus || undefined,
      mems: limits.CpusetMems || undefined,
    }),
    pids: limits.PidsLimit && limits.PidsLimit > 0 ? { limit: limits.PidsLimit } : undefined,
    blockIO: withoutEmpty({
      weight: positive(limits.BlkioWeight),
      weightDevice: perDevice(limits.BlkioWeightDevice, devices, (entry) => ({ weight: entry.Weight })),
      throttleReadBpsDevice: perDevice(limits.BlkioDeviceReadBps, devices, rate),
      throttleWriteBpsDevice: perDevice(limits.BlkioDeviceWriteBps, devices, rate),
      throttleReadIOPSDevice: perDevice(limits.BlkioDeviceReadIOps, devices, rate),
      throttleWriteIOPSDevice: perDevice(limits.BlkioDeviceWriteIOps, devices, rate),
    }),
  });
}

/** Memory and swap together; without a word about swap it is twice the memory, as Docker's. */
function swapLimit(limits: Resources): number | undefined {
  if (limits.MemorySwap) return Math.min(limits.MemorySwap, LARGEST);
  return limits.Memory ? Math.min(limits.Memory * 2, LARGEST) : undefined;
}

const rate = (entry: { Rate?: number }): object => ({ rate: entry.Rate });

function perDevice<T extends { Path?: string }>(
  entries: readonly T[] | null | undefined,
  devices: DeviceNumbers,
  value: (entry: T) => object,
): object[] | undefined {
  const found = (entries ?? []).flatMap((entry) => {
    const numbers = devices.get(entry.Path ?? '');
    return numbers ? [{ ...numbers, ...value(entry) }] : [];
  });
  return found.length > 0 ? found : undefined;
}

/** Clients write the largest number there is for "no limit"; beyond this one JSON has none that runtimes read as whole. */
const LARGEST = Number.MAX_SAFE_INTEGER;
const positive = (value: number | undefined): number | undefined =>
  value !== undefined && value > 0 ? Math.min(value, LARGEST) : undefined;

function withoutEmpty(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).filter(
      ([, value]) => value !== undefined && !(isPlain(value) && Object.keys(value).length === 0),
    ),
  );
}

const isPlain = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
