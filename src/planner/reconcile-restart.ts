// `restart`: each container in place, in order of dependency, with the services that follow a restart. It never applies a
// changed definition.
import { STATUS } from '../events.ts';
import type { Project, Service } from '../model.ts';
import { containerProgressId, refTo } from './container-steps.ts';
import type { Observation } from './observation.ts';
import type { RestartOptions } from './options.ts';
import type { ContainerRef, Plan, StepId } from './plan.ts';
import { PlanBuilder } from './plan-builder.ts';
import { gateWords } from './reconcile-start.ts';
import { type Replica, sortContainers } from './replicas.ts';
import { dependenciesOf, inDependencyOrder, selectServices } from './services.ts';

export function planRestart(given: Project, observation: Observation, options: RestartOptions): Plan {
  const project = affected(given, options);
  const plan = new PlanBuilder(project.name, 'restart');
  const { replicas } = sortContainers(observation.observed.containers);
  const restarted = new Map<string, readonly StepId[]>();
  for (const service of inDependencyOrder(project)) {
    const before = dependenciesOf(project, service).flatMap(([name, edge]) => {
      const steps = restarted.get(name) ?? [];
      const containers = (replicas.get(name) ?? []).map(({ container }) => refTo(container));
      return edge.condition === 'service_started' || containers.length === 0
        ? steps
        : [addGate(plan, name, edge.condition, containers, steps)];
    });
    const own = (replicas.get(service.name) ?? []).map((replica) =>
      addRestart(plan, service, replica, before, options),
    );
    restarted.set(service.name, own.length > 0 ? own : before);
  }
  return plan.build();
}

/** The services to restart. Only edges with `restart: true` count: others neither follow nor wait. */
function affected(given: Project, options: RestartOptions): Project {
  const named =
    options.noDeps === true ? selectServices(given, { services: options.services, with: 'nothing' }) : given;
  const services = Object.fromEntries(
    Object.entries(named.services).map(([name, service]): [string, Service] => [
      name,
      {
        ...service,
        depends_on: Object.fromEntries(
          Object.entries(service.depends_on ?? {}).filter(([, edge]) => edge.restart === true),
        ),
      },
    ]),
  );
  return selectServices({ ...named, services }, { services: options.services, with: 'dependents' });
}

function addGate(
  plan: PlanBuilder,
  service: string,
  condition: 'service_healthy' | 'service_completed_successfully',
  containers: readonly ContainerRef[],
  dependsOn: readonly StepId[],
): StepId {
  return plan.add({
    action: 'wait-condition',
    id: `wait until ${service} is ${gateWords[condition]}`,
    resource: `service ${service}`,
    cause: 'dependents need it',
    group: service,
    dependsOn,
    service,
    condition,
    containers,
    purpose: 'dependency',
  });
}

/** Hooks, the restart, hooks. Returns the last step. */
function addRestart(
  plan: PlanBuilder,
  service: Service,
  { container }: Replica,
  before: readonly StepId[],
  { timeoutSeconds }: RestartOptions,
): StepId {
  const common = {
    resource: `container ${container.name}`,
    cause: 'restart',
    group: service.name,
    container: refTo(container),
    service: service.name,
  };
  let dependsOn = before;
  const hook = (kind: 'pre_stop' | 'post_start', index: number): void => {
    const id = `run ${kind} hook ${index + 1} in container ${container.name}`;
    dependsOn = [plan.add({ action: 'run-hook', id, ...common, dependsOn, hook: kind, index })];
  };
  if (container.state === 'running') for (const [index] of (service.pre_stop ?? []).entries()) hook('pre_stop', index);
  dependsOn = [
    plan.add({
      action: 'restart-container',
      id: `restart container ${container.name}`,
      ...common,
      dependsOn,
      ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
      progress: { id: containerProgressId(container.name), working: STATUS.restarting, done: STATUS.started },
    }),
  ];
  for (const [index] of (service.post_start ?? []).entries()) hook('post_start', index);
  return dependsOn[0] ?? '';
}
