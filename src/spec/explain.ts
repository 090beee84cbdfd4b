// Where every value of a project comes from: the place it was written at, the variables in it, and what it took the place of.
import { readFileSync } from 'node:fs';
import type { Position } from '../diagnostics.ts';
import { type LoadOptions, type LocatedProject, loadLocatedProject } from './load.ts';
import { extractVariables } from './template-variables.ts';
import { isMapping, isSequence, type Mapping, type Mark, markOf, markOfItem, type Value } from './tree.ts';

export interface ExplainedValue {
  /** `services.web.environment.LOG_LEVEL`, `services.web.ports[0].target`. */
  readonly path: string;
  readonly value: string;
  /** Undefined: written nowhere, a default. */
  readonly position?: Position;
  /** The variables in what is written there. */
  readonly variables: readonly ExplainedVariable[];
  /** Earlier values of the same path. */
  readonly overridden: readonly Position[];
}

export interface ExplainedVariable {
  readonly name: string;
  /** `the shell`, `.env:3`, `its default`, `nowhere: it is not set`. */
  readonly from: string;
}

/** Every scalar of the project, in the order of the tree; values of `env_file` after those of the Compose files. */
export async function explainProject(options: LoadOptions): Promise<readonly ExplainedValue[]> {
  const located = await loadLocatedProject({ ...options, resolveEnvironment: true });
  const sources = new Sources(options.env, located);
  const explained = [...leaves(located.tree, [], 0)].map((leaf): ExplainedValue => {
    const { path, value } = leaf;
    const { position, overridden } = placeOf(located, leaf);
    return {
      path: pathText(path),
      value: String(value),
      ...(position === undefined ? {} : { position }),
      variables: position === undefined ? [] : sources.of(textAt(located, position)),
      overridden,
    };
  });
  const known = new Set(explained.map(({ path }) => path));
  return [...explained, ...fromEnvFiles(located, sources).filter(({ path }) => !known.has(path))];
}

type Path = readonly (string | number)[];
interface Leaf {
  readonly path: Path;
  readonly value: Value;
  /** Of the value, or of the nearest thing around it that was written. */
  readonly mark: Mark;
  /** `own`: written as it is. `around`: part of what was written. `pair`: an item `KEY=value` of a merged list. */
  readonly kind: 'own' | 'around' | 'pair';
}

/** Attributes that may be written as lists of `KEY=value`, and are merged as mappings. */
const PAIRS: ReadonlySet<string | number | undefined> = new Set([
  'environment',
  'labels',
  'args',
  'annotations',
  'sysctls',
]);

function* leaves(value: Value, path: Path, mark: Mark, kind: Leaf['kind'] = 'own'): Generator<Leaf> {
  const below = (own: Mark): readonly [Mark, Leaf['kind']] => (own === 0 ? [mark, 'around'] : [own, 'own']);
  if (isMapping(value)) {
    for (const key of Object.keys(value))
      yield* leaves(value[key] ?? null, [...path, key], ...below(markOf(value, key)));
  } else if (isSequence(value)) {
    const isPairs = PAIRS.has(path.at(-1));
    for (const [index, item] of value.entries()) {
      const pair = isPairs && typeof item === 'string' ? /^([^=]+)=([\s\S]*)$/.exec(item) : null;
      if (pair !== null) yield { path: [...path, pair[1] ?? ''], value: pair[2] ?? '', mark, kind: 'pair' };
      else yield* leaves(item, [...path, index], ...below(markOfItem(value, index)));
    }
  } else yield { path, value, mark, kind };
}

interface Place {
  readonly position?: Position | undefined;
  readonly overridden: readonly Position[];
}

function placeOf(located: LocatedProject, leaf: Leaf): Place {
  if (leaf.kind === 'pair') return placeOfPair(located, leaf);
  const position = located.places.position(leaf.mark);
  if (position === undefined) return { overridden: [] };
  // A long form made of a short one has the place of the short one; what was put into a collection was written nowhere.
  if (leaf.kind === 'around' && opensCollection(textAt(located, position))) return { overridden: [] };
  const elsewhere = writtenPlaces(located, leaf.path).filter(
    ({ file, line }) => file !== position.file || line !== position.line,
  );
  return { position, overridden: elsewhere };
}

