// SERVICE arguments: names or patterns (`web*`, `db[12]`) of the project's services.
import type { ObservedContainer } from '../engine/engine.ts';
import { serviceOf } from '../engine/project-container.ts';
import { UsageError } from '../errors.ts';
import type { Project } from '../model.ts';
import { noSuchService } from '../no-such-service.ts';
import { isPattern, servicePattern } from '../service-pattern.ts';
import { nearest } from '../suggest.ts';
import type { CommandContext } from './context.ts';
import type { NamedProject } from './project-name.ts';

/** The services that the arguments name, each once, in the arguments' order. Throws for one that names none. */
export function expandServices(names: readonly string[], args: readonly string[]): string[] {
  const found = new Set<string>();
  for (const argument of args) {
    const matches = matchingServices(names, argument);
    if (matches.length === 0) throw noSuchService(argument, names);
    for (const name of matches) found.add(name);
  }
  return [...found];
}

/** The services that one argument names: none, where it is no name of theirs. Throws for a pattern that is none. */
export function matchingServices(names: readonly string[], argument: string): string[] {
  if (names.includes(argument)) return [argument];
  if (!isPattern(argument)) return [];
  const expression = servicePattern(argument);
  if (expression === undefined)
    throw new UsageError(`syntax error in pattern "${argument}"`, {
      hint: 'close brackets with "]", and write ranges upwards, as in [a-c]',
    });
  return names.filter((name) => expression.test(name));
}

/** Names of every service in the files, whether its profile is on or not. */
export const serviceNames = (project: Project): string[] =>
  [...Object.keys(project.services), ...Object.keys(project.disabledServices)].sort();

/** What a command says of a name that nothing of the project goes by, where no file tells whether it is a service. */
export function noContainerOf(name: string, project: string, known: readonly string[]): string {
  const guess = nearest(name, known);
  const question = guess === undefined ? '' : `; did you mean "${guess}"?`;
  return `project "${project}" has no container of service "${name}"${question}`;
}

/**
 * For commands that show what is there: tells of arguments that are no service of the files and that no container goes by.
 * @throws WindlassError where the files say so; without them it is a warning, since a service's containers may be gone
 */
export function checkServices(
  context: Pick<CommandContext, 'warn'>,
  args: readonly string[],
  { name, project }: NamedProject,
  containers: readonly ObservedContainer[],
): void {
  const running = [...new Set(containers.map(serviceOf))];
  const known = [...running, ...(project === undefined ? [] : serviceNames(project))];
  for (const argument of args) {
    if (known.includes(argument)) continue;
    if (project !== undefined) throw noSuchService(argument, [...new Set(known)]);
    context.warn(noContainerOf(argument, name, running));
  }
}
