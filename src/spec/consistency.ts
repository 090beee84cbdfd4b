// Whether the parts of a project fit together: references lead somewhere, attributes do not contradict each other, and
// dependencies do not run in circles. All problems are told at once.
import type { Project, Service } from '../model.ts';
import { suggestion } from '../suggest.ts';
import type { Places } from './places.ts';
import { type Path, Problems } from './problems.ts';
import { isMapping, isSequence, type Mapping, type Mark, markOf, markOfItem, type Value } from './tree.ts';

/** Checks the enabled services. `tree` is what the project was decoded from, for places. Throws a SpecError. */
export function checkConsistency(project: Project, tree: Mapping, places: Places): void {
  const problems = new Problems(places);
  const checker = new ConsistencyChecker(project, tree, problems);
  for (const service of Object.values(project.services)) checker.service(service);
  checker.secrets();
  problems.throwIfAny();
  checker.cycles();
  problems.throwIfAny();
}

/** What `scale` says, said by `deploy.replicas` too wherever there is a `deploy`. */
export function withReplicas(project: Project): Project {
  const services = Object.entries(project.services).map(([name, service]): [string, Service] => {
    const { scale, deploy } = service;
    if (scale === undefined || deploy === undefined) return [name, service];
    return [name, { ...service, deploy: { ...deploy, replicas: scale } }];
  });
  return { ...project, services: Object.fromEntries(services) };
}

/** Two services cannot have one container name. */
export function checkContainerNames(project: Project, tree: Mapping, places: Places): void {
  const problems = new Problems(places);
  const owners = new Map<string, string>();
  for (const { name, container_name: container } of Object.values(project.services)) {
    if (container === undefined) continue;
    const owner = owners.get(container);
    if (owner === undefined) owners.set(container, name);
    else {
      const path = ['services', name, 'container_name'];
      const message = `container name "${container}" is already in use by service "${owner}"`;
      problems.add('SPEC_CONTAINER_NAME', message, path, markAt(tree, path), { hint: 'give one of them another name' });
    }
  }
  problems.throwIfAny();
}

/** The mark of the deepest value on a path that has one. */
function markAt(tree: Mapping, path: Path): Mark {
  let value: Value | undefined = tree;
  let mark: Mark = 0;
  for (const part of path) {
    if (isMapping(value)) {
      mark = markOf(value, String(part)) || mark;
      value = value[String(part)];
    } else if (isSequence(value)) {
      mark = markOfItem(value, Number(part)) || mark;
      value = value[Number(part)];
    } else break;
  }
  return mark;
}

interface Reference {
  readonly kind: string;
  readonly section: 'networks' | 'volumes' | 'secrets' | 'configs' | 'models';
  readonly name: string;
  readonly path: Path;
}

class ConsistencyChecker {
  readonly #project: Project;
  readonly #tree: Mapping;
  readonly #problems: Problems;
  readonly #names = new Map<string, readonly string[]>();

  constructor(project: Project, tree: Mapping, problems: Problems) {
    this.#project = project;
    this.#tree = tree;
    this.#problems = problems;
  }

