// Substitutes variables in every text of a tree, then casts the result where the attribute is no text. Keys are left alone.
import { CASTS, type Cast } from './casts.ts';
import { below, ITEM, type Rules } from './pattern.ts';
import type { Problems } from './problems.ts';
import { pathText } from './problems.ts';
import { type Lookup, substitute, TemplateError } from './template.ts';
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
  type Sequence,
  type Value,
} from './tree.ts';
import type { Warnings } from './warnings.ts';

export interface InterpolationContext {
  readonly lookup: Lookup;
  readonly problems: Problems;
  readonly warnings: Warnings;
}

/** A new tree with the variables of `document` replaced; what holds none is shared. */
export function interpolate(document: Mapping, context: InterpolationContext): Mapping {
  return new Interpolator(context).mapping(document, CASTS);
}

class Interpolator {
  readonly #context: InterpolationContext;
  readonly #path: (string | number)[] = [];

  constructor(context: InterpolationContext) {
    this.#context = context;
  }

  mapping(mapping: Mapping, rules: Rules<Cast> | undefined): Mapping {
    let out: Mapping | undefined;
    for (const key in mapping) {
      const before = mapping[key] as Value;
      if (before === null || (typeof before !== 'object' && typeof before !== 'string')) continue;
      this.#path.push(key);
      const after = this.#value(before, below(rules, key), () => markOf(mapping, key));
      this.#path.pop();
      if (after !== before) {
        out ??= copyMapping(mapping);
        out[key] = after;
      }
    }
    return out ?? mapping;
  }

  #sequence(sequence: Sequence, rules: Rules<Cast> | undefined): Sequence {
    let out: Value[] | undefined;
    for (let index = 0; index < sequence.length; index++) {
      const before = sequence[index] as Value;
      this.#path.push(index);
      const after = this.#value(before, below(rules, ITEM), () => markOfItem(sequence, index));
      this.#path.pop();
      if (after !== before) {
        out ??= [...sequence];
        out[index] = after;
      }
    }
    return out ? newSequence(out, marksOfItems(sequence)) : sequence;
  }

  #value(value: Value, rules: Rules<Cast> | undefined, mark: () => Mark): Value {
    if (typeof value === 'string') return this.#text(value, rules?.rule, mark);
    if (isMapping(value)) return this.mapping(value, rules);
    return isSequence(value) ? this.#sequence(value, rules) : value;
  }

  #text(text: string, cast: Cast | undefined, mark: () => Mark): Value {
    const result = text.includes('$') ? this.#substitute(text, mark) : text;
    if (result === undefined) return text;
    if (!cast) return result;
    const casted = cast(result);
    const { problems, warnings } = this.#context;
    if ('expected' in casted) {
      const found = result === text ? JSON.stringify(text) : `${JSON.stringify(result)} (from ${JSON.stringify(text)})`;
      problems.add(
        'SPEC_CAST',
        `"${pathText(this.#path)}" must be ${casted.expected}, not ${found}`,
        this.#path,
        mark(),
      );
      return text;
    }
    if (casted.warning !== undefined) warnings.add('SPEC_BOOLEAN', casted.warning, this.#path, mark());
    return casted.value;
  }

  /** Undefined where the text cannot be substituted; the problem has been added. */
  #substitute(text: string, mark: () => Mark): string | undefined {
    const { lookup, problems, warnings } = this.#context;
    try {
      return substitute(text, lookup, (name) => warnings.unset(name, this.#path, mark()));
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      const path = pathText(this.#path);
      const code = error.kind === 'required' ? 'SPEC_REQUIRED_VARIABLE' : 'SPEC_INTERPOLATION';
      problems.add(code, `"${path}": ${error.message}`, this.#path, mark(), { hint: error.hint });
      return undefined;
    }
  }
}
