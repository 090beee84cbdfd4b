// A later file over an earlier one, and an extending service over its base. The general rule: mappings merge, lists append,
// anything else is replaced; MERGE_RULES lists the exceptions (compose-reference §2.6).
import { MERGE_RULES } from './merge-rules.ts';
import { below, type Rules } from './pattern.ts';
import { type Path, type Problems, pathText } from './problems.ts';
import {
  copyMapping,
  isMapping,
  isSequence,
  kindOf,
  type Mapping,
  type Mark,
  markOf,
  marksOfItems,
  newSequence,
  put,
  type Sequence,
  type Value,
} from './tree.ts';

/** Merges two values of one attribute. Neither is changed. */
export type MergeRule = (base: Value, over: Value, merger: Merger) => Value;

/** `over` merged onto `base`: two whole models. */
export function mergeModels(base: Mapping, over: Mapping, problems: Problems): Mapping {
  return new Merger(problems, []).mappings(base, over, MERGE_RULES);
}

/** The extending service merged onto its base. */
export function mergeServices(base: Mapping, over: Mapping, name: string, problems: Problems): Mapping {
  return new Merger(problems, ['services', name]).mappings(base, over, below(below(MERGE_RULES, 'services'), name));
}

class Merger {
  readonly #problems: Problems;
  readonly #path: (string | number)[];
  /** Rules below the attribute that a rule is asked to merge. */
  #rules: Rules<MergeRule> | undefined;
  #mark: Mark = 0;

  constructor(problems: Problems, path: Path) {
    this.#problems = problems;
    this.#path = [...path];
  }

  /** Key by key; `rules` are those of the mapping itself. */
  mappings(base: Mapping, over: Mapping, rules: Rules<MergeRule> | undefined = this.#rules): Mapping {
    const merged = copyMapping(base);
    for (const key in over) {
      const theirs = over[key] as Value;
      const ours = base[key];
      if (ours === undefined) {
        put(merged, key, theirs, markOf(over, key));
        continue;
      }
      this.#path.push(key);
      const mark = markOf(over, key);
      const value = this.#values(ours, theirs, below(rules, key), mark);
      this.#path.pop();
      if (value !== ours) put(merged, key, value, mark);
    }
    return merged;
  }

  #values(base: Value, over: Value, rules: Rules<MergeRule> | undefined, mark: Mark): Value {
    if (rules?.rule) {
      const outer = this.#rules;
      const outerMark = this.#mark;
      [this.#rules, this.#mark] = [rules, mark];
      const merged = rules.rule(base, over, this);
      [this.#rules, this.#mark] = [outer, outerMark];
      return merged;
    }
    if (over === null) return base;
    if (isMapping(base)) return isMapping(over) ? this.mappings(base, over, rules) : this.mismatch(base, over, mark);
    if (isSequence(base)) return isSequence(over) ? concat(base, over) : this.mismatch(base, over, mark);
    return over;
  }

  /** Reports that the two sides are of kinds that do not merge; the base stays. */
  mismatch(base: Value, over: Value, mark = this.#mark): Value {
    const message = `"${pathText(this.#path)}": cannot merge a ${kindOf(over)} onto a ${kindOf(base)}`;
    const hint = `write a ${kindOf(base)} here too, or replace it with "!override"`;
    this.#problems.add('SPEC_MERGE', message, this.#path, mark, { hint });
    return base;
  }
}

/** Both lists, one after the other. */
export function concat(base: Sequence, over: Sequence): Sequence {
  const marks = [...base.map((_, index) => marksOfItems(base)[index] ?? 0), ...marksOfItems(over)];
  return newSequence([...base, ...over], marks);
}
