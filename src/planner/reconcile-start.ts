// The second half of `up`: what has to be started, in the order of dependencies, each start behind its gates.

import { isRunning } from '../engine/project-container.ts';
import { STATUS } from '../events.ts';
import type { Dependency, Service } from '../model.ts';
import { addStart, containerProgressId, refTo } from './container-steps.ts';
import { publishedRanges } from './freed-ports.ts';
import type { GateCondition, StepId } from './plan.ts';
import { preStartHooks, sharedPreStart } from './pre-start.ts';
import type { Pending, ServiceContext, ServiceResult } from './service-context.ts';
import { dependenciesOf, dependentsOf, inDependencyOrder, scaleOf } from './services.ts';

/** Steps after which a service counts as started, by service. */
type Started = Map<string, readonly StepId[]>;

export function reconcileStarts(context: ServiceContext, freedPorts: (service: Service) => readonly StepId[]): void {
  const started: Started = new Map();
  for (const service of inDependencyOrder(context.project)) {
    const result = context.results.get(service.name);
    if (result === undefined) continue;
    const woken = result.paused.map((container) => addUnpause(context, service, container));
    const gates = result.pending.length === 0 ? NO_GATES : addGates(context, service, started);
    const starts: StepId[] = [];
    const shared = sharedPreStart(context, service, result);
    for (const pending of result.pending) {
      // Two containers that start at once may be given the same port of a range.
      const others = hasPortRange(service) ? starts.slice(-1) : [];
      const preStart = preStartHooks(context, service, result, pending);
      const isFirst = pending.ref.name === result.containers[0]?.name;
      const dependsOn = [...pending.dependsOn, ...(shared === undefined || isFirst ? [] : [shared])];
      const ready = { ...pending, preStart, dependsOn };
      starts.push(startOf(context, service, result, ready, gates, [...freedPorts(service), ...others]));
    }
    started.set(service.name, [...woken, ...starts]);
  }
  if (context.options.wait) addApplicationGates(context, started);
}

/** What a service is once a gate opens. */
export const gateWords: Readonly<Record<GateCondition, string>> = {
  service_started: 'started',
  service_healthy: 'healthy',
  service_completed_successfully: 'completed',
  running_or_healthy: 'running',
};

const hasPortRange = (service: Service): boolean => publishedRanges(service).some(([low, high]) => low < high);

interface Gates {
  /** Steps that must be done. */
  readonly required: readonly StepId[];
  /** Steps of optional dependencies: waited for, whatever comes of them. */
  readonly optional: readonly StepId[];
}
const NO_GATES: Gates = { required: [], optional: [] };

function startOf(
  { plan, project, orphansGone }: ServiceContext,
  service: Service,
  result: ServiceResult,
  pending: Pending & { readonly preStart: readonly number[] },
  gates: Gates,
  others: readonly StepId[],
): StepId {
  return addStart(plan, project, {
    container: pending.ref,
    service,
    cause: pending.cause,
    preStart: pending.preStart,
    dependsOn: [...pending.dependsOn, ...gates.required],
    after: [...gates.optional, ...orphansGone, ...result.removals, ...others],
  });
}

function addUnpause({ plan }: ServiceContext, service: Service, container: ServiceResult['kept'][number]): StepId {
  return plan.add({
    action: 'unpause-container',
    id: `unpause container ${container.name}`,
    resource: `container ${container.name}`,
    cause: 'paused',
    group: service.name,
    container: refTo(container),
    progress: { id: containerProgressId(container.name), working: STATUS.starting, done: STATUS.started },
  });
}

/** What the start of a service waits for: the starts of its dependencies, and the gates of their conditions. */
export function addGates(context: ServiceContext, service: Service, started: Started): Gates {
  const required: StepId[] = [];
  const optional: StepId[] = [];
  for (const [name, edge] of dependenciesOf(context.project, service)) {
    const dependency = context.project.services[name];
    if (dependency === undefined) continue;
    const steps = dependency.provider === undefined ? (started.get(name) ?? []) : (providerStep(context, name) ?? []);
    (edge.required ? required : optional).push(...steps, ...gateOf(context, dependency, edge, steps));
  }
  return { required, optional };
}

const providerStep = ({ providers }: ServiceContext, name: string): readonly StepId[] | undefined => {
  const step = providers.get(name);
  return step === undefined ? undefined : [step];
};

/** The gate of one dependency; none where being started is enough, or where what it asks for is seen already. */
function gateOf(context: ServiceContext, dependency: Service, edge: Dependency, starts: readonly StepId[]): StepId[] {
  if (edge.condition === 'service_started' || dependency.provider !== undefined || scaleOf(dependency) === 0) return [];
  if (starts.length === 0 && edge.condition === 'service_healthy' && isHealthy(context, dependency)) return [];
  return [addGate(context, dependency, edge.condition, starts, { required: edge.required, purpose: 'dependency' })];
}

const isHealthy = ({ results }: ServiceContext, service: Service): boolean =>
  results.get(service.name)?.kept.every(({ state, health }) => state === 'running' && health === 'healthy') ?? false;

function addGate(
  { plan, results, options }: ServiceContext,
  service: Service,
  condition: GateCondition,
  starts: readonly StepId[],
  { required, purpose }: { readonly required: boolean; readonly purpose: 'dependency' | 'application' },
): StepId {
  return plan.add({
    action: 'wait-condition',
    id: `wait until ${service.name} is ${gateWords[condition]}${required ? '' : ', if it can be'}${purpose === 'application' ? ' (--wait)' : ''}`,
    resource: `service ${service.name}`,
    cause: purpose === 'application' ? '--wait' : 'dependents need it',
    group: service.name,
    dependsOn: starts,
    service: service.name,
    condition,
    containers: results.get(service.name)?.containers ?? [],
    purpose,
    ...(options.waitTimeoutSeconds === undefined ? {} : { timeoutSeconds: options.waitTimeoutSeconds }),
    ...(required ? {} : { bestEffort: 'anything' }),
  });
}

/** `--wait`: every service has to be up; one that somebody waits to complete has to have completed. */
function addApplicationGates(context: ServiceContext, started: Started): void {
  const { project, results } = context;
  for (const service of inDependencyOrder(project)) {
    if (service.provider !== undefined || scaleOf(service) === 0) continue;
    const completes =
      dependentsOf(project, service.name, ({ condition }) => condition === 'service_completed_successfully').length > 0;
    const starts = started.get(service.name) ?? [];
    const kept = results.get(service.name)?.kept ?? [];
    const isUp =
      starts.length === 0 &&
      kept.every((container) => isRunning(container) && (container.health ?? 'healthy') === 'healthy');
    if (isUp) continue;
    addGate(context, service, completes ? 'service_completed_successfully' : 'running_or_healthy', starts, {
      required: true,
      purpose: 'application',
    });
  }
}
