// The services a command about images is meant for.
import type { Project, Service } from '../../model.ts';

/** The named services, or all that are enabled, sorted by name; on request with everything they depend on. */
export function selectedServices(project: Project, named: readonly string[], withDependencies: boolean): Service[] {
  const found = new Map<string, Service>();
  const take = (name: string): void => {
    const service = project.services[name];
    if (service === undefined || found.has(name)) return;
    found.set(name, service);
    if (withDependencies) for (const dependency of Object.keys(service.depends_on ?? {})) take(dependency);
  };
  for (const name of named.length > 0 ? named : Object.keys(project.services)) take(name);
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}
