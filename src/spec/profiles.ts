// Which services take part: profiles, the services that were named, and the resources that those left need.
import type { Project, Service } from '../model.ts';
import { noSuchService } from '../no-such-service.ts';
import { isPattern, servicePattern } from '../service-pattern.ts';

/** Services without profiles are always on; others when one of theirs is active. `*` activates all. */
export function withProfiles(project: Project, profiles: readonly string[]): Project {
  const all = { ...project.services, ...project.disabledServices };
  const services: Record<string, Service> = {};
  const disabledServices: Record<string, Service> = {};
  for (const name of Object.keys(all).sort()) {
    const service = all[name] as Service;
    (isEnabled(service, profiles) ? services : disabledServices)[name] = service;
  }
  return { ...project, services, disabledServices, profiles };
}

const isEnabled = ({ profiles = [] }: Service, active: readonly string[]): boolean =>
  profiles.length === 0 || active.includes('*') || profiles.some((profile) => active.includes(profile));

/** Naming a service switches its own profiles on, not those of its dependencies. */
export function withServicesEnabled(project: Project, names: readonly string[]): Project {
  const more = names.flatMap((name) =>
    project.services[name] ? [] : (project.disabledServices[name]?.profiles ?? []),
  );
  return names.length === 0 ? project : withProfiles(project, [...project.profiles, ...more]);
}

/** The named services and what they depend on; all others are disabled. No names: the project as it is. */
export function withSelectedServices(project: Project, names: readonly string[]): Project {
  if (names.length === 0) return project;
  const selected = new Set<string>();
  const queue = names.flatMap((name) => matching(name, project, true));
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (selected.has(name)) continue;
    selected.add(name);
    const dependencies = project.services[name]?.depends_on ?? {};
    for (const [dependency, { required }] of Object.entries(dependencies))
      queue.push(...matching(dependency, project, required));
  }
  const services: Record<string, Service> = {};
  const disabledServices: Record<string, Service> = { ...project.disabledServices };
  for (const [name, service] of Object.entries(project.services)) {
    if (selected.has(name)) services[name] = withDependenciesIn(service, selected);
    else disabledServices[name] = service;
  }
  return { ...project, services, disabledServices };
}

/** The enabled services that a name or pattern stands for. */
function matching(name: string, { services, disabledServices }: Project, required: boolean): string[] {
  if (Object.hasOwn(services, name)) return [name];
  const pattern = isPattern(name) ? servicePattern(name) : undefined;
  const found = pattern ? Object.keys(services).filter((candidate) => pattern.test(candidate)) : [];
  if (found.length === 0 && required)
    throw noSuchService(name, Object.keys(services), disabledServices[name]?.profiles);
  return found;
}

function withDependenciesIn(service: Service, selected: ReadonlySet<string>): Service {
  const entries = Object.entries(service.depends_on ?? {});
  const kept = entries.filter(([name]) => selected.has(name));
  if (kept.length === entries.length) return service;
  if (kept.length > 0) return { ...service, depends_on: Object.fromEntries(kept) };
  const { depends_on: _, ...rest } = service;
  return rest;
}

/** The project without the networks, volumes, secrets, configs and models that no enabled service uses. */
export function withoutUnusedResources(project: Project): Project {
  const used = {
    networks: new Set<string>(),
    volumes: new Set<string>(),
    secrets: new Set<string>(),
    configs: new Set<string>(),
    models: new Set<string>(),
  };
  for (const service of Object.values(project.services)) {
    for (const key of Object.keys(service.networks ?? {})) used.networks.add(key);
    for (const { type, source } of service.volumes ?? []) if (type === 'volume' && source) used.volumes.add(source);
    for (const { source } of [...(service.secrets ?? []), ...(service.build?.secrets ?? [])]) used.secrets.add(source);
    for (const { source } of service.configs ?? []) used.configs.add(source);
    for (const key of Object.keys(service.models ?? {})) used.models.add(key);
  }
  return {
    ...project,
    networks: pick(project.networks, used.networks),
    volumes: pick(project.volumes, used.volumes),
    secrets: pick(project.secrets, used.secrets),
    configs: pick(project.configs, used.configs),
    models: pick(project.models, used.models),
  };
}

function pick<T>(items: Readonly<Record<string, T>>, names: ReadonlySet<string>): Record<string, T> {
  return Object.fromEntries(Object.entries(items).filter(([name]) => names.has(name)));
}
