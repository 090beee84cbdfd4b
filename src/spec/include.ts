// `include`: whole models of other files, each loaded from its own directory with its own variables, put beside this one's.
import { statSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { SpecError } from '../diagnostics.ts';
import { isRemote } from '../remote-reference.ts';
import { relativeDirectory } from './extends.ts';
import { type LoadState, loadModel, type ModelSource } from './model-loader.ts';
import { makeDiagnostic, Problems, placed } from './problems.ts';
import { readEnvFiles } from './read-env-files.ts';
import type { Environment } from './resolve-environment.ts';
import {
  copyMapping,
  drop,
  isMapping,
  isSequence,
  kindOf,
  type Mapping,
  type Mark,
  markOf,
  markOfItem,
  newMapping,
  put,
  type Value,
} from './tree.ts';

interface Include {
  readonly paths: readonly string[];
  readonly projectDirectory: string | undefined;
  readonly envFiles: readonly string[];
  readonly mark: Mark;
}

const SECTIONS = ['services', 'volumes', 'networks', 'secrets', 'configs', 'models'];

/** The document with the resources of what it includes. */
export function applyIncludes(document: Mapping, source: ModelSource, state: LoadState): Mapping {
  if (document.include === undefined) return document;
  let out = document;
  for (const include of readIncludes(document, state)) {
    const imported = placed(state.places, [], include.mark, () => loadModel(sourceOf(include, source, state), state));
    out = importResources(imported, out, include.mark, state);
  }
  out = copyMapping(out);
  drop(out, 'include');
  return out;
}

function readIncludes(document: Mapping, state: LoadState): Include[] {
  const { include } = document;
  const problems = new Problems(state.places);
  const wrong = (what: string, value: Value, mark: Mark): void =>
    problems.add('SPEC_TYPE', `"include" ${what}, not a ${kindOf(value)}`, ['include'], mark);
  const list: Include[] = [];
  if (include === null || include === undefined) return list;
  if (!isSequence(include)) wrong('must be a list', include, markOf(document, 'include'));
  else
    for (const [index, item] of include.entries()) {
      const mark = markOfItem(include, index);
      if (typeof item === 'string') list.push({ paths: [item], projectDirectory: undefined, envFiles: [], mark });
      else if (!isMapping(item)) wrong('needs a path or a mapping', item, mark);
      else {
        const paths = textsOf(item.path);
        const envFiles = textsOf(item.env_file);
        const directory = item.project_directory ?? '';
        if (!paths) wrong('needs paths that are texts', item.path ?? null, markOf(item, 'path') || mark);
        else if (!envFiles) wrong('needs env files that are texts', item.env_file ?? null, markOf(item, 'env_file'));
        else if (typeof directory !== 'string')
          wrong('needs a directory that is a text', directory, markOf(item, 'project_directory'));
        else
          list.push({ paths, envFiles, projectDirectory: directory || undefined, mark: markOf(item, 'path') || mark });
      }
    }
  problems.throwIfAny();
  return list;
}

function textsOf(value: Value | undefined): string[] | undefined {
  if (value === undefined || value === null) return [];
  if (typeof value === 'string') return [value];
  return isSequence(value) && value.every((item) => typeof item === 'string') ? [...value] : undefined;
}

/** Where an included model stands: its directory is the first file's unless it names another. */
function sourceOf(include: Include, source: ModelSource, state: LoadState): ModelSource {
  const files = include.paths.map(
    (path) => state.copies.pathOf(path, state.places, include.mark) ?? join2(source.directory, path),
  );
  const [first = ''] = files;
  if (source.includedBy.includes(first)) {
    const chain = [...source.includedBy.slice(source.includedBy.indexOf(first)), first].map(state.displayName);
    const message = `"include" leads in a circle: ${chain.join(' → ')}`;
    const hint = 'remove one of these includes';
    throw new SpecError([makeDiagnostic('error', state.places, 'SPEC_INCLUDE_CYCLE', message, include.mark, { hint })]);
  }
  const { projectDirectory } = include;
  const directory = projectDirectory === undefined ? dirname(first) : join2(source.directory, projectDirectory);
  const base =
    projectDirectory === undefined
      ? relativeDirectory(first, source.directory)
      : isAbsolute(projectDirectory) || isRemote(include.paths[0] ?? '')
        ? projectDirectory
        : relativeDirectory(projectDirectory, source.directory);
  const envFiles =
    include.envFiles.length > 0
      ? include.envFiles.map((file) => join2(source.directory, file))
      : defaultEnvFile(directory);
  const fromFiles = readEnvFiles(envFiles, source.environment, state);
  const environment: Environment = { ...fromFiles, ...source.environment };
  return { files, base, directory, environment, resolvePaths: true, includedBy: source.includedBy };
}

const join2 = (directory: string, path: string): string => (isAbsolute(path) ? path : join(directory, path));

function defaultEnvFile(directory: string): string[] {
  const file = join(directory, '.env');
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat && !stat.isDirectory() ? [file] : [];
}

/** Resources of the same name must be the same thing. */
function importResources(imported: Mapping, document: Mapping, mark: Mark, state: LoadState): Mapping {
  const problems = new Problems(state.places);
  const out = copyMapping(document);
  for (const section of SECTIONS) {
    const from = imported[section];
    if (!isMapping(from)) continue;
    const before = out[section];
    const to = isMapping(before) ? copyMapping(before) : newMapping();
    for (const name of Object.keys(from)) {
      const theirs = from[name] as Value;
      const ours = to[name];
      if (ours === undefined) put(to, name, theirs, markOf(from, name));
      else if (!isDeepStrictEqual(plain(ours), plain(theirs))) {
        const other = state.places.position(markOf(from, name), 'key');
        const where = other ? ` (${other.file}:${other.line})` : '';
        const message = `also declared by an included file${where}, and not in the same way`;
        const hint = 'rename one of them, or change the included one in an override file given with "-f"';
        problems.add('SPEC_INCLUDE_CONFLICT', message, [section, name], markOf(to, name) || mark, {
          part: 'key',
          hint,
        });
      }
    }
    out[section] = to;
  }
  problems.throwIfAny();
  return out;
}

/** A value without marks, for comparing. */
const plain = (value: Value): unknown =>
  JSON.parse(JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? `${inner}n` : sorted(inner))));

const sorted = (value: unknown): unknown =>
  isMapping(value)
    ? Object.fromEntries(
        Object.keys(value)
          .sort()
          .map((key) => [key, value[key]]),
      )
    : value;