const opensCollection = (text: string): boolean => /^(?:[{[]|- |["']?[\w.$/{}-]+["']?\s*:(?:\s|$))/.test(text);

/** Merging forgets the places of such items: the last one that is written with this value, or else with a variable, is it. */
function placeOfPair(located: LocatedProject, { path, value }: Leaf): Place {
  const all = writtenPlaces(located, path);
  const says = (wanted: (text: string) => boolean) => all.findLast((position) => wanted(textAt(located, position)));
  const position =
    says((text) => !text.includes('$') && text.includes(String(value))) ??
    says((text) => text.includes('$')) ??
    all.at(-1);
  return { position, overridden: all.filter((other) => other !== position) };
}

const pathText = (path: Path): string =>
  path.map((part, index) => (typeof part === 'number' ? `[${part}]` : index === 0 ? part : `.${part}`)).join('');

/** The line from the value on. */
const textAt = ({ places }: LocatedProject, position: Position): string =>
  places.excerpt(position)?.slice(position.column - 1) ?? '';

/** Where documents have a value at this path, in the order in which they were read. */
const writtenPlaces = ({ written, places }: LocatedProject, path: Path): Position[] =>
  written.flatMap((root) => {
    const mark = markOfPath(root, path);
    return (mark === undefined ? undefined : places.position(mark)) ?? [];
  });

function markOfPath(root: Mapping, path: Path): Mark | undefined {
  let value: Value = root;
  let mark: Mark | undefined;
  for (const [depth, part] of path.entries()) {
    if (typeof part === 'number') return undefined; // items of lists are added to, not replaced
    if (isSequence(value)) {
      const index = value.findIndex((item) => typeof item === 'string' && item.startsWith(`${part}=`));
      return index >= 0 && depth === path.length - 1 ? markOfItem(value, index) : undefined;
    }
    if (!isMapping(value) || value[part] === undefined) return undefined;
    mark = markOf(value, part);
    value = value[part];
  }
  return isMapping(value) || isSequence(value) ? undefined : mark;
}

/** Where variables get their values. */
class Sources {
  readonly #shell: Readonly<Record<string, string | undefined>>;
  readonly #located: LocatedProject;

  constructor(shell: Readonly<Record<string, string | undefined>>, located: LocatedProject) {
    this.#shell = shell;
    this.#located = located;
  }

  /** Of the variables that a text mentions. */
  of(text: string): ExplainedVariable[] {
    const found = new Map<string, ExplainedVariable>();
    for (const { name, defaultValue } of extractVariables(text))
      if (name !== '') found.set(name, { name, from: this.#from(name, defaultValue) });
    return [...found.values()];
  }

  #from(name: string, defaultValue: string): string {
    if (this.#shell[name] !== undefined) return 'the shell';
    for (const file of this.#located.envFiles.toReversed()) {
      const line = lineOf(file, name);
      if (line !== undefined) return `${this.#located.displayName(file)}:${line}`;
    }
    return defaultValue === '' ? 'nowhere: it is not set' : 'its default';
  }

  displayName(file: string): string {
    return this.#located.displayName(file);
  }
}

/** The line, from 1, of the last assignment to a variable in a file of variables. */
function lineOf(file: string, name: string): number | undefined {
  let lines: readonly string[];
  try {
    lines = readFileSync(file, 'utf8').split('\n');
  } catch {
    // It was readable a moment ago; without it the explanation is shorter, not wrong.
    return undefined;
  }
  const index = lines.findLastIndex((line) => /^\s*(?:export\s+)?([^\s=:#]+)\s*(?:[=:]|$)/.exec(line)?.[1] === name);
  return index < 0 ? undefined : index + 1;
}

function fromEnvFiles({ project, tree }: LocatedProject, sources: Sources): ExplainedValue[] {
  return Object.values(project.services).flatMap((service) => {
    const files = envFilesOf(tree, service.name);
    return Object.entries(service.environment ?? {}).flatMap(([name, value]) => {
      const position = positionInEnvFiles(files, name, sources);
      if (position === undefined || value === null) return [];
      const path = `services.${service.name}.environment.${name}`;
      return [{ path, value, position, variables: [], overridden: [] }];
    });
  });
}

/** The paths of a service's `env_file`, which its project no longer has: their contents are in `environment`. */
function envFilesOf(tree: Mapping, service: string): string[] {
  const { services } = tree;
  const definition = isMapping(services) ? services[service] : undefined;
  const files = isMapping(definition) ? definition.env_file : undefined;
  if (!isSequence(files)) return [];
  return files.flatMap((file) => (isMapping(file) && typeof file.path === 'string' ? [file.path] : []));
}

/** The last file counts. */
function positionInEnvFiles(files: readonly string[], name: string, sources: Sources): Position | undefined {
  for (const path of files.toReversed()) {
    const line = lineOf(path, name);
    if (line !== undefined) return { file: sources.displayName(path), line, column: 1 };
  }
  return undefined;
}
