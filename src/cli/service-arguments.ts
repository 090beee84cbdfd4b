// SERVICE arguments: names or patterns (`web*`, `db[12]`) of the project's services.
import { UsageError } from '../errors.ts';
import type { Project } from '../model.ts';
import { noSuchService } from '../no-such-service.ts';
import { isPattern, servicePattern } from '../service-pattern.ts';

/** The services that the arguments name, each once, in the arguments' order. Throws for one that names none. */
export function expandServices(names: readonly string[], args: readonly string[]): string[] {
  const found = new Set<string>();
  for (const argument of args) {
    if (names.includes(argument)) {
      found.add(argument);
      continue;
    }
    const matches = isPattern(argument) ? matching(names, argument) : [];
    if (matches.length === 0) throw noSuchService(argument, names);
    for (const name of matches) found.add(name);
  }
  return [...found];
}

function matching(names: readonly string[], pattern: string): string[] {
  const expression = servicePattern(pattern);
  if (expression === undefined)
    throw new UsageError(`syntax error in pattern "${pattern}"`, {
      hint: 'close brackets with "]", and write ranges upwards, as in [a-c]',
    });
  return names.filter((name) => expression.test(name));
}

/** Names of every service in the files, whether its profile is on or not. */
export const serviceNames = (project: Project): string[] =>
  [...Object.keys(project.services), ...Object.keys(project.disabledServices)].sort();
