// Which images have to be built before a service's own.
import type { Project, Service } from '../model.ts';

/** Services whose images are contexts of this one's build. */
export const buildContexts = (service: Service): string[] =>
  Object.values(service.build?.additional_contexts ?? {}).flatMap((source) =>
    source.startsWith('service:') ? [source.slice('service:'.length)] : [],
  );

/**
 * Services whose builds come first: contexts, and what it depends on, since a Dockerfile may say `FROM` the image of a dependency
 * without the Compose file saying so.
 */
export function buildsBefore(project: Project, service: Service): string[] {
  const found = new Set<string>();
  const visit = (current: Service): void => {
    for (const name of [...buildContexts(current), ...Object.keys(current.depends_on ?? {})]) {
      const other = project.services[name];
      if (found.has(name) || other === undefined || name === service.name) continue;
      found.add(name);
      visit(other);
    }
  };
  visit(service);
  return [...found].filter((name) => project.services[name]?.build !== undefined);
}
