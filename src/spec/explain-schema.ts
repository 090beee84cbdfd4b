// Says what in a model the schema does not allow: walks model and schema side by side and reports every problem with its place.
// Understands the part of JSON Schema that schemas/compose.json uses.
import schemaFile from '../../schemas/compose.json' with { type: 'json' };
import { type Path, type Problems, pathText } from './problems.ts';
import { nearest } from './suggest.ts';
import {
  isMapping,
  isSequence,
  kindOf,
  type Mapping,
  type Mark,
  markOf,
  markOfItem,
  type Sequence,
  type Value,
} from './tree.ts';
import { GoFloat } from './yaml/scalar.ts';

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: Schema;
  readonly uniqueItems?: boolean;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean;
  readonly required?: readonly string[];
  readonly oneOf?: readonly Schema[];
}

const ROOT = schemaFile as unknown as Schema & { readonly $defs: Readonly<Record<string, Schema>> };

/** Reports all that is wrong, in the order of the file. */
export function explain(model: Mapping, problems: Problems): void {
  new Explainer(problems).check(model, ROOT, 0);
}

class Explainer {
  readonly #problems: Problems;
  readonly #path: (string | number)[] = [];

  constructor(problems: Problems) {
    this.#problems = problems;
  }

  check(value: Value, given: Schema, mark: Mark): void {
    const schema = dereference(given);
    const types = typesOf(schema);
    if (schema.oneOf) this.#oneOf(value, schema.oneOf, mark);
    else if (types.length > 0 && !types.some((type) => isOfType(value, type))) this.#wrongType(value, types, mark);
    else if (schema.enum && !schema.enum.includes(value)) this.#notListed(value, schema.enum, mark);
    else if (isMapping(value)) this.#mapping(value, schema, mark);
    else if (isSequence(value)) this.#sequence(value, schema, mark);
    else this.#scalar(value, schema, mark);
  }

  /** The branch for the value's own kind decides what to say. */
  #oneOf(value: Value, branches: readonly Schema[], mark: Mark): void {
    const fitting = branches.map(dereference).filter((branch) => accepts(branch, value));
    const [branch] = fitting;
    if (branch) this.check(value, branch, mark);
    else this.#wrongType(value, [...new Set(branches.flatMap((each) => kindsOf(each)))], mark);
  }

  #mapping(value: Mapping, schema: Schema, mark: Mark): void {
    for (const key of Object.keys(value)) {
      const inner = schemaOfKey(schema, key);
      const at = markOf(value, key) || mark;
      this.#path.push(key);
      if (inner) this.check(value[key] as Value, inner, at);
      else if (schema.additionalProperties === false) this.#unknownKey(key, schema, at);
      this.#path.pop();
    }
    for (const key of schema.required ?? [])
      if (value[key] === undefined) {
        const where = this.#path.length > 2 ? `"${pathText(this.#path)}" needs ` : 'needs ';
        this.#add('SPEC_MISSING', `${where}"${key}"`, mark, { part: 'key', hint: `add "${key}: …"` });
      }
  }

  #sequence(value: Sequence, schema: Schema, mark: Mark): void {
    const seen = new Map<string, number>();
    for (const [index, item] of value.entries()) {
      const at = markOfItem(value, index) || mark;
      this.#path.push(index);
      if (schema.items) this.check(item, schema.items, at);
      this.#path.pop();
      if (!schema.uniqueItems) continue;
      const key = identity(item);
      const earlier = seen.get(key);
      if (earlier === undefined) seen.set(key, index);
      else {
        const message = `"${pathText(this.#path)}": items ${earlier + 1} and ${index + 1} are the same`;
        this.#add('SPEC_DUPLICATE', message, at, { hint: 'remove one of the two' });
      }
    }
  }

  #scalar(value: Value, schema: Schema, mark: Mark): void {
    if (typeof value === 'string') {
      if (schema.pattern !== undefined && !new RegExp(schema.pattern, 'u').test(value))
        this.#badText(value, schema.pattern, mark);
      return;
    }
    const number = typeof value === 'number' ? value : value instanceof GoFloat ? value.value : undefined;
    if (number === undefined) return;
    const name = pathText(this.#path);
    if (schema.minimum !== undefined && number < schema.minimum)
      this.#add('SPEC_RANGE', `"${name}" must be at least ${schema.minimum}, not ${number}`, mark);
    if (schema.maximum !== undefined && number > schema.maximum)
      this.#add('SPEC_RANGE', `"${name}" must be at most ${schema.maximum}, not ${number}`, mark);
  }

  #badText(value: string, pattern: string, mark: Mark): void {
    const text = `"${pathText(this.#path)}" cannot be ${JSON.stringify(value)}`;
    const expected = /^[\w|]+\|/.exec(pattern)?.[0];
    const hint =
      expected === undefined
        ? `it must match ${pattern}`
        : `use ${pattern
            .replace(/\|every_.*$/, '')
            .split('|')
            .join(', ')} or every_<time>`;
    this.#add('SPEC_VALUE', text, mark, { hint });
  }

  #wrongType(value: Value, types: readonly string[], mark: Mark): void {
    const path = pathText(this.#path);
    const expected = listOf([...new Set(types.map((type) => TYPE_NAMES[type] ?? type))]);
    const what = path === '' ? 'must be' : `"${path}" must be`;
    this.#add('SPEC_TYPE', `${what} ${expected}, not a ${kindOf(value)}`, mark, { hint: typeHint(value, types) });
  }

  #notListed(value: Value, allowed: readonly unknown[], mark: Mark): void {
    const words = allowed.map(String);
    const near = typeof value === 'string' ? nearest(value, words) : undefined;
    const hint = near === undefined ? `use ${listOf(words.map((word) => `"${word}"`))}` : `did you mean "${near}"?`;
    this.#add('SPEC_VALUE', `"${pathText(this.#path)}" cannot be ${JSON.stringify(value)}`, mark, { hint });
  }

  #unknownKey(key: string, schema: Schema, mark: Mark): void {
    const patterns = Object.keys(schema.patternProperties ?? {}).filter((pattern) => pattern !== '^x-');
    if (patterns.length > 0) {
      const message = `"${key}" is not a valid name here`;
      this.#add('SPEC_NAME', message, mark, { part: 'key', hint: 'use letters, digits, ".", "_" and "-"' });
      return;
    }
    const near = nearest(key, Object.keys(schema.properties ?? {}));
    const parent = this.#path.slice(0, -1);
    const inside = pathText(parent);
    const where = parent.length > 2 ? ` in "${inside}"` : parent.length === 0 ? ' at the top level' : '';
    const hint = near === undefined ? elsewhere(key, parent) : `did you mean "${near}"?`;
    this.#add('SPEC_UNKNOWN_KEY', `unknown key "${key}"${where}`, mark, { part: 'key', hint });
  }

  #add(code: string, message: string, mark: Mark, details: { part?: 'key'; hint?: string | undefined } = {}): void {
    this.#problems.add(code, message, this.#path as Path, mark, details);
  }
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  object: 'a mapping',
  array: 'a list',
  string: 'a text',
  boolean: 'true or false',
  integer: 'a whole number',
  number: 'a number',
  null: 'empty',
};

