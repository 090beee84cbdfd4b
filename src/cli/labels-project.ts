// A project seen only through what the engine runs: rebuilt from labels when there is no Compose file at hand.
// Enough for stopping, starting, removing and looking; what the labels do not hold (hooks, images to build) is not there.
import type { ObservedContainer, ObservedProject } from '../engine/engine.ts';
import { isOneOff, serviceOf } from '../engine/project-container.ts';
import { WindlassError } from '../errors.ts';
import type { Dependency, DependencyCondition, Network, Project, Service, Volume } from '../model.ts';
import { LABEL } from '../names.ts';

/** Services, networks and volumes as the labels tell them. */
export function projectFromLabels(observed: ObservedProject): Project {
  const replicas = observed.containers.filter((container) => !isOneOff(container));
  const names = [...new Set(replicas.map(serviceOf))].sort();
  const services = Object.fromEntries(
    names.map((name) => [
      name,
      serviceFrom(
        name,
        replicas.filter((container) => serviceOf(container) === name),
        names,
      ),
    ]),
  );
  return {
    name: observed.project,
    workingDir: replicas[0]?.labels[LABEL.workingDir] ?? '',
    composeFiles: (replicas[0]?.labels[LABEL.configFiles] ?? '').split(',').filter(Boolean),
    envFiles: [],
    environment: {},
    services,
    disabledServices: {},
    networks: keyed(observed.networks, LABEL.network, (found): Network => ({ name: found.name, driver: found.driver })),
    volumes: keyed(observed.volumes, LABEL.volume, (found): Volume => ({ name: found.name, driver: found.driver })),
    secrets: {},
    configs: {},
    models: {},
    profiles: [],
  };
}

/** What `start` says of a project of which nothing is left. */
export const nothingOfProject = (name: string): WindlassError =>
  new WindlassError('NO_CONTAINERS', `no container found for project "${name}": not found`, {
    hint: 'run "windlass ls -a" to see the projects this engine has',
  });

function serviceFrom(name: string, replicas: readonly ObservedContainer[], known: readonly string[]): Service {
  const first = replicas[0];
  const dependencies = dependenciesFrom(first?.labels[LABEL.dependsOn] ?? '', known);
  return {
    name,
    command: null,
    entrypoint: null,
    ...(first === undefined ? {} : { image: first.image, labels: first.labels }),
    scale: replicas.length,
    ...(Object.keys(dependencies).length === 0 ? {} : { depends_on: dependencies }),
  };
}

/** Reads `db:service_healthy:false,cache:service_started:true`; services that are gone are left out. */
function dependenciesFrom(label: string, known: readonly string[]): Record<string, Dependency> {
  const found: Record<string, Dependency> = {};
  for (const entry of label.split(',').filter(Boolean)) {
    const [service = '', condition = 'service_started', restart = 'true'] = entry.split(':');
    if (known.includes(service))
      found[service] = { condition: conditionOf(condition), restart: restart === 'true', required: true };
  }
  return found;
}

const CONDITIONS: readonly string[] = ['service_started', 'service_healthy', 'service_completed_successfully'];
const isCondition = (text: string): text is DependencyCondition => CONDITIONS.includes(text);
const conditionOf = (text: string): DependencyCondition => (isCondition(text) ? text : 'service_started');

function keyed<T extends { readonly name: string; readonly labels: Readonly<Record<string, string>> }, R>(
  found: readonly T[],
  label: string,
  make: (item: T) => R,
): Record<string, R> {
  return Object.fromEntries(found.map((item) => [item.labels[label] ?? item.name, make(item)]));
}
