// The walk that the later stages share: asks a table of rules, path by path, what a value becomes.
import { below, ITEM, type Rules } from './pattern.ts';
import {
  copyMapping,
  isMapping,
  isSequence,
  type Mapping,
  type Mark,
  markOf,
  markOfItem,
  marksOfItems,
  newSequence,
  type Value,
} from './tree.ts';

/** What a value becomes; it is not looked into any further. */
export type Transform = (value: Value, path: readonly (string | number)[], mark: Mark) => Value;

/** A new tree in which every value that has a rule is replaced by what the rule gives. */
export function transformTree(tree: Mapping, rules: Rules<Transform>): Mapping {
  return transformMapping(tree, rules, []);
}

function transformMapping(mapping: Mapping, rules: Rules<Transform>, path: (string | number)[]): Mapping {
  let out: Mapping | undefined;
  for (const key in mapping) {
    const inner = below(rules, key);
    if (!inner) continue;
    const before = mapping[key] as Value;
    path.push(key);
    const after = transformValue(before, inner, path, markOf(mapping, key));
    path.pop();
    if (after === before) continue;
    out ??= copyMapping(mapping);
    out[key] = after;
  }
  return out ?? mapping;
}

function transformValue(value: Value, rules: Rules<Transform>, path: (string | number)[], mark: Mark): Value {
  if (rules.rule) return rules.rule(value, path, mark);
  if (isMapping(value)) return transformMapping(value, rules, path);
  if (!isSequence(value)) return value;
  const inner = below(rules, ITEM);
  if (!inner) return value;
  let out: Value[] | undefined;
  for (let index = 0; index < value.length; index++) {
    const before = value[index] as Value;
    path.push(index);
    const after = transformValue(before, inner, path, markOfItem(value, index));
    path.pop();
    if (after === before) continue;
    out ??= [...value];
    out[index] = after;
  }
  return out ? newSequence(out, marksOfItems(value)) : value;
}

/** A copy of a mapping with entries added where they are missing. */
export function withDefaults(mapping: Mapping, defaults: Readonly<Record<string, Value>>): Mapping {
  let out: Mapping | undefined;
  for (const [key, value] of Object.entries(defaults)) {
    if (mapping[key] !== undefined) continue;
    out ??= copyMapping(mapping);
    out[key] = value;
  }
  return out ?? mapping;
}
