// Which other files a Compose file names, and where in its text: for whoever moves the file elsewhere and has to rename them.

import { interpolate } from './interpolate.ts';
import { Places } from './places.ts';
import { Problems } from './problems.ts';
import { readTextFile } from './read-file.ts';
import { readYaml } from './read-yaml.ts';
import type { Environment } from './resolve-environment.ts';
import { isMapping, isSequence, type Mapping, type Mark, markOf, markOfItem, type Value } from './tree.ts';
import { Warnings } from './warnings.ts';

export interface NamedFile {
  readonly kind: 'include' | 'extends' | 'env_file';
  /** As the loader reads it: variables replaced, relative to whatever it is relative to. */
  readonly path: string;
  /** Where it is written: from `start` up to `end`, quotes included. Both undefined where an alias stands for it. */
  readonly start: number | undefined;
  readonly end: number | undefined;
}

export interface FileText {
  /** With `\n` between lines. */
  readonly text: string;
  readonly named: readonly NamedFile[];
}

/** The text of a Compose file and the files it names. Throws SpecError where it is none. */
export function readNamedFiles(path: string, environment: Environment): FileText {
  const text = readTextFile(path).replace(/\r\n?|\u0085/g, '\n');
  const places = new Places();
  const problems = new Problems(places);
  const named: NamedFile[] = [];
  for (const { root } of readYaml(text, path, places)) {
    const lookup = (name: string): string | undefined =>
      Object.hasOwn(environment, name) ? environment[name] : undefined;
    const layer = interpolate(root, { lookup, problems, warnings: new Warnings(places) });
    problems.throwIfAny();
    for (const found of filesIn(layer)) named.push({ ...found, ...rangeOf(text, places.offset(found.mark)) });
  }
  return { text, named };
}

interface Found {
  readonly kind: NamedFile['kind'];
  readonly path: string;
  readonly mark: Mark;
}

function* filesIn(document: Mapping): Generator<Found> {
  for (const [item, mark] of itemsOf(document.include, 0)) yield* pathsOf('include', item, mark);
  const { services } = document;
  if (!isMapping(services)) return;
  for (const name of Object.keys(services)) {
    const service = services[name];
    if (!isMapping(service)) continue;
    if (isMapping(service.extends) && typeof service.extends.file === 'string')
      yield { kind: 'extends', path: service.extends.file, mark: markOf(service.extends, 'file') };
    for (const [item, mark] of itemsOf(service.env_file, markOf(service, 'env_file')))
      yield* pathsOf('env_file', item, mark);
  }
}

/** A path, a mapping with one, or a mapping with a list of them. */
function* pathsOf(kind: NamedFile['kind'], value: Value, mark: Mark): Generator<Found> {
  if (typeof value === 'string') yield { kind, path: value, mark };
  else if (isMapping(value))
    for (const [path, at] of itemsOf(value.path, markOf(value, 'path')))
      if (typeof path === 'string') yield { kind, path, mark: at };
}

/** The items of a list, or the one value in its place. */
function itemsOf(value: Value | undefined, mark: Mark): [Value, Mark][] {
  if (value === undefined || value === null) return [];
  return isSequence(value) ? value.map((item, index) => [item, markOfItem(value, index)]) : [[value, mark]];
}

/** From the first character of a scalar to behind its last. */
function rangeOf(text: string, start: number | undefined): Pick<NamedFile, 'start' | 'end'> {
  const rest = start === undefined ? '' : text.slice(start);
  // Plain text ends at a comment, at the end of the line, and at what closes a flow collection.
  const [scalar = ''] =
    /^"(?:[^"\\]|\\[\s\S])*"|^'(?:[^']|'')*'/.exec(rest) ??
    /^[^*&!|>\s#,[\]{}](?:[^\n#,[\]{}]|(?<=\S)#|\$?\{[^}\n]*\})*/.exec(rest) ??
    [];
  const length = scalar.trimEnd().length;
  return start === undefined || length === 0 ? { start: undefined, end: undefined } : { start, end: start + length };
}
