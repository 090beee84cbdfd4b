// SERVICE arguments: names or patterns (`web*`, `db[12]`) of the project's services.
import { UsageError } from '../errors.ts';
import type { Project } from '../model.ts';
import { noSuchService } from '../no-such-service.ts';
import { isPattern, servicePattern } from '../service-pattern.ts';

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
