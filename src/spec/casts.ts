// Text → the type its attribute has, after substitution: `replicas: "${N}"`. Only at the paths of the table, as docker compose
// does; anything else stays text and is judged by the schema.
import { compileRules, type Rules } from './pattern.ts';
import type { Value } from './tree.ts';

export type Cast = (text: string) => CastResult;

/** A value, with a warning where the text is accepted but frowned upon; or what was expected instead. */
export type CastResult = { readonly value: Value; readonly warning?: string } | { readonly expected: string };

const INTEGER = /^[-+]?\d+$/;
const FLOAT = /^[-+]?(?:\d+(?:_?\d)*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$|^[-+]?(?:inf|infinity)$|^nan$/i;

/** strconv.Atoi: decimal digits only, `010` is ten. */
export const toInteger: Cast = (text) => {
  if (!INTEGER.test(text)) return { expected: 'a whole number' };
  const value = Number(text);
  if (Number.isSafeInteger(value)) return { value };
  const big = BigInt(text.replace('+', ''));
  return big >= -(2n ** 63n) && big < 2n ** 63n ? { value: big } : { expected: 'a whole number of at most 64 bits' };
};

/** strconv.ParseFloat. */
export const toFloat: Cast = (text) => {
  if (!FLOAT.test(text) || text.includes('_')) return { expected: 'a number' };
  const value = Number(text);
  return Number.isFinite(value) ? { value } : { expected: 'a finite number' };
};

/** `true` and `false` in any case; YAML 1.1's words with a warning. */
export const toBoolean: Cast = (text) => {
  switch (text.toLowerCase()) {
    case 'true':
      return { value: true };
    case 'false':
      return { value: false };
    case 'y':
    case 'yes':
    case 'on':
      return { value: true, warning: `"${text}" is not a boolean in YAML 1.2, write true` };
    case 'n':
    case 'no':
    case 'off':
      return { value: false, warning: `"${text}" is not a boolean in YAML 1.2, write false` };
    default:
      return { expected: 'true or false' };
  }
};

export const CASTS: Rules<Cast> = compileRules<Cast>({
  'services.*.cpu_count': toInteger,
  'services.*.cpu_percent': toFloat,
  'services.*.cpu_period': toInteger,
  'services.*.cpu_quota': toInteger,
  'services.*.cpu_rt_period': toInteger,
  'services.*.cpu_rt_runtime': toInteger,
  'services.*.cpus': toFloat,
  'services.*.cpu_shares': toInteger,
  'services.*.init': toBoolean,
  'services.*.deploy.replicas': toInteger,
  'services.*.deploy.update_config.parallelism': toInteger,
  'services.*.deploy.update_config.max_failure_ratio': toFloat,
  'services.*.deploy.rollback_config.parallelism': toInteger,
  'services.*.deploy.rollback_config.max_failure_ratio': toFloat,
  'services.*.deploy.restart_policy.max_attempts': toInteger,
  'services.*.deploy.placement.max_replicas_per_node': toInteger,
  'services.*.healthcheck.retries': toInteger,
  'services.*.healthcheck.disable': toBoolean,
  'services.*.oom_kill_disable': toBoolean,
  'services.*.oom_score_adj': toInteger,
  'services.*.pids_limit': toInteger,
  'services.*.ports.[].target': toInteger,
  'services.*.privileged': toBoolean,
  'services.*.read_only': toBoolean,
  'services.*.scale': toInteger,
  'services.*.stdin_open': toBoolean,
  'services.*.tty': toBoolean,
  'services.*.ulimits.*': toInteger,
  'services.*.ulimits.*.hard': toInteger,
  'services.*.ulimits.*.soft': toInteger,
  'services.*.volumes.[].read_only': toBoolean,
  'services.*.volumes.[].volume.nocopy': toBoolean,
  'networks.*.external': toBoolean,
  'networks.*.internal': toBoolean,
  'networks.*.attachable': toBoolean,
  'networks.*.enable_ipv4': toBoolean,
  'networks.*.enable_ipv6': toBoolean,
  'volumes.*.external': toBoolean,
  'secrets.*.external': toBoolean,
  'configs.*.external': toBoolean,
});
