// Tables of rules by path pattern, compiled into a tree that is walked beside the value: `services.*.ports`, with `*` for any
// key or item and `[]` for an item of a list only.

/** One level of a compiled table; branches that hold no rule do not exist, so walkers skip what no rule concerns. */
export interface Rules<T> {
  readonly rule: T | undefined;
  readonly keys: ReadonlyMap<string, Rules<T>>;
  readonly any: Rules<T> | undefined;
}

interface Building<T> {
  rule: T | undefined;
  keys: Map<string, Building<T>>;
  any: Building<T> | undefined;
}

const empty = <T>(): Building<T> => ({ rule: undefined, keys: new Map(), any: undefined });

export function compileRules<T>(table: Readonly<Record<string, T>>): Rules<T> {
  const root = empty<T>();
  for (const [pattern, rule] of Object.entries(table)) {
    let at = root;
    for (const part of pattern.split('.')) {
      let next = part === '*' ? at.any : at.keys.get(part);
      if (!next) {
        next = empty<T>();
        if (part === '*') at.any = next;
        else at.keys.set(part, next);
      }
      at = next;
    }
    at.rule = rule;
  }
  return root;
}

/** The rules below a key of a mapping; for an item of a list, the key is `[]`. */
export const below = <T>(rules: Rules<T> | undefined, key: string): Rules<T> | undefined =>
  rules && (rules.keys.get(key) ?? rules.any);

export const ITEM = '[]';
