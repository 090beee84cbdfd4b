// Questions about the services of a project: which are meant, what they are made from, how they depend on each other.
import { WindlassError } from '../errors.ts';
import type { Dependency, Project, Service } from '../model.ts';
import { builtImageName, type Separator } from '../names.ts';
import { noSuchService } from '../no-such-service.ts';

/** The reference of the image a service runs: its own, or the name its build is given. */
export const imageOf = (project: Project, service: Service, separator: Separator = '-'): string =>
  service.image ?? builtImageName(project.name, service.name, separator);

/** How many replicas are wanted. */
export const scaleOf = (service: Service): number => service.scale ?? service.deploy?.replicas ?? 1;

/** Names in code point order, so that what is derived from them is the same every time. */
export const sortedNames = (record: Readonly<Record<string, unknown>>): string[] => Object.keys(record).sort();

/** Dependencies on services that are enabled, sorted by name. */
export function dependenciesOf(project: Project, service: Service): readonly (readonly [string, Dependency])[] {
  return Object.entries(service.depends_on ?? {})
    .filter(([name]) => project.services[name] !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Names of the services that depend on one, directly; `accept` chooses the edges that count. */
export function dependentsOf(
  project: Project,
  name: string,
  accept: (dependency: Dependency) => boolean = () => true,
): string[] {
  return Object.keys(project.services)
    .filter((other) => {
      const edge = project.services[other]?.depends_on?.[name];
      return edge !== undefined && accept(edge);
    })
    .sort();
}

/** Every service in the order of dependencies, dependencies first, by name among equals. */
export function inDependencyOrder(project: Project): Service[] {
  const done = new Set<string>();
  const path: string[] = [];
  const ordered: Service[] = [];
  const visit = (name: string): void => {
    const service = project.services[name];
    if (service === undefined || done.has(name)) return;
    if (path.includes(name))
      throw new WindlassError(
        'PLAN_CYCLE',
        `dependency cycle detected: ${[...path.slice(path.indexOf(name)), name].join(' -> ')}`,
      );
    path.push(name);
    for (const [dependency] of dependenciesOf(project, service)) visit(dependency);
    path.pop();
    done.add(name);
    ordered.push(service);
  };
  for (const name of sortedNames(project.services)) visit(name);
  return ordered;
}

export interface Selection {
  /** Empty = all. */
  readonly services: readonly string[];
  /** What is taken along with the named ones. */
  readonly with: 'dependencies' | 'dependents' | 'nothing';
}

/**
 * The project reduced to the services named and what goes with them. The others become disabled, so that their
 * containers are no orphans, and nobody depends on them any more. Networks and volumes stay.
 */
export function selectServices(project: Project, selection: Selection): Project {
  if (selection.services.length === 0) return project;
  const chosen = new Set<string>();
  const take = (name: string): void => {
    if (chosen.has(name)) return;
    const service = project.services[name];
    if (service === undefined) throw unknownService(project, name);
    chosen.add(name);
    if (selection.with === 'dependencies') for (const [other] of dependenciesOf(project, service)) take(other);
    if (selection.with === 'dependents') for (const other of dependentsOf(project, name)) take(other);
  };
  for (const name of selection.services) take(name);
  return keepServices(project, (name) => chosen.has(name));
}

/** The project with some of its disabled services switched on. */
export function enableServices(project: Project, names: readonly string[]): Project {
  const disabled = Object.entries(project.disabledServices);
  const isOn = ([name]: readonly [string, Service]): boolean => names.includes(name);
  return {
    ...project,
    services: { ...project.services, ...Object.fromEntries(disabled.filter(isOn)) },
    disabledServices: Object.fromEntries(disabled.filter((entry) => !isOn(entry))),
  };
}

/** The project without some of its services, which become disabled. */
export function keepServices(project: Project, keep: (name: string) => boolean): Project {
  const services: Record<string, Service> = {};
  const disabled: Record<string, Service> = { ...project.disabledServices };
  for (const [name, service] of Object.entries(project.services)) {
    if (keep(name)) services[name] = withoutDependencies(service, keep);
    else disabled[name] = service;
  }
  return { ...project, services, disabledServices: disabled };
}

function withoutDependencies(service: Service, keep: (name: string) => boolean): Service {
  const edges = Object.entries(service.depends_on ?? {});
  if (edges.every(([name]) => keep(name))) return service;
  return { ...service, depends_on: Object.fromEntries(edges.filter(([name]) => keep(name))) };
}

/** That the project has no service of that name, or has it disabled. */
export const unknownService = (project: Project, name: string): WindlassError =>
  noSuchService(name, Object.keys(project.services), project.disabledServices[name]?.profiles);
