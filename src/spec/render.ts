// A project → the text that `config` prints, as docker compose 2.40.3 prints it: same order, same quotes, every `$` doubled.
import { JSON_NOTATION, layOut, type Notation } from '../compose-layout.ts';
import { FILE_OBJECT, MODEL, NETWORK, SERVICE, type Shape, VOLUME } from '../compose-shapes.ts';
import { byBytes, Float, goJsonIndented, type OrderedMap, type OrderedValue, Unquoted } from '../go-json.ts';
import type { FileObject, Project } from '../model.ts';
import { below, ITEM, type Rules } from './pattern.ts';
import { UNIQUE_LISTS } from './unicity.ts';
import { emitYaml } from './yaml/emit.ts';
import { naturalOrder } from './yaml/natural-order.ts';
import { GoFloat, Timestamp } from './yaml/scalar.ts';

export type ConfigFormat = 'json' | 'yaml';

const YAML_NOTATION: Notation = {
  name: 'yaml',
  order: naturalOrder,
  extension: (value) => layOutAny(value, 'yaml'),
};

/** The canonical form of a project. JSON has no line break at its end and leaves out models and the extensions below the top. */
export function renderProject(project: Project, format: ConfigFormat): string {
  return escapeDollars(format === 'json' ? projectJson(project) : projectYaml(project));
}

/** Only each service's image, as an override file that pins them. */
export function renderImages(project: Project, format: ConfigFormat): string {
  const images = Object.entries(project.services).map(([name, { image }]) => [
    name,
    { name, command: null, entrypoint: null, ...(image === undefined ? {} : { image }) },
  ]);
  const empty = { networks: {}, volumes: {}, secrets: {}, configs: {}, models: {} };
  const { workingDir, composeFiles, envFiles, environment, disabledServices, profiles } = project;
  return renderProject(
    {
      name: '',
      ...{ workingDir, composeFiles, envFiles, environment, disabledServices, profiles },
      ...empty,
      services: Object.fromEntries(images),
    },
    format,
  );
}

/** A tree that is not a project yet, as `config --no-interpolate` prints it: keys sorted, `$` as it is. */
export function renderTree(tree: unknown, format: ConfigFormat): string {
  return format === 'json' ? goJsonIndented(layOutAny(tree, format, UNIQUE_LISTS)) : emitYaml(layOutAny(tree, format));
}

function projectJson(project: Project): string {
  const entries: [string, OrderedValue][] = [
    ['name', project.name],
    ['services', section(project.services, SERVICE, JSON_NOTATION)],
  ];
  for (const [key, laid] of resources(project, JSON_NOTATION)) entries.push([key, laid]);
  for (const key of extensionsOf(project)) entries.push([key, layOutAny(project[key], 'json')]);
  return goJsonIndented(new Map(entries.sort(([a], [b]) => byBytes(a, b))));
}

function projectYaml(project: Project): string {
  const out: OrderedMap = new Map();
  if (project.name !== '') out.set('name', project.name);
  out.set('services', section(project.services, SERVICE, YAML_NOTATION));
  for (const [key, laid] of resources(project, YAML_NOTATION)) out.set(key, laid);
  const models = section(project.models, MODEL, YAML_NOTATION);
  if (models.size > 0) out.set('models', models);
  for (const key of extensionsOf(project).sort(naturalOrder)) out.set(key, layOutAny(project[key], 'yaml'));
  return emitYaml(out);
}

/** The sections beside services that have something in them. */
function resources(project: Project, notation: Notation): [string, OrderedMap][] {
  const sections: [string, OrderedMap][] = [
    ['networks', section(project.networks, NETWORK, notation)],
    ['volumes', section(project.volumes, VOLUME, notation)],
    ['secrets', section(mapValues(project.secrets, withoutContent), FILE_OBJECT, notation)],
    ['configs', section(mapValues(project.configs, withoutResolvedContent), FILE_OBJECT, notation)],
  ];
  return sections.filter(([, laid]) => laid.size > 0);
}

function section(items: Readonly<Record<string, object>>, shape: Shape, notation: Notation): OrderedMap {
  const keys = Object.keys(items).sort(notation.order);
  return new Map(keys.map((key) => [key, layOut(items[key] ?? {}, shape, notation)]));
}

/** What a secret holds is never printed. */
const withoutContent = ({ content: _, ...rest }: FileObject): FileObject => rest;

/** A config's text is printed where the file gives it, not where it came from a variable. */
const withoutResolvedContent = (config: FileObject): FileObject =>
  config.environment === undefined || config.environment === '' ? config : withoutContent(config);

function mapValues<T, U>(items: Readonly<Record<string, T>>, change: (item: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(items).map(([key, item]) => [key, change(item)]));
}

const extensionsOf = (project: Project): `x-${string}`[] =>
  Object.keys(project).filter((key): key is `x-${string}` => key.startsWith('x-'));

/** A value of unknown shape, with the keys of its maps in order. */
/** `rules` are those for the value's place in a tree: they tell lists that docker compose builds anew. */
function layOutAny(value: unknown, format: ConfigFormat, rules?: Rules<unknown>): OrderedValue {
  switch (typeof value) {
    case 'string':
    case 'boolean':
    case 'number':
    case 'bigint':
      return value;
    case 'object':
      return value === null ? null : layOutObject(value, format, rules);
    default:
      return null;
  }
}

function layOutObject(value: object, format: ConfigFormat, rules: Rules<unknown> | undefined): OrderedValue {
  if (value instanceof GoFloat) return new Float(value.value, 64);
  if (value instanceof Timestamp) return new Unquoted(value.text);
  if (Array.isArray(value)) {
    // An empty list is a nil slice in docker compose's tree, unless repetitions were sought in it.
    if (value.length === 0 && format === 'json' && !rules?.rule) return null;
    return value.map((item) => layOutAny(item, format, below(rules, ITEM)));
  }
  const keys = Object.keys(value).sort(format === 'json' ? byBytes : naturalOrder);
  return new Map(
    keys.map((key) => [key, layOutAny((value as Record<string, unknown>)[key], format, below(rules, key))]),
  );
}

const escapeDollars = (text: string): string => text.replaceAll('$', '$$$$');
