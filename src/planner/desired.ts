// The project as one command wants it: selection, --scale, --pull, --build and what providers said, folded in.
import { WindlassError } from '../errors.ts';
import type { Project, Service } from '../model.ts';
import { withApiSocket } from './api-socket.ts';
import { fileUses } from './file-objects.ts';
import { unservedModels } from './models.ts';
import type { UpOptions } from './options.ts';
import { scaleOf, selectServices, sortedNames, unknownService } from './services.ts';

export function desiredProject(declared: Project, options: UpOptions): Project {
  const given = withApiSocket(declared);
  for (const name of Object.keys(options.scale))
    if (given.services[name] === undefined) throw unknownService(given, name);
  const selected = selectServices(given, {
    services: options.services,
    with: options.noDeps ? 'nothing' : 'dependencies',
  });
  const services: Record<string, Service> = {};
  for (const [name, service] of Object.entries(selected.services))
    services[name] = withOverrides(service, selected, options);
  const project = { ...selected, services };
  check(project);
  return options.services.length === 0 ? project : withoutUnused(project);
}

function withOverrides(service: Service, project: Project, options: UpOptions): Service {
  const scale = options.scale[service.name];
  const policy = service.build !== undefined && options.build === 'always' ? 'build' : options.pull;
  return {
    ...effectiveService(project, service, options.providerVariables),
    ...(scale === undefined ? {} : withScale(service, scale)),
    ...(policy === undefined ? {} : { pull_policy: policy }),
  };
}

/** What providers have set, by service and variable: `STORE_URL` for the URL of the provider `store`. */
export type ProviderVariables = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** A service as its containers are made from it: on the platform built for, with what its providers have set. */
export function effectiveService(project: Project, service: Service, provided: ProviderVariables): Service {
  const platform = project.environment.DOCKER_DEFAULT_PLATFORM;
  const variables = variablesFor(service, provided);
  return {
    ...service,
    ...(service.build !== undefined && service.platform === undefined && platform ? { platform } : {}),
    ...(Object.keys(variables).length === 0 ? {} : { environment: { ...service.environment, ...variables } }),
  };
}

/** Neither form of the number of replicas is part of the config hash. */
const withScale = (service: Service, scale: number): Pick<Service, 'scale' | 'deploy'> => ({
  scale,
  ...(service.deploy === undefined ? {} : { deploy: { ...service.deploy, replicas: scale } }),
});

/** What the providers a service depends on have set for it. */
function variablesFor(service: Service, provided: ProviderVariables): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const name of sortedNames(service.depends_on ?? {})) Object.assign(variables, provided[name]);
  return variables;
}

/** Only the networks and volumes that the services use. */
function withoutUnused(project: Project): Project {
  const all = Object.values(project.services);
  const networks = new Set(all.flatMap((service) => Object.keys(service.networks ?? {})));
  const volumes = new Set(
    all.flatMap((service) =>
      (service.volumes ?? []).flatMap(({ type, source }) => (type === 'volume' && source ? [source] : [])),
    ),
  );
  const pick = <T>(record: Readonly<Record<string, T>>, used: ReadonlySet<string>): Record<string, T> =>
    Object.fromEntries(Object.entries(record).filter(([key]) => used.has(key)));
  return { ...project, networks: pick(project.networks, networks), volumes: pick(project.volumes, volumes) };
}

/** What can be known to fail is said before anything changes. */
function check(project: Project): void {
  const [unserved] = unservedModels(project);
  if (unserved !== undefined)
    throw new WindlassError('PLAN_UNSUPPORTED', `service "${unserved}": "models" needs Docker Model Runner`, {
      hint: 'start it with "windlass up", or pass the address of a model in "environment"',
    });
  const owners = new Map<string, string>();
  for (const name of sortedNames(project.services)) {
    const service = project.services[name];
    if (service === undefined) continue;
    fileUses(project, service);
    if (service.container_name === undefined) continue;
    if (scaleOf(service) > 1)
      throw new WindlassError(
        'PLAN_FIXED_NAME',
        `the "${name}" service is using the custom container name "${service.container_name}": each container must have a unique name`,
        { hint: 'remove "container_name" to scale the service' },
      );
    const owner = owners.get(service.container_name);
    if (owner !== undefined)
      throw new WindlassError(
        'PLAN_FIXED_NAME',
        `services "${owner}" and "${name}" have the same container name "${service.container_name}"`,
        { hint: 'give each its own "container_name", or leave it out' },
      );
    owners.set(service.container_name, name);
  }
}
