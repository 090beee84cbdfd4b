// Going down: a service is left alone until everything that depends on it, near or far, has stopped.
import type { Project, Service } from '../model.ts';
import type { StepId } from './plan.ts';
import { dependenciesOf, inDependencyOrder } from './services.ts';

/**
 * Visits the services, dependents first. `visit` gets the steps to come after, and returns those that stop the service;
 * a service that has none passes on what it was to come after.
 */
export function inStopOrder(
  project: Project,
  visit: (service: Service, after: readonly StepId[]) => readonly StepId[],
): void {
  const after = new Map<string, Set<StepId>>();
  for (const service of inDependencyOrder(project).reverse()) {
    const before = [...(after.get(service.name) ?? [])];
    const own = visit(service, before);
    for (const [dependency] of dependenciesOf(project, service)) {
      const steps = after.get(dependency) ?? new Set();
      for (const step of own.length > 0 ? own : before) steps.add(step);
      after.set(dependency, steps);
    }
  }
}
