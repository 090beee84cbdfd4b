// Limits that make no sense, on this machine or on any, refused in Docker's words. Pure.
import { badRequest } from '../server/api-error.ts';
import type { LimitFacts } from './limit-features.ts';
import type { Resources } from './types.ts';

const MEGABYTE = 1024 * 1024;
const LEAST_MEMORY = 6 * MEGABYTE;

/** Throws a 400 for the first limit that cannot be kept. */
export function checkLimits(limits: Resources, machine: Pick<LimitFacts, 'cpus'>): void {
  checkMemory(limits);
  checkCpu(limits, machine);
  const { IOMaximumBandwidth: bandwidth, IOMaximumIOps: operations } = limits;
  if (bandwidth) throw badRequest('Invalid QoS settings: linux does not support configuration of maximum bandwidth');
  if (operations) throw badRequest('Invalid QoS settings: linux does not support configuration of maximum IOPs');
  const weight = limits.BlkioWeight ?? 0;
  if (weight !== 0 && (weight < 10 || weight > 1000)) throw badRequest('Range of blkio weight is from 10 to 1000');
  for (const { Name: name = '', Soft: soft = 0, Hard: hard = 0 } of limits.Ulimits ?? []) {
    if (!ULIMITS.has(name)) throw badRequest(`invalid ulimit type: ${name}`);
    if (hard !== -1 && (soft === -1 || soft > hard))
      throw badRequest(`ulimit ${name}: soft limit must be less than or equal to hard limit: ${soft} > ${hard}`);
  }
}

function checkMemory(limits: Resources): void {
  const { Memory: memory = 0, MemorySwap: swap = 0, MemoryReservation: reservation = 0 } = limits;
  if (memory !== 0 && memory < LEAST_MEMORY) throw badRequest('Minimum memory limit allowed is 6MB');
  if (memory > 0 && swap > 0 && swap < memory)
    throw badRequest('Minimum memoryswap limit should be larger than memory limit, see usage');
  if (memory === 0 && swap > 0)
    throw badRequest('You should always set the Memory limit when using Memoryswap limit, see usage');
  const swappiness = limits.MemorySwappiness ?? -1;
  if (swappiness < -1 || swappiness > 100)
    throw badRequest(`Invalid value: ${swappiness}, valid memory swappiness range is 0-100`);
  if (reservation !== 0 && reservation < LEAST_MEMORY) throw badRequest('Minimum memory reservation allowed is 6MB');
  if (memory > 0 && reservation > memory)
    throw badRequest('Minimum memory limit can not be less than memory reservation limit, see usage');
}

/** What setrlimit(2) knows. */
const ULIMITS = new Set(
  'core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack'.split(' '),
);

function checkCpu(limits: Resources, { cpus }: Pick<LimitFacts, 'cpus'>): void {
  const { NanoCpus: nano = 0, CpuPeriod: period = 0, CpuQuota: quota = 0 } = limits;
  for (const [name, value] of [
    ['CPU Period', period],
    ['CPU Quota', quota],
  ] as const)
    if (nano > 0 && value > 0) throw badRequest(`Conflicting options: Nano CPUs and ${name} cannot both be set`);
  if (nano < 0 || nano > cpus * 1e9)
    throw badRequest(`Range of CPUs is from 0.01 to ${cpus}.00, as there are only ${cpus} CPUs available`);
  if (period !== 0 && (period < 1000 || period > 1_000_000))
    throw badRequest('CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)');
  if (quota > 0 && quota < 1000) throw badRequest('CPU cfs quota can not be less than 1ms (i.e. 1000)');
  if ((limits.CpuShares ?? 0) < 0)
    throw badRequest(`invalid CPU shares (${limits.CpuShares}): value must be a positive integer`);
  if (limits.CpusetCpus) checkSet('cpus', limits.CpusetCpus, cpus);
  if (limits.CpusetMems) checkSet('mems', limits.CpusetMems, Number.POSITIVE_INFINITY);
}

/** `0-2,4` among processors that are numbered from 0. */
function checkSet(what: 'cpus' | 'mems', text: string, count: number): void {
  const top = text.split(',').map((part) => {
    const range = /^(\d+)(?:-(\d+))?$/.exec(part.trim());
    if (!range || Number(range[1]) > Number(range[2] ?? range[1]))
      throw badRequest(`Invalid value ${text} for cpuset ${what}: invalid format: ${part}`);
    return Number(range[2] ?? range[1]);
  });
  if (Math.max(...top) >= count)
    throw badRequest(
      `Requested CPUs are not available - requested ${text}, available: ${count === 1 ? '0' : `0-${count - 1}`}`,
    );
}
