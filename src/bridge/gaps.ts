// What a project says and the conversion cannot carry over: told, so that nothing is lost in silence.
import type { Project, Service } from '../model.ts';
import { unknownLabels } from './kompose.ts';

/** Attributes without a counterpart; the reason, where there is one worth telling. */
const NO_COUNTERPART: Partial<Record<keyof Service, string>> = {
  blkio_config: '',
  cgroup: '',
  cgroup_parent: '',
  cpu_count: '',
  cpu_percent: '',
  cpu_period: '',
  cpu_quota: '',
  cpu_rt_period: '',
  cpu_rt_runtime: '',
  cpu_shares: '',
  cpuset: '',
  credential_spec: '',
  device_cgroup_rules: '',
  devices: 'a device plugin of the cluster is needed',
  external_links: '',
  init: '',
  isolation: '',
  logging: 'the cluster decides where logs go',
  mac_address: '',
  mem_swappiness: '',
  memswap_limit: '',
  models: 'there is no model runner in the cluster',
  oom_kill_disable: '',
  oom_score_adj: '',
  pids_limit: 'the kubelet sets one for all pods',
  runtime: 'set a runtimeClassName by a patch',
  stop_signal: 'write it into the image',
  storage_opt: '',
  ulimits: '',
  use_api_socket: '',
  userns_mode: '',
  uts: '',
  volumes_from: 'name the volumes',
};

export function gapsOf(project: Project): string[] {
  const gaps: string[] = [];
  for (const service of Object.values(project.services)) {
    const say = (text: string) => gaps.push(`service "${service.name}": ${text}`);
    for (const [key, reason] of Object.entries(NO_COUNTERPART))
      if (service[key as keyof Service] !== undefined)
        say(`"${key}" has no counterpart in Kubernetes and is left out${reason === '' ? '' : `; ${reason}`}`);
    for (const text of detailedGaps(service)) say(text);
  }
  return gaps;
}

function* detailedGaps(service: Service): Generator<string> {
  const { network_mode = '', depends_on = {}, volumes = [], user = '', security_opt = [], build, image } = service;
  if (service.provider) return;
  if (!image && build) yield 'its image has to be pushed where the cluster finds it; give it a name with "image"';
  if (/^(service|container):/.test(network_mode))
    yield `"network_mode: ${network_mode}" needs both containers in one pod`;
  for (const key of ['pid', 'ipc'] as const)
    if (/^(service|container):/.test(service[key] ?? ''))
      yield `"${key}: ${service[key]}" needs both containers in one pod`;
  if (Object.keys(depends_on).length > 0)
    yield `pods start in any order: "depends_on" (${Object.keys(depends_on).sort().join(', ')}) is left out; let it retry until they answer`;
  for (const { type, source } of volumes)
    if (type === 'bind') yield `"${source}" of this machine becomes a path of the node that the pod runs on`;
  if (user !== '' && !/^\d+(:\d+)?$/.test(user)) yield `"user: ${user}" has to be a number`;
  for (const option of security_opt)
    if (!option.startsWith('no-new-privileges')) yield `"security_opt: ${option}" is left out`;
  for (const hook of [...(service.post_start ?? []), ...(service.pre_stop ?? [])])
    if (hook.user !== undefined || hook.privileged || hook.working_dir !== undefined || hook.environment !== undefined)
      yield 'hooks run as the container does: their "user", "privileged", "working_dir" and "environment" are left out';
  for (const label of unknownLabels(service)) yield `the label "${label}" is not known here`;
}
