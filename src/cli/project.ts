// Which project a command works on, and which of its services were named.
import { messageOf, WindlassError } from '../errors.ts';
import type { Project } from '../model.ts';
import { usesModels } from '../planner/models.ts';
import { isPattern } from '../service-pattern.ts';
import type { LoadOptions } from '../spec/load.ts';
import type { CommandContext } from './context.ts';
import { projectFromLabels } from './labels-project.ts';
import { expandServices, matchingServices, noContainerOf, serviceNames } from './service-arguments.ts';

export interface Target {
  readonly project: Project;
  /** The services the arguments name, patterns resolved; empty = all. */
  readonly services: readonly string[];
  /** True when there was no Compose file and the project was rebuilt from labels. */
  readonly rebuilt: boolean;
}

/** The project of the Compose files. Naming a service switches its profiles on. */
export async function loadTarget(
  context: CommandContext,
  args: readonly string[],
  options: Partial<LoadOptions> = {},
): Promise<Target> {
  connectMeanwhile(context);
  if (!args.some(isPattern)) {
    const project = await context.loadProject({ ...options, services: args });
    return { project, services: expandServices(serviceNames(project), args), rebuilt: false };
  }
  const all = await context.loadProject(options);
  const services = expandServices(serviceNames(all), args);
  const needsProfile = services.some((name) => all.disabledServices[name] !== undefined);
  return {
    project: needsProfile ? await context.loadProject({ ...options, services }) : all,
    services,
    rebuilt: false,
  };
}

/** The same for commands that make containers: what services are to be told of their models is found out. */
export async function loadRunnable(
  context: CommandContext,
  args: readonly string[],
  how: { readonly look?: boolean } = {},
): Promise<Target> {
  const target = await loadTarget(context, args);
  if (!usesModels(target.project)) return target;
  const { withModels } = await import('./models.ts');
  return { ...target, project: await withModels(context, target.project, how) };
}

/**
 * The project of the Compose files, or, with only a name to go by, as its containers' labels tell it. As in docker compose, `-p`
 * without `-f` looks at labels alone, and COMPOSE_PROJECT_NAME stands in when the files cannot be read. Env files are not read: no
 * container is made of it.
 */
export async function loadOrRebuildTarget(
  context: CommandContext,
  args: readonly string[],
  options: Partial<LoadOptions> = {},
): Promise<Target> {
  const { files, projectName } = context.globals;
  if (projectName !== undefined && files.length === 0) return rebuild(context, projectName, args);
  try {
    return await loadTarget(context, args, { resolveEnvironment: false, ...options });
  } catch (error) {
    const name = context.env.COMPOSE_PROJECT_NAME;
    if (!(error instanceof WindlassError) || error.code === 'NO_SUCH_SERVICE' || !name) throw error;
    context.warn(`using what runs of project "${name}" instead of its files: ${messageOf(error)}`);
    return rebuild(context, name, args);
  }
}

/**
 * Begins to connect while the files are read, where the project's name has no say in which engine it is, and none would be started.
 * A failure is told when the engine is asked for.
 */
function connectMeanwhile(context: CommandContext): void {
  if (context.env.DOCKER_HOST || context.globals.engine === 'docker') context.engine().catch(() => {});
}

async function rebuild(context: CommandContext, name: string, args: readonly string[]): Promise<Target> {
  const engine = await context.engine(name.toLowerCase());
  const project = projectFromLabels(await engine.observe(name.toLowerCase(), context.signal));
  const known = serviceNames(project);
  const services = new Set<string>();
  for (const argument of args) {
    const meant = matchingServices(known, argument);
    for (const service of meant) services.add(service);
    // A slip, or a service whose containers are gone: without a file nobody can tell.
    if (meant.length === 0) context.warn(noContainerOf(argument, project.name, known));
  }
  // To the commands, no names mean all services: here they are to mean none.
  const target = args.length > 0 && services.size === 0 ? withoutResources(project) : project;
  return { project: target, services: [...services], rebuilt: true };
}

const withoutResources = (project: Project): Project => ({
  ...project,
  services: {},
  disabledServices: { ...project.disabledServices, ...project.services },
  networks: {},
  volumes: {},
});
