// Which project a command is about, when its name may be enough: `-p shop` works without a Compose file.
import type { Project } from '../model.ts';
import type { CommandContext } from './context.ts';

/**
 * The project's name alone, for commands that only look at what runs. Reads the Compose files only when neither -p nor
 * COMPOSE_PROJECT_NAME gives it.
 */
export const projectName = async (context: CommandContext): Promise<string> => (await projectSeen(context)).name;

/** The same, with the project where the files had to be read. */
export async function projectSeen(context: CommandContext): Promise<NamedProject> {
  const given = context.globals.projectName ?? context.env.COMPOSE_PROJECT_NAME;
  if (given) return { name: given.toLowerCase(), project: undefined };
  const project = await context.loadProject({ profiles: ['*'], resolveEnvironment: false });
  return { name: project.name, project };
}

export interface NamedProject {
  readonly name: string;
  /** Undefined when only the name is known: -p without Compose files. */
  readonly project: Project | undefined;
}

/** The project where there are files for it, else its name. `services` are those on the command line. */
export async function projectOrName(context: CommandContext, services: readonly string[] = []): Promise<NamedProject> {
  const { globals, env } = context;
  if (globals.projectName && globals.files.length === 0)
    return { name: globals.projectName.toLowerCase(), project: undefined };
  try {
    // What only looks at containers needs no env files.
    const project = await context.loadProject({
      services,
      checkConsistency: services.length > 0,
      resolveEnvironment: false,
    });
    return { name: project.name, project };
  } catch (error) {
    if (env.COMPOSE_PROJECT_NAME) return { name: env.COMPOSE_PROJECT_NAME.toLowerCase(), project: undefined };
    throw error;
  }
}
