// Names in the environment → values: `environment: [NAME]`, and secrets and configs that come from a variable.
import { compileRules } from './pattern.ts';
import { type Transform, transformTree } from './transform.ts';
import { copyMapping, isMapping, isSequence, type Mapping, marksOfItems, newSequence } from './tree.ts';

/**
 * Under this key the value that a secret or config has from its variable travels until the model is decoded; no file can hold it by
 * accident. Not under `content`, which excludes `environment`: an included model is checked again as a part of the one that includes it.
 */
export const VALUE_OF_VARIABLE = 'x-#value';

export type Environment = Readonly<Record<string, string>>;

/** The model with what the environment says filled in. */
export function resolveEnvironment(model: Mapping, environment: Environment): Mapping {
  const find = (name: string): string | undefined => (Object.hasOwn(environment, name) ? environment[name] : undefined);
  const fromVariable: Transform = (value) => {
    if (!isMapping(value) || typeof value.environment !== 'string') return value;
    const found = find(value.environment);
    if (found === undefined) return value;
    const object = copyMapping(value);
    object[VALUE_OF_VARIABLE] = found;
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
      'secrets.*': fromVariable,
      'configs.*': fromVariable,
    }),
  );
}
