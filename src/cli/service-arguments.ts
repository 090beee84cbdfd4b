// SERVICE arguments: names or patterns (`web*`, `db[12]`) of the project's services.
import { UsageError, WindlassError } from '../errors.ts';
import type { Project } from '../model.ts';
import { nearest } from '../suggest.ts';

export const isPattern = (argument: string): boolean => /[*?[\\]/.test(argument);

/** The services that the arguments name, each once, in the arguments' order. Throws for one that names none. */
export function expandServices(names: readonly string[], args: readonly string[]): string[] {
  const found = new Set<string>();
  for (const argument of args) {
    if (names.includes(argument)) {
      found.add(argument);
      continue;
    }
    const matcher = isPattern(argument) ? patternOf(argument) : undefined;
    const matches = matcher === undefined ? [] : names.filter((name) => matcher.test(name));
    if (matches.length === 0) throw noSuchService(argument, names);
    for (const name of matches) found.add(name);
  }
  return [...found];
}

/** Names of every service in the files, whether its profile is on or not. */
export const serviceNames = (project: Project): string[] =>
  [...Object.keys(project.services), ...Object.keys(project.disabledServices)].sort();

export function noSuchService(name: string, known: readonly string[]): WindlassError {
  const guess = nearest(name, known);
  return new WindlassError('NO_SUCH_SERVICE', `no such service: ${name}`, {
    hint:
      guess !== undefined
        ? `did you mean "${guess}"?`
        : known.length > 0
          ? `the services of this project are: ${known.join(', ')}`
          : 'the project has no services',
  });
}

/** Go's filepath.Match for names without slashes: `*`, `?`, `[a-z]`, `[^a]` and `\` before a sign. */
function patternOf(pattern: string): RegExp {
  let source = '';
  for (let index = 0; index < pattern.length; index++) {
    const sign = pattern[index] ?? '';
    if (sign === '*') source += '.*';
    else if (sign === '?') source += '.';
    else if (sign === '\\') source += literally(pattern[++index] ?? '\\');
    else if (sign === '[') {
      const end = pattern.indexOf(']', index + 2);
      if (end < 0) throw new UsageError(`syntax error in pattern "${pattern}"`, { hint: 'close the bracket with "]"' });
      source += `[${pattern.slice(index + 1, end).replace(/\\/g, '\\\\')}]`;
      index = end;
    } else source += literally(sign);
  }
  return new RegExp(`^${source}$`);
}

const literally = (sign: string): string => sign.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
