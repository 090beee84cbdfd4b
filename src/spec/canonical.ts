// Short forms → the long ones. The table says what is rewritten; values that are already long are shared.
import { goText } from './go-text.ts';
import { below, compileRules, ITEM, type Rules } from './pattern.ts';
import { type Path, type Problems, pathText } from './problems.ts';
import { parsePorts } from './short-port.ts';
import { parseVolume } from './short-volume.ts';
import {
  copyMapping,
  isMapping,
  isSequence,
  kindOf,
  type Mapping,
  type Mark,
  markOf,
  markOfItem,
  marksOfItems,
  newMapping,
  newSequence,
  put,
  type Sequence,
  type Value,
} from './tree.ts';
import type { Warnings } from './warnings.ts';

export interface CanonicalContext {
  readonly problems: Problems;
  readonly warnings: Warnings;
  /** Variables are still in the texts: what cannot be read stays as it is. */
  readonly lenient: boolean;
}

interface Place {
  readonly path: Path;
  readonly mark: Mark;
  readonly context: CanonicalContext;
}

/** Rewrites one value; children are rewritten after it. */
type Rewrite = (value: Value, place: Place) => Value;

/** The model in long form. Empty `dns` entries are left out. */
export function toCanonical(model: Mapping, context: CanonicalContext): Mapping {
  return new Canonicaliser(context).mapping(model, REWRITES);
}

class Canonicaliser {
  readonly #context: CanonicalContext;
  readonly #path: (string | number)[] = [];

  constructor(context: CanonicalContext) {
    this.#context = context;
  }

  mapping(mapping: Mapping, rules: Rules<Rewrite>): Mapping {
    let out: Mapping | undefined;
    for (const key in mapping) {
      const inner = below(rules, key);
      if (!inner) continue;
      const before = mapping[key] as Value;
      this.#path.push(key);
      const after = this.#value(before, inner, markOf(mapping, key));
      this.#path.pop();
      if (after === before) continue;
      out ??= copyMapping(mapping);
      out[key] = after;
    }
    return out ?? mapping;
  }

  #sequence(sequence: Sequence, rules: Rules<Rewrite>): Sequence {
    const inner = below(rules, ITEM);
    if (!inner) return sequence;
    let out: Value[] | undefined;
    for (let index = 0; index < sequence.length; index++) {
      const before = sequence[index] as Value;
      this.#path.push(index);
      const after = this.#value(before, inner, markOfItem(sequence, index));
      this.#path.pop();
      if (after === before) continue;
      out ??= [...sequence];
      out[index] = after;
    }
    return out ? newSequence(out, marksOfItems(sequence)) : sequence;
  }

  #value(value: Value, rules: Rules<Rewrite>, mark: Mark): Value {
    const rewritten = rules.rule ? rules.rule(value, { path: this.#path, mark, context: this.#context }) : value;
    if (rewritten === null || typeof rewritten !== 'object') return rewritten;
    if (isMapping(rewritten)) return this.mapping(rewritten, rules);
    return isSequence(rewritten) ? this.#sequence(rewritten, rules) : rewritten;
  }
}

/** A mapping of plain entries, all at one place. */
function mappingOf(entries: object, mark: Mark): Mapping {
  const mapping = newMapping();
  for (const [key, value] of Object.entries(entries))
    put(mapping, key, typeof value === 'object' && value !== null ? mappingOf(value, mark) : (value as Value), mark);
  return mapping;
}

function wrongKind(value: Value, expected: string, { path, mark, context }: Place): Value {
  context.problems.add('SPEC_TYPE', `"${pathText(path)}" must be ${expected}, not a ${kindOf(value)}`, path, mark);
  return value;
}

const stringToList: Rewrite = (value, { mark }) => (typeof value === 'string' ? newSequence([value], [mark]) : value);

/** Text or something else that Go prints as text. */
const anyToText: Rewrite = (value) => (typeof value === 'string' ? value : goText(value));

const stringTo =
  (key: string, expected: string): Rewrite =>
  (value, place) => {
    if (typeof value === 'string') return mappingOf({ [key]: value }, place.mark);
    return isMapping(value) ? value : wrongKind(value, expected, place);
  };

const fileReference = stringTo('source', 'a name or a mapping');

