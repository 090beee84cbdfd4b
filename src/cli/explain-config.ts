// What `config --explain` prints: a line a value, with where it comes from.
import { UsageError } from '../errors.ts';
import type { ExplainedValue } from '../spec/explain.ts';

/**
 * `services.web.image: nginx:1.27  ← compose.override.yaml:4:12, TAG from .env:3, over compose.yaml:3:12`
 *
 * `wanted` are paths, with or without `services.` in front; without any, everything is told.
 * @throws UsageError when nothing is at one of them
 */
export function formatExplanation(values: readonly ExplainedValue[], wanted: readonly string[]): string {
  const chosen = wanted.length === 0 ? values : wanted.flatMap((path) => below(values, path));
  return chosen.map((value) => `${line(value)}\n`).join('');
}

function below(values: readonly ExplainedValue[], path: string): readonly ExplainedValue[] {
  for (const full of [path, `services.${path}`]) {
    const found = values.filter(
      (value) => value.path === full || ['.', '['].some((next) => value.path.startsWith(full + next)),
    );
    if (found.length > 0) return found;
  }
  throw new UsageError(`nothing is at "${path}"`, {
    hint: 'name a path such as "web.image" or "services.web.environment"',
  });
}

function line({ path, value, position, variables, overridden }: ExplainedValue): string {
  const from = position === undefined ? 'a default' : `${position.file}:${position.line}:${position.column}`;
  const parts = [
    from,
    ...variables.map(({ name, from: source }) => `${name} from ${source}`),
    ...overridden.map(({ file, line: at, column }) => `over ${file}:${at}:${column}`),
  ];
  return `${path}: ${value.includes('\n') ? JSON.stringify(value) : value}  ← ${parts.join(', ')}`;
}
