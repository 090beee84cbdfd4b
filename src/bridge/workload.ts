// A service → what keeps its pods: a Deployment as a rule, a DaemonSet for one on each node, a Job for what ends.
import type { Project, Service } from '../model.ts';
import { KOMPOSE, komposeLabel, ownLabels } from './kompose.ts';
import { type Fields, orNothing, type Resource } from './manifest.ts';
import { dnsName, networkLabel, serviceLabels } from './names.ts';
import { podSpec } from './pod.ts';

type Controller = 'Deployment' | 'DaemonSet' | 'StatefulSet' | 'Job';

export function workload(project: Project, service: Service): Resource {
  const kind = controllerOf(project, service);
  const labels = serviceLabels(project.name, service.name);
  const networks = Object.keys(service.networks ?? {}).sort();
  const template = {
    metadata: {
      labels: { ...labels, ...Object.assign({}, ...networks.map(networkLabel)) },
      annotations: orNothing({ ...ownLabels(service), ...service.annotations }),
    },
    spec: podSpec(project, service, kind === 'Job' ? jobRestart(service) : undefined),
  };
  return {
    path: `base/${service.name}-${kind.toLowerCase()}.yaml`,
    content: {
      apiVersion: kind === 'Job' ? 'batch/v1' : 'apps/v1',
      kind,
      metadata: {
        name: dnsName(service.name),
        namespace: dnsName(project.name),
        labels,
        annotations: orNothing({ ...service.deploy?.labels }),
      },
      spec: { ...controllerSpec(kind, service, labels), template },
    },
  };
}

/** Kompose's label, else what the service says of its life; in Compose nothing ends for good unless it is told to. */
function controllerOf(project: Project, service: Service): Controller {
  switch (komposeLabel(service, KOMPOSE.controller)?.toLowerCase()) {
    case 'daemonset':
      return 'DaemonSet';
    case 'statefulset':
      return 'StatefulSet';
    case 'deployment':
      return 'Deployment';
    case 'job':
      return 'Job';
  }
  const mode = service.deploy?.mode ?? '';
  if (mode === 'global') return 'DaemonSet';
  return mode.endsWith('-job') || endsByItself(project, service) ? 'Job' : 'Deployment';
}

function endsByItself(project: Project, service: Service): boolean {
  const condition = service.deploy?.restart_policy?.condition;
  if (condition === 'none' || condition === 'on-failure') return true;
  if (service.restart === 'no' || service.restart?.startsWith('on-failure')) return true;
  return Object.values(project.services).some(
    ({ depends_on = {} }) => depends_on[service.name]?.condition === 'service_completed_successfully',
  );
}

const jobRestart = ({ restart = '', deploy }: Service): string =>
  restart.startsWith('on-failure') || deploy?.restart_policy?.condition === 'on-failure' ? 'OnFailure' : 'Never';

function controllerSpec(kind: Controller, service: Service, labels: Fields): Fields {
  const replicas = service.deploy?.replicas ?? service.scale ?? 1;
  const selector = { matchLabels: labels };
  switch (kind) {
    case 'Deployment':
      return { replicas, selector, strategy: strategy(service) };
    case 'StatefulSet':
      return { replicas, serviceName: dnsName(service.name), selector };
    case 'DaemonSet':
      return { selector };
    case 'Job':
      return { parallelism: replicas, completions: replicas, backoffLimit: attempts(service) };
  }
}

const attempts = ({ restart = '', deploy }: Service): number =>
  deploy?.restart_policy?.max_attempts ??
  Number(/^on-failure:(\d+)$/.exec(restart)?.[1] ?? (restart.startsWith('on-failure') ? 6 : 0));

/** Compose stops the old before it starts the new, all at once, unless `update_config` says how. */
function strategy({ deploy }: Service): Fields {
  const update = deploy?.update_config;
  if (update === undefined) return { type: 'Recreate' };
  const atATime = update.parallelism || 1;
  const startFirst = update.order === 'start-first';
  return {
    type: 'RollingUpdate',
    rollingUpdate: { maxSurge: startFirst ? atATime : 0, maxUnavailable: startFirst ? 0 : atATime },
  };
}