const keyValues: Rewrite = (value, place) => {
  if (isMapping(value)) return value;
  if (!isSequence(value)) return wrongKind(value, 'a mapping or a list of key=value', place);
  const mapping = newMapping();
  for (const [index, item] of value.entries()) {
    const equals = typeof item === 'string' ? item.indexOf('=') : -1;
    const mark = markOfItem(value, index);
    if (typeof item !== 'string' || equals < 0) {
      if (place.context.lenient) return value;
      const message = `"${pathText(place.path)}": "${goText(item)}" has no "="`;
      place.context.problems.add('SPEC_VALUE', message, place.path, mark, { hint: 'write name=value' });
      continue;
    }
    put(mapping, item.slice(0, equals), item.slice(equals + 1), mark);
  }
  return mapping;
};

const dependsOn: Rewrite = (value, place) => {
  if (!isMapping(value) && !isSequence(value)) return wrongKind(value, 'a list or a mapping', place);
  const out = newMapping();
  if (isSequence(value)) {
    for (const [index, name] of value.entries())
      if (typeof name === 'string')
        put(out, name, mappingOf({ condition: 'service_started', required: true }, 0), markOfItem(value, index));
    return out;
  }
  for (const name of Object.keys(value)) {
    const before = value[name] as Value;
    if (!isMapping(before)) return wrongKind(before, 'a mapping', { ...place, path: [...place.path, name] });
    const dependency = copyMapping(before);
    dependency.condition ??= 'service_started';
    if (dependency.required === undefined) dependency.required = true;
    put(out, name, dependency, markOf(value, name));
  }
  return out;
};

const envFile: Rewrite = (value, place) => {
  if (typeof value !== 'string' && !isSequence(value)) return wrongKind(value, 'a path or a list', place);
  const list = isSequence(value) ? value : newSequence([value], [place.mark]);
  const items = list.map((item, index): Value => {
    if (typeof item === 'string') return mappingOf({ path: item, required: true }, markOfItem(list, index));
    if (!isMapping(item) || item.required !== undefined) return item;
    const entry = copyMapping(item);
    entry.required = true;
    return entry;
  });
  return newSequence(items, marksOfItems(list));
};

const gpus: Rewrite = (value, place) => {
  if (isSequence(value)) return value;
  if (typeof value !== 'string') return wrongKind(value, '"all" or a list', place);
  return newSequence([mappingOf({ count: 'all' }, place.mark)], [place.mark]);
};

const namesToMapping: Rewrite = (value) => {
  if (!isSequence(value)) return value;
  const mapping = newMapping();
  for (const [index, name] of value.entries())
    if (typeof name === 'string') put(mapping, name, null, markOfItem(value, index));
  return mapping;
};

const volumeMount: Rewrite = (value, place) => {
  if (isMapping(value)) return value;
  if (typeof value !== 'string') return wrongKind(value, 'a text or a mapping', place);
  const volume = parseVolume(value);
  if ('problem' in volume) {
    if (place.context.lenient) return value;
    place.context.problems.add('SPEC_VOLUME', `"${pathText(place.path)}": ${volume.problem}`, place.path, place.mark);
    return value;
  }
  const target = volume.target === undefined ? {} : { target: cleanPath(volume.target) };
  return mappingOf({ ...volume, ...target }, place.mark);
};

const device: Rewrite = (value, place) => {
  if (isMapping(value)) return value;
  if (typeof value !== 'string') return wrongKind(value, 'a text or a mapping', place);
  const parts = value.split(':');
  if (parts.length > 3) {
    if (!place.context.lenient) {
      const hint = 'use the long form: source, target, permissions';
      const message = `"${pathText(place.path)}": "${value}" has too many colons`;
      place.context.problems.add('SPEC_DEVICE', message, place.path, place.mark, { hint });
    }
    return mappingOf({ source: '', target: '', permissions: 'rwm' }, place.mark);
  }
  const [source = '', target, permissions = 'rwm'] = parts;
  return mappingOf({ source, target: target || source, permissions }, place.mark);
};

const ports: Rewrite = (value, place) => {
  if (!isSequence(value)) return wrongKind(value, 'a list', place);
  const items: Value[] = [];
  const marks: Mark[] = [];
  for (const [index, item] of value.entries()) {
    const mark = markOfItem(value, index);
    const here = { ...place, path: [...place.path, index], mark };
    if (isMapping(item)) {
      items.push(item);
      marks.push(mark);
      continue;
    }
    const text = typeof item === 'number' && Number.isInteger(item) ? String(item) : item;
    if (typeof text !== 'string') {
      wrongKind(item, 'a port, a text or a mapping', here);
      continue;
    }
    const parsed = parsePorts(text);
    if ('problem' in parsed) {
      if (place.context.lenient && typeof item === 'string') return value;
      const message = `"${pathText(here.path)}": ${parsed.problem}`;
      place.context.problems.add('SPEC_PORT', message, here.path, mark, { hint: parsed.hint });
      continue;
    }
    for (const port of parsed) {
      items.push(mappingOf(port, mark));
      marks.push(mark);
    }
  }
  return newSequence(items, marks);
};

