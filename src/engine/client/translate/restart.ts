// Restart policies: `restart`, and `deploy.restart_policy`, which wins over it.
import type { Service } from '../../../model.ts';

export interface RestartPolicy {
  readonly Name: string;
  readonly MaximumRetryCount: number;
}

/** The Compose Specification's words for what the engine calls otherwise. */
const NAMES: Readonly<Record<string, string>> = { none: 'no', any: 'always' };

/** Undefined leaves the engine's default: no restart. */
export function restartPolicy(service: Service): RestartPolicy | undefined {
  const policy = service.deploy?.restart_policy;
  if (policy !== undefined) return { Name: named(policy.condition ?? ''), MaximumRetryCount: policy.max_attempts ?? 0 };
  if (service.restart === undefined || service.restart === '') return undefined;
  const [condition = '', attempts] = service.restart.split(':');
  const count = Number.parseInt(attempts ?? '0', 10);
  return { Name: named(condition), MaximumRetryCount: Number.isNaN(count) ? 0 : count };
}

const named = (condition: string): string => NAMES[condition] ?? condition;
