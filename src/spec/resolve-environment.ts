// Names in the environment → values: `environment: [NAME]`, and secrets and configs that come from a variable.
import { compileRules } from './pattern.ts';
import { type Transform, transformTree } from './transform.ts';
import { copyMapping, isMapping, isSequence, type Mapping, marksOfItems, newSequence } from './tree.ts';

/** Under this key the value of a secret travels until the model is decoded; no file can hold it by accident. */
export const SECRET_VALUE = 'x-#value';

export type Environment = Readonly<Record<string, string>>;

/** The model with what the environment says filled in. */
export function resolveEnvironment(model: Mapping, environment: Environment): Mapping {
  const find = (name: string): string | undefined => (Object.hasOwn(environment, name) ? environment[name] : undefined);
  const fromVariable =
    (key: string): Transform =>
    (value) => {
      if (!isMapping(value) || typeof value.environment !== 'string') return value;
      const found = find(value.environment);
      if (found === undefined) return value;
      const object = copyMapping(value);
      object[key] = found;
      return object;
    };
  return transformTree(
    model,
    compileRules<Transform>({
      'services.*.environment': (value) => {
        if (!isSequence(value)) return value;
        const items = value.map((item) => {
          const found = typeof item === 'string' ? find(item) : undefined;
          return found === undefined ? item : `${item}=${found}`;
        });
        return newSequence(items, marksOfItems(value));
      },
      'secrets.*': fromVariable(SECRET_VALUE),
      'configs.*': fromVariable('content'),
    }),
  );
}