const ssh: Rewrite = (value, place) => {
  if (isMapping(value)) return value;
  if (!isSequence(value)) return wrongKind(value, 'a mapping or a list', place);
  const keys = newMapping();
  for (const [index, item] of value.entries()) {
    const text = goText(item);
    const equals = text.indexOf('=');
    const mark = markOfItem(value, index);
    if (equals >= 0) put(keys, text.slice(0, equals), text.slice(equals + 1), mark);
    else if (text === 'default') put(keys, text, null, mark);
    else {
      const hint = `write "${text}=PATH", or "default" for the agent`;
      place.context.problems.add('SPEC_SSH', `"${text}" has no path`, place.path, mark, { hint });
    }
  }
  return keys;
};

const ulimit: Rewrite = (value, place) => {
  if (isMapping(value) || (typeof value === 'number' && Number.isInteger(value))) return value;
  return wrongKind(value, 'a whole number or a mapping', place);
};

/** The old way to name an external resource: `external: {name: x}`. */
const external: Rewrite = (value, { path, mark, context }) => {
  if (!isMapping(value) || !isMapping(value.external)) return value;
  const name = value.external.name;
  const resource = copyMapping(value);
  resource.external = true;
  if (name === undefined) return resource;
  const at = markOf(value, 'external') || mark;
  const hint = 'write "name: …" beside "external: true"';
  context.warnings.add('SPEC_EXTERNAL_NAME', '"external.name" is deprecated', path, at, { hint });
  if (value.name === undefined) put(resource, 'name', name, markOf(value.external, 'name'));
  else if (value.name !== name)
    context.problems.add('SPEC_EXTERNAL_NAME', '"name" and "external.name" differ', path, at, {
      hint: 'keep only "name"',
    });
  return resource;
};

const withoutEmptyItems: Rewrite = (value, place) => {
  const list = stringToList(value, place);
  if (!isSequence(list) || !list.some((item) => item === '' || item === null)) return list;
  const kept = [...list.keys()].filter((index) => list[index] !== '' && list[index] !== null);
  return newSequence(
    kept.map((index) => list[index] as Value),
    kept.map((index) => markOfItem(list, index)),
  );
};

const REWRITES: Rules<Rewrite> = compileRules<Rewrite>({
  'services.*.build': stringTo('context', 'a path or a mapping'),
  'services.*.build.secrets.*': fileReference,
  'services.*.build.provenance': anyToText,
  'services.*.build.sbom': anyToText,
  'services.*.build.additional_contexts': keyValues,
  'services.*.build.ssh': ssh,
  'services.*.build.ulimits.*': ulimit,
  'services.*.depends_on': dependsOn,
  'services.*.env_file': envFile,
  'services.*.label_file': stringToList,
  'services.*.extends': stringTo('service', 'a service name or a mapping'),
  'services.*.gpus': gpus,
  'services.*.networks': namesToMapping,
  'services.*.models': namesToMapping,
  'services.*.volumes.*': volumeMount,
  'services.*.dns': withoutEmptyItems,
  'services.*.devices.*': device,
  'services.*.secrets.*': fileReference,
  'services.*.configs.*': fileReference,
  'services.*.ports': ports,
  'services.*.ulimits.*': ulimit,
  'services.*.develop.watch.*.ignore': stringToList,
  'services.*.develop.watch.*.include': stringToList,
  'volumes.*': external,
  'networks.*': external,
  'secrets.*': external,
  'configs.*': external,
  'include.*': stringTo('path', 'a path or a mapping'),
});

/** Go's path.Clean. */
export function cleanPath(path: string): string {
  if (path === '') return '.';
  const rooted = path.startsWith('/');
  const out: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') out.push(part);
    else if (out.length > 0 && out.at(-1) !== '..') out.pop();
    else if (!rooted) out.push(part);
  }
  return rooted ? `/${out.join('/')}` : out.join('/') || '.';
}
