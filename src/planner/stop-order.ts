// Going down: a service is left alone until everything that depends on it, near or far, has stopped.
import type { Project, Service } from '../model.ts';
import type { StepId } from './plan.ts';
import { dependentsOf, inDependencyOrder } from './services.ts';

/**
 * Visits the services, dependents first. `visit` gets the steps to come after, and returns those that stop the service;
 * a service that has none passes on what it was to come after.
 */
export function inStopOrder(
  project: Project,
  visit: (service: Service, after: readonly StepId[]) => readonly StepId[],
): void {
  const effective = new Map<string, readonly StepId[]>();
  for (const service of inDependencyOrder(project).reverse()) {
    const after = [...new Set(dependentsOf(project, service.name).flatMap((name) => effective.get(name) ?? []))];
    const own = visit(service, after);
    effective.set(service.name, own.length > 0 ? own : after);
  }
}
