// Limits that not every kernel has a way for: they are left out, and a warning says so, as Docker does. Pure.
import type { HostConfig, Resources } from './types.ts';

export interface LimitFacts {
  readonly cpus: number;
  /** cgroup controllers' features this kernel has, by what they limit. */
  readonly features: ReadonlySet<LimitFeature>;
}

export type LimitFeature = 'blkio weight' | 'oom control' | 'swappiness';

/** What is asked for and will not be: told with the container's creation, as Docker tells it. */
export function limitWarnings(hostConfig: HostConfig, facts: LimitFacts): string[] {
  const has = (feature: LimitFeature): boolean => facts.features.has(feature);
  const warnings: string[] = [];
  if (hostConfig.BlkioWeight && !has('blkio weight'))
    warnings.push('Your kernel does not support Block I/O weight or the cgroup is not mounted. Weight discarded.');
  if (hostConfig.OomKillDisable && !has('oom control'))
    warnings.push('Your kernel does not support OomKillDisable. OomKillDisable discarded.');
  else if (hostConfig.OomKillDisable && !hostConfig.Memory)
    warnings.push(
      'OOM killer is disabled for the container, but no memory limit is set, this can result in the system running out of resources.',
    );
  const swappiness = hostConfig.MemorySwappiness;
  if (typeof swappiness === 'number' && swappiness !== -1 && !has('swappiness'))
    warnings.push(
      'Your kernel does not support memory swappiness capabilities or the cgroup is not mounted. Memory swappiness discarded.',
    );
  if (hostConfig.NetworkMode === 'host' && Object.keys(hostConfig.PortBindings ?? {}).length > 0)
    warnings.push('Published ports are discarded when using host network mode');
  return warnings;
}

/** The limits without those that this kernel has no way for. */
export function feasibleLimits<T extends Resources>(limits: T, facts: LimitFacts): T {
  const lacks = (feature: LimitFeature, asked: unknown): boolean => Boolean(asked) && !facts.features.has(feature);
  return {
    ...limits,
    ...(lacks('blkio weight', limits.BlkioWeight) ? { BlkioWeight: 0 } : {}),
    ...(lacks('blkio weight', limits.BlkioWeightDevice) ? { BlkioWeightDevice: null } : {}),
    ...(lacks('oom control', limits.OomKillDisable) ? { OomKillDisable: null } : {}),
    ...(lacks('swappiness', limits.MemorySwappiness) ? { MemorySwappiness: null } : {}),
  };
}