/** Where a key would be allowed, if that can be told. */
function elsewhere(key: string, parent: Path): string | undefined {
  const service = ROOT.$defs.service?.properties ?? {};
  if (parent.length === 0)
    return key in service
      ? `"${key}" belongs to a service: indent it below one, under "services"`
      : 'a key of your own starts with "x-"';
  if (parent[0] === 'services' && parent.length === 2) {
    for (const nested of ['build', 'deploy', 'healthcheck', 'logging'])
      if (key in (innerMapping(service[nested])?.properties ?? {})) return `declare it under "${nested}"`;
    if (key in (ROOT.properties ?? {})) return `"${key}" belongs to the top level of the file`;
  }
  return undefined;
}

function innerMapping(schema: Schema | undefined): Schema | undefined {
  if (!schema) return undefined;
  const found = dereference(schema);
  return found.oneOf?.map(dereference).find(({ type }) => type === 'object') ?? found;
}

function typeHint(value: Value, types: readonly string[]): string | undefined {
  if (value === null)
    return types.includes('object') || types.includes('array') ? 'give it a value, or remove it' : 'give it a value';
  if (types.includes('string') && !isMapping(value) && !isSequence(value)) return 'quote it';
  if (types.includes('array') && typeof value === 'string') return 'write it as a list: "- …"';
  if (types.includes('object') && isSequence(value)) return 'write "key: value" instead of "- …"';
  return undefined;
}

function listOf(words: readonly string[]): string {
  const last = words.at(-1) ?? '';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} or ${last}`;
}

function dereference(schema: Schema): Schema {
  if (schema.$ref === undefined) return schema;
  const name = schema.$ref.slice('#/$defs/'.length);
  return dereference(ROOT.$defs[name] ?? {});
}

function schemaOfKey(schema: Schema, key: string): Schema | undefined {
  const known = schema.properties?.[key];
  if (known !== undefined && Object.hasOwn(schema.properties ?? {}, key)) return known;
  for (const [pattern, inner] of Object.entries(schema.patternProperties ?? {}))
    if (new RegExp(pattern, 'u').test(key)) return inner;
  return undefined;
}

const typesOf = ({ type }: Schema): readonly string[] =>
  type === undefined ? [] : typeof type === 'string' ? [type] : type;

function kindsOf(given: Schema): readonly string[] {
  const schema = dereference(given);
  return schema.oneOf ? schema.oneOf.flatMap(kindsOf) : typesOf(schema);
}

/** Whether a branch is meant for values of this kind. */
function accepts(branch: Schema, value: Value): boolean {
  const types = kindsOf(branch);
  return types.length === 0 || types.some((type) => isOfType(value, type));
}

function isOfType(value: Value, type: string): boolean {
  switch (type) {
    case 'object':
      return isMapping(value);
    case 'array':
      return isSequence(value);
    case 'null':
      return value === null;
    case 'integer':
      if (value instanceof GoFloat) return Number.isFinite(value.value);
      return typeof value === 'bigint' || Number.isInteger(value);
    case 'number':
      if (value instanceof GoFloat) return Number.isFinite(value.value);
      return typeof value === 'bigint' || typeof value === 'number';
    default:
      return typeof value === type;
  }
}

/** The same text for values that are the same. */
function identity(value: Value): string {
  if (isMapping(value))
    return `{${Object.keys(value)
      .sort()
      .map((key) => `${JSON.stringify(key)}:${identity(value[key] as Value)}`)
      .join()}}`;
  if (isSequence(value)) return `[${value.map(identity).join()}]`;
  if (typeof value === 'bigint') return String(value);
  return JSON.stringify(value) ?? 'null';
}
