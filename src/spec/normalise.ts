// Values that follow from others: the default network, implied dependencies, names of resources (compose-reference §2.7).
import { cleanPath } from './canonical.ts';
import { goText } from './go-text.ts';
import type { Environment } from './resolve-environment.ts';
import { copyMapping, isMapping, isSequence, type Mapping, markOf, newMapping, put, type Value } from './tree.ts';

/** The canonical model of a project called `name`, with what it implies written out. */
export function normalise(model: Mapping, name: string, environment: Environment): Mapping {
  const out = copyMapping(model);
  out.name = name;
  if (isMapping(model.services))
    out.services = mapEntries(model.services, (service) => normaliseService(service, environment));
  const networks = withDefaultNetwork(out.services, model.networks);
  if (networks) out.networks = networks;
  for (const section of ['networks', 'volumes', 'configs', 'secrets']) {
    const resources = out[section];
    if (isMapping(resources)) out[section] = mapEntries(resources, (resource, key) => named(resource, key, name));
  }
  return out;
}

function mapEntries(mapping: Mapping, change: (value: Value, key: string) => Value): Mapping {
  const out = copyMapping(mapping);
  for (const key in mapping) out[key] = change(mapping[key] as Value, key);
  return out;
}

/** A resource without a name is called after its key, below the project unless it is external. */
function named(resource: Value, key: string, project: string): Value {
  if (resource !== null && !isMapping(resource)) return resource;
  const out = resource === null ? newMapping() : copyMapping(resource);
  if (out.name === undefined || out.name === null) {
    const external = ['1', 't', 'true'].includes(goText(out.external).toLowerCase());
    out.name = external ? key : `${project}_${key}`;
  }
  return out;
}

/** The default network exists only where a service uses it. */
function withDefaultNetwork(services: Value | undefined, networks: Value | undefined): Mapping | undefined {
  const declared = isMapping(networks) ? networks : newMapping();
  if (declared.default !== undefined || !isMapping(services)) return isMapping(networks) ? networks : undefined;
  for (const name in services) {
    const service = services[name];
    if (!isMapping(service) || service.provider !== undefined || service.network_mode !== undefined) continue;
    if (!isMapping(service.networks) || service.networks.default === undefined) continue;
    const out = copyMapping(declared);
    out.default = null;
    return out;
  }
  return isMapping(networks) ? networks : undefined;
}

function normaliseService(value: Value, environment: Environment): Value {
  if (!isMapping(value)) return value;
  const service = copyMapping(value);
  if (service.pull_policy === 'if_not_present') service.pull_policy = 'missing';
  if (service.provider === undefined && service.network_mode === undefined) {
    const { networks } = service;
    if (networks === undefined || networks === null || (isMapping(networks) && Object.keys(networks).length === 0)) {
      const attached = newMapping();
      attached.default = null;
      service.networks = attached;
    }
  }
  if (isMapping(service.build)) service.build = normaliseBuild(service.build, environment);
  if (service.environment !== undefined) service.environment = fillFrom(service.environment, environment, true);
  if (isSequence(service.volumes)) service.volumes = service.volumes.map(cleanTarget);
  const dependencies = impliedDependencies(service);
  if (Object.keys(dependencies).length > 0) service.depends_on = dependencies;
  return service;
}

function normaliseBuild(build: Mapping, environment: Environment): Mapping {
  const out = copyMapping(build);
  out.context ??= '.';
  if ((out.dockerfile ?? null) === null && (out.dockerfile_inline ?? null) === null) out.dockerfile = 'Dockerfile';
  if (out.args !== undefined) out.args = fillFrom(out.args, environment, false);
  return out;
}

function cleanTarget(mount: Value): Value {
  if (!isMapping(mount) || typeof mount.target !== 'string') return mount;
  const target = cleanPath(mount.target);
  if (target === mount.target) return mount;
  const out = copyMapping(mount);
  out.target = target;
  return out;
}

/** Keys without a value take it from the environment; those it does not have are kept or left out. */
function fillFrom(value: Value, environment: Environment, keep: boolean): Value {
  const lookup = (name: string): string | undefined =>
    Object.hasOwn(environment, name) ? environment[name] : undefined;
  if (isSequence(value)) {
    const out: Value[] = [];
    for (const item of value) {
      if (typeof item !== 'string' || item.includes('=')) out.push(item);
      else {
        const found = lookup(item);
        if (found !== undefined) out.push(`${item}=${found}`);
        else if (keep) out.push(item);
      }
    }
    // docker compose prints a list that has become empty as null.
    return out.length === 0 ? null : out;
  }
  if (!isMapping(value)) return value;
  let out: Mapping | undefined;
  for (const key in value) {
    if (value[key] !== null) continue;
    out ??= copyMapping(value);
    const found = lookup(key);
    if (found !== undefined) out[key] = found;
    else if (!keep) delete out[key];
  }
  return out ?? value;
}

const NAMESPACES = ['network_mode', 'ipc', 'pid', 'uts', 'cgroup'];

/** `depends_on` with the services that links, shared namespaces and `volumes_from` need. */
function impliedDependencies(service: Mapping): Mapping {
  const out = isMapping(service.depends_on) ? copyMapping(service.depends_on) : newMapping();
  const need = (name: string, restart: boolean, attribute: string): void => {
    if (out[name] !== undefined) return;
    const dependency = newMapping();
    Object.assign(dependency, { condition: 'service_started', restart, required: true });
    put(out, name, dependency, markOf(service, attribute));
  };
  for (const link of texts(service.links)) {
    const parts = link.split(':');
    need(parts.length === 2 ? (parts[0] ?? '') : link, true, 'links');
  }
  for (const namespace of NAMESPACES) {
    const reference = service[namespace];
    if (typeof reference === 'string' && reference.startsWith('service:')) need(reference.slice(8), true, namespace);
  }
  for (const source of texts(service.volumes_from))
    if (!source.startsWith('container:')) need(source.split(':')[0] ?? '', false, 'volumes_from');
  return out;
}

const texts = (value: Value | undefined): string[] =>
  isSequence(value) ? value.filter((item): item is string => typeof item === 'string') : [];
