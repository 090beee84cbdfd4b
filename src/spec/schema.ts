// The Compose Specification's JSON schema, applied to a located tree. Knows the keywords that schema uses and no others; where it
// gives alternatives, they differ in the kind of value, so that the value itself tells which one is meant.
import composeSchema from '../../schemas/compose-spec.json' with { type: 'json' };
import type { Path, Problems } from './problems.ts';
import * as messages from './schema-messages.ts';
import {
  isMapping,
  isSequence,
  type Mapping,
  type Mark,
  markOf,
  markOfItem,
  type Sequence,
  type Value,
} from './tree.ts';
import { GoFloat, Timestamp } from './yaml/scalar.ts';

/** A part of a JSON schema, as far as the Compose Specification's goes. */
interface JsonSchema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly patternProperties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: boolean;
  readonly items?: JsonSchema;
  readonly uniqueItems?: boolean;
  readonly oneOf?: readonly JsonSchema[];
}

/** A schema made ready: references followed, patterns compiled. */
interface Rule {
  readonly types: readonly string[] | undefined;
  readonly alternatives: readonly Rule[];
  readonly schema: JsonSchema;
  readonly properties: ReadonlyMap<string, JsonSchema>;
  readonly patterns: readonly (readonly [RegExp, JsonSchema])[];
  /** Keys that are neither properties nor match a pattern are refused. */
  readonly closed: boolean;
}

const definitions = composeSchema.definitions as unknown as Readonly<Record<string, JsonSchema>>;
const rules = new Map<JsonSchema, Rule>();

/** Reports everything in a model that the schema does not allow. */
export function validateModel(model: Mapping, problems: Problems): void {
  check(ruleOf(composeSchema as unknown as JsonSchema), model, [], 0, problems);
}

function ruleOf(schema: JsonSchema): Rule {
  const known = rules.get(schema);
  if (known) return known;
  const target = schema.$ref === undefined ? schema : (definitions[schema.$ref.replace('#/definitions/', '')] ?? {});
  if (target !== schema) {
    const rule = ruleOf(target);
    rules.set(schema, rule);
    return rule;
  }
  const rule: Rule = {
    types: schema.type === undefined ? undefined : typeof schema.type === 'string' ? [schema.type] : schema.type,
    alternatives: (schema.oneOf ?? []).map(ruleOf),
    schema,
    properties: new Map(Object.entries(schema.properties ?? {})),
    patterns: Object.entries(schema.patternProperties ?? {}).map(([text, inner]) => [new RegExp(text), inner] as const),
    closed: schema.additionalProperties === false,
  };
  rules.set(schema, rule);
  return rule;
}

function check(rule: Rule, value: Value, path: Path, mark: Mark, problems: Problems): void {
  if (rule.alternatives.length > 0) {
    const meant = rule.alternatives.find((alternative) => accepts(alternative, value));
    if (meant) check(meant, value, path, mark, problems);
    else messages.wrongType(rule.alternatives.flatMap(typesOf), value, path, mark, problems);
    return;
  }
  if (!accepts(rule, value)) messages.wrongType(rule.types ?? [], value, path, mark, problems);
  else if (isMapping(value)) checkMapping(rule, value, path, mark, problems);
  else if (isSequence(value)) checkSequence(rule, value, path, problems);
  else checkScalar(rule.schema, value, path, mark, problems);
}

const typesOf = (rule: Rule): readonly string[] => rule.types ?? rule.alternatives.flatMap(typesOf);

/** Whether a value is of a kind that the rule, or one of its alternatives, is about. */
function accepts(rule: Rule, value: Value): boolean {
  if (rule.alternatives.length > 0) return rule.alternatives.some((alternative) => accepts(alternative, value));
  return rule.types === undefined || rule.types.some((type) => isOfType(type, value));
}

function isOfType(type: string, value: Value): boolean {
  switch (type) {
    case 'string':
      return typeof value === 'string';
    case 'boolean':
      return typeof value === 'boolean';
    case 'null':
      return value === null;
    case 'object':
      return isMapping(value);
    case 'array':
      return isSequence(value);
    case 'number':
      return typeof value === 'number' || typeof value === 'bigint' || value instanceof GoFloat;
    default: {
      // A float without a fraction is an integer to JSON schema.
      const number = value instanceof GoFloat ? value.value : value;
      return typeof number === 'bigint' || Number.isInteger(number);
    }
  }
}

function checkMapping(rule: Rule, mapping: Mapping, path: Path, mark: Mark, problems: Problems): void {
  for (const key of Object.keys(mapping)) {
    const at = markOf(mapping, key) || mark;
    const inner = innerRule(rule, key);
    if (key === '__proto__') messages.reservedKey(key, path, at, problems);
    else if (inner) {
      const value = mapping[key] as Value;
      // A date is no kind of value that a schema knows.
      if (value instanceof Timestamp && !key.startsWith('x-'))
        messages.wrongType(typesOf(inner), value, [...path, key], at, problems);
      else check(inner, value, [...path, key], at, problems);
    } else if (rule.closed) messages.unknownKey(key, mapping, [...rule.properties.keys()], path, at, problems);
  }
  for (const key of rule.schema.required ?? []) {
    if (mapping[key] === undefined) messages.missingKey(key, path, mark, problems);
  }
}

function innerRule(rule: Rule, key: string): Rule | undefined {
  const property = rule.properties.get(key) ?? rule.patterns.find(([pattern]) => pattern.test(key))?.[1];
  return property && ruleOf(property);
}

function checkSequence(rule: Rule, items: Sequence, path: Path, problems: Problems): void {
  const inner = rule.schema.items && ruleOf(rule.schema.items);
  if (inner) {
    for (const [index, item] of items.entries())
      check(inner, item, [...path, index], markOfItem(items, index), problems);
  }
  if (rule.schema.uniqueItems !== true) return;
  const seen = new Set<string>();
  for (const [index, item] of items.entries()) {
    // A number and a text that says the same are one to docker compose's validator as well: `group_add: [5, "5"]`.
    const compared = typeof item === 'number' ? String(item) : item;
    const text = JSON.stringify(compared, (_, part) => (typeof part === 'bigint' ? Number(part) : part));
    if (seen.has(text)) messages.repeatedItem(item, path, markOfItem(items, index), problems);
    seen.add(text);
  }
}

function checkScalar(schema: JsonSchema, value: Value, path: Path, mark: Mark, problems: Problems): void {
  if (schema.enum !== undefined && !schema.enum.includes(value))
    messages.notAmong(schema.enum.map(String), String(value), path, mark, problems);
  if (schema.pattern !== undefined && typeof value === 'string' && !new RegExp(schema.pattern).test(value))
    messages.wrongPattern(value, path, mark, problems);
  const number = value instanceof GoFloat ? value.value : value;
  if (typeof number !== 'number') return;
  if (
    (schema.minimum !== undefined && number < schema.minimum) ||
    (schema.maximum !== undefined && number > schema.maximum)
  )
    messages.outOfRange(schema.minimum, schema.maximum, path, mark, problems);
}