  service(service: Service): void {
    if (!service.build && !service.image && !service.provider)
      this.#add(
        service,
        [],
        'SPEC_NO_IMAGE',
        'has neither an image nor a build context',
        'add "image: …" or "build: …"',
        'key',
      );
    this.#build(service);
    for (const reference of referencesOf(service)) this.#reference(service, reference);
    this.#namespaces(service);
    this.#dependencies(service);
    this.#healthcheck(service);
    this.#scale(service);
    this.#limits(service);
    this.#watch(service);
    this.#mountPoints(service);
  }

  secrets(): void {
    for (const [name, secret] of Object.entries(this.#project.secrets)) {
      if (secret.external || secret.file || secret.environment) continue;
      const path = ['secrets', name];
      const message = 'needs "file" or "environment"';
      this.#problems.add('SPEC_MISSING', message, path, markAt(this.#tree, path), { part: 'key' });
    }
  }

  /** Walks the dependencies depth first, without recursion: a chain may be as long as the file. */
  cycles(): void {
    const { services } = this.#project;
    const finished = new Set<string>();
    const edges = (name: string): string[] =>
      Object.keys(services[name]?.depends_on ?? {})
        .filter((to) => services[to])
        .reverse();
    for (const start of Object.keys(services)) {
      if (finished.has(start)) continue;
      const chain = [start];
      const left = new Map([[start, edges(start)]]);
      for (let at = chain.at(-1); at !== undefined; at = chain.at(-1)) {
        const next = left.get(at)?.pop();
        if (next === undefined) {
          finished.add(at);
          left.delete(at);
          chain.pop();
        } else if (left.has(next)) this.#cycle(chain, next);
        else if (!finished.has(next)) {
          left.set(next, edges(next));
          chain.push(next);
        }
      }
    }
  }

  #cycle(chain: readonly string[], again: string): void {
    const cycle = [...chain.slice(chain.indexOf(again)), again];
    const path = ['services', chain.at(-1) ?? again, 'depends_on', again];
    const message = `depends on itself: ${cycle.join(' → ')}`;
    const hint = 'remove one of these dependencies';
    this.#problems.add('SPEC_DEPENDENCY_CYCLE', message, path, markAt(this.#tree, path), { hint });
  }

  #add(service: Service, path: Path, code: string, message: string, hint?: string, part?: 'key'): void {
    const full = ['services', service.name, ...path];
    const details = { hint, ...(part === undefined ? {} : { part }) };
    this.#problems.add(code, message, full, markAt(this.#tree, full), details);
  }

  /** Listed once: there may be tens of thousands, and hundreds of problems. */
  #namesIn(section: Reference['section'] | 'services'): readonly string[] {
    const names = this.#names.get(section) ?? Object.keys(this.#project[section]);
    this.#names.set(section, names);
    return names;
  }

  #reference(service: Service, { kind, section, name, path }: Reference): void {
    if (Object.hasOwn(this.#project[section], name)) return;
    const hint = suggestion(name, this.#namesIn(section), `declare it under the top-level "${section}"`);
    this.#add(service, path, 'SPEC_UNDECLARED', `${kind} "${name}" is not declared`, hint);
  }

  #build(service: Service): void {
    const { build, platform } = service;
    if (!build) return;
    if (build.dockerfile && build.dockerfile_inline) {
      const message = '"dockerfile" and "dockerfile_inline" exclude each other';
      this.#add(service, ['build', 'dockerfile_inline'], 'SPEC_EXCLUSIVE', message, 'keep one of them', 'key');
    }
    for (const [context, source] of Object.entries(build.additional_contexts ?? {})) {
      if (!source.startsWith('service:')) continue;
      const name = source.slice('service:'.length);
      const target = this.#project.services[name];
      const path = ['build', 'additional_contexts', context];
      if (!target) this.#unknownService(service, name, path, `additional context "${context}" names`);
      else if (!target.build)
        this.#add(
          service,
          path,
          'SPEC_CONTEXT',
          `additional context "${context}" names service "${name}", which is not built`,
        );
    }
    if (platform && build.platforms && !build.platforms.includes(platform)) {
      const message = `"build.platforms" does not include the platform of the service, "${platform}"`;
      this.#add(service, ['build', 'platforms'], 'SPEC_PLATFORM', message, 'add it there');
    }
  }

  #unknownService(service: Service, name: string, path: Path, says: string): void {
    const disabled = this.#project.disabledServices[name];
    const hint = disabled
      ? `enable it with --profile ${disabled.profiles?.[0] ?? '*'}, or write "required: false" beside its condition`
      : suggestion(name, this.#namesIn('services'), 'declare it under "services"');
    const state = disabled ? 'is disabled' : 'is not declared';
    this.#add(service, path, 'SPEC_UNDECLARED', `${says} service "${name}", which ${state}`, hint);
  }

  #namespaces(service: Service): void {
    const { network_mode: mode, networks } = service;
    if (mode === undefined) return;
    if (networks && Object.keys(networks).length > 0) {
      const message = '"network_mode" and "networks" exclude each other';
      this.#add(service, ['network_mode'], 'SPEC_EXCLUSIVE', message, 'keep one of them', 'key');
    }
    const name = mode.startsWith('service:') ? mode.slice('service:'.length) : undefined;
    if (name !== undefined && !this.#project.services[name] && !service.depends_on?.[name])
      this.#unknownService(service, name, ['network_mode'], '"network_mode" names');
  }

  #dependencies(service: Service): void {
    for (const [name, dependency] of Object.entries(service.depends_on ?? {})) {
      if (this.#project.services[name]) continue;
      if (this.#project.disabledServices[name] && !dependency.required) continue;
      this.#unknownService(service, name, ['depends_on', name], 'depends on');
    }
  }

  #healthcheck(service: Service): void {
    const kind = service.healthcheck?.test?.[0];
    if (kind === undefined || ['NONE', 'CMD', 'CMD-SHELL'].includes(kind)) return;
    const message = `"healthcheck.test" must start with "CMD", "CMD-SHELL" or "NONE", not "${kind}"`;
    this.#add(
      service,
      ['healthcheck', 'test'],
      'SPEC_HEALTHCHECK',
      message,
      'write it as one text to run it in a shell',
    );
  }

  #scale(service: Service): void {
    const { scale, deploy, container_name: container } = service;
    const replicas = deploy?.replicas;
    if (scale !== undefined && replicas !== undefined && scale !== replicas) {
      const message = `"scale" is ${scale} and "deploy.replicas" is ${replicas}`;
      this.#add(service, ['scale'], 'SPEC_CONTRADICTION', message, 'keep one of them', 'key');
    }
    const attribute = scale === undefined ? ['deploy', 'replicas'] : ['scale'];
    const count = scale ?? replicas ?? 1;
    if (count < 0)
      this.#add(service, attribute, 'SPEC_RANGE', `"${attribute.join('.')}" must be at least 0, not ${count}`);
    if (count > 1 && container !== undefined) {
      const message = `"container_name" allows one container, and "${attribute.join('.')}" asks for ${count}`;
      this.#add(service, ['container_name'], 'SPEC_CONTRADICTION', message, 'remove "container_name"', 'key');
    }
  }

  /** The old limits of a service and those under `deploy` must agree wherever both are there, even if only one says a number. */
  #limits(service: Service): void {
    const { limits, reservations } = service.deploy?.resources ?? {};
    const compare = (attribute: string, own: unknown, other: string, deployed: unknown, exists: boolean): void => {
      if (own === undefined || !exists || own === deployed) return;
      const said = deployed === undefined ? 'is not set' : `is ${deployed}`;
      const message = `"${attribute}" is ${own} and "${other}" ${said}`;
      this.#add(service, [attribute], 'SPEC_CONTRADICTION', message, `say it once, in "${other}"`, 'key');
    };
    compare('cpus', service.cpus, 'deploy.resources.limits.cpus', limits?.cpus, limits !== undefined);
    compare('mem_limit', service.mem_limit, 'deploy.resources.limits.memory', limits?.memory, limits !== undefined);
    compare('pids_limit', service.pids_limit, 'deploy.resources.limits.pids', limits?.pids, limits !== undefined);
    const reserved = reservations?.memory;
    compare(
      'mem_reservation',
      service.mem_reservation,
      'deploy.resources.reservations.memory',
      reserved,
      reservations !== undefined,
    );
  }

  #watch(service: Service): void {
    for (const [index, { action, target }] of (service.develop?.watch ?? []).entries()) {
      if (target || action === 'rebuild' || action === 'restart') continue;
      const message = `"develop.watch[${index}]" needs a "target" for the action "${action}"`;
      this.#add(service, ['develop', 'watch', index], 'SPEC_MISSING', message, 'name the path inside the container');
    }
  }

  #mountPoints(service: Service): void {
    const taken = new Map<string, string>();
    const mount = (target: string, path: Path, label: string): void => {
      const earlier = taken.get(target);
      if (earlier === undefined) taken.set(target, label);
      else
        this.#add(
          service,
          path,
          'SPEC_MOUNT',
          `"${label}" mounts at "${target}", where "${earlier}" already does`,
          'remove one of the two',
        );
    };
    for (const [index, tmpfs] of (service.tmpfs ?? []).entries())
      mount(tmpfs.split(':')[0] ?? '', ['tmpfs', index], `tmpfs[${index}]`);
    for (const [index, volume] of (service.volumes ?? []).entries())
      mount(volume.target ?? '', ['volumes', index], `volumes[${index}]`);
  }
}

/** Everything declared elsewhere that a service uses by name. */
function* referencesOf(service: Service): Generator<Reference> {
  for (const name of Object.keys(service.networks ?? {}))
    yield { kind: 'network', section: 'networks', name, path: ['networks', name] };
  for (const [index, { type, source }] of (service.volumes ?? []).entries())
    if (type === 'volume' && source)
      yield { kind: 'volume', section: 'volumes', name: source, path: ['volumes', index, 'source'] };
  for (const [index, { source }] of (service.build?.secrets ?? []).entries())
    yield { kind: 'build secret', section: 'secrets', name: source ?? '', path: ['build', 'secrets', index, 'source'] };
  for (const [index, { source }] of (service.configs ?? []).entries())
    yield { kind: 'config', section: 'configs', name: source ?? '', path: ['configs', index, 'source'] };
  for (const name of Object.keys(service.models ?? {}))
    yield { kind: 'model', section: 'models', name, path: ['models', name] };
  for (const [index, { source }] of (service.secrets ?? []).entries())
    yield { kind: 'secret', section: 'secrets', name: source ?? '', path: ['secrets', index, 'source'] };
}
