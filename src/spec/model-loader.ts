// Compose files → one canonical tree: the stages of reading, in the order that compose-reference §2.5 gives.
// A file's documents are merged one after the other; included models are loaded the same way, from their own directory.
import { toCanonical } from './canonical.ts';
import { checkModel } from './checks.ts';
import { setDefaults } from './defaults.ts';
import { applyExtends } from './extends.ts';
import { applyIncludes } from './include.ts';
import { interpolate } from './interpolate.ts';
import { mergeModels } from './merge.ts';
import type { Places } from './places.ts';
import { Problems } from './problems.ts';
import { readTextFile } from './read-file.ts';
import { readYaml, type SourceDocument } from './read-yaml.ts';
import type { RemoteCopies } from './remote.ts';
import { applyResets } from './resets.ts';
import { type Environment, resolveEnvironment } from './resolve-environment.ts';
import { resolvePaths } from './resolve-paths.ts';
import { validateModel } from './schema.ts';
import { copyMapping, drop, type Mapping, markOf, newMapping } from './tree.ts';
import { enforceUnicity } from './unicity.ts';
import type { Warnings } from './warnings.ts';

/** What all models of one load share. */
export interface LoadState {
  readonly places: Places;
  readonly warnings: Warnings;
  readonly interpolate: boolean;
  readonly home: string;
  readonly cwd: string;
  /** How messages name a file. */
  readonly displayName: (path: string) => string;
  /** What has been fetched from other machines. */
  readonly copies: RemoteCopies;
  readonly onEnvFile: (path: string) => void;
  /** Documents by absolute path; `-` is standard input. */
  readonly documents: Map<string, readonly SourceDocument[]>;
}

/** One set of files that make up a model, and where it stands. */
export interface ModelSource {
  readonly files: readonly string[];
  /** Directory that relative paths are put below; relative itself in an included model. */
  readonly base: string;
  /** The absolute directory that `extends` and `include` name files from. */
  readonly directory: string;
  readonly environment: Environment;
  readonly resolvePaths: boolean;
  /** Files that include this one, outermost first. */
  readonly includedBy: readonly string[];
}

/** The documents of a file, read once per load. */
export function documentsOf(path: string, state: LoadState): readonly SourceDocument[] {
  let documents = state.documents.get(path);
  if (!documents) {
    const name = state.displayName(path);
    documents = readYaml(readTextFile(path, name), name, state.places);
    state.documents.set(path, documents);
  }
  return documents;
}

/** The merged, validated, canonical model of some files. Throws a SpecError with all problems of the first phase that has any. */
export function loadModel(source: ModelSource, state: LoadState): Mapping {
  let model = newMapping();
  for (const file of source.files) model = loadFile(file, model, source, state);
  model = setDefaults(model);
  const problems = new Problems(state.places);
  checkModel(model, problems);
  problems.throwIfAny();
  if (source.resolvePaths) model = resolvePaths(model, source.base, problems, state.home);
  problems.throwIfAny();
  return resolveEnvironment(model, source.environment);
}

function loadFile(file: string, onto: Mapping, source: ModelSource, state: LoadState): Mapping {
  let model = onto;
  const includedBy = [...source.includedBy, file];
  for (const document of documentsOf(file, state)) {
    let layer = substituteVariables(document.root, source.environment, state);
    layer = applyExtends(layer, {
      file,
      directory: source.directory,
      resets: document.resets,
      environment: source.environment,
      state,
    });
    model = applyResets(model, document.resets);
    layer = applyIncludes(layer, { ...source, includedBy }, state);
    model = layOver(model, layer, file, state);
  }
  return model;
}

export function substituteVariables(root: Mapping, environment: Environment, state: LoadState): Mapping {
  if (!state.interpolate) return root;
  const problems = new Problems(state.places);
  const lookup = (name: string): string | undefined =>
    Object.hasOwn(environment, name) ? environment[name] : undefined;
  const substituted = interpolate(root, { lookup, problems, warnings: state.warnings });
  problems.throwIfAny();
  return substituted;
}

/** One document over what came before it. */
function layOver(model: Mapping, layer: Mapping, file: string, state: LoadState): Mapping {
  const problems = new Problems(state.places);
  const unicity = new Problems(state.places);
  const merged = Object.keys(model).length === 0 ? layer : mergeModels(model, layer, problems);
  problems.throwIfAny();
  const unique = enforceUnicity(merged, unicity);
  // What the schema refuses says more than a list whose items could not be told apart.
  validateModel(unique, problems);
  problems.throwIfAny();
  unicity.throwIfAny();
  return canonicalise(withoutVersion(unique, file, state), state);
}

/** Long form, with what that shows to be the same thing twice merged once more. */
export function canonicalise(model: Mapping, state: LoadState): Mapping {
  const problems = new Problems(state.places);
  const { warnings } = state;
  const canonical = toCanonical(model, { problems, warnings, lenient: !state.interpolate });
  problems.throwIfAny();
  const unique = enforceUnicity(canonical, problems);
  problems.throwIfAny();
  return unique;
}

function withoutVersion(model: Mapping, file: string, state: LoadState): Mapping {
  if (model.version === undefined) return model;
  const message = `"version" in "${state.displayName(file)}" is obsolete and ignored`;
  const details = { part: 'key', hint: 'remove it' } as const;
  state.warnings.add('SPEC_VERSION', message, [], markOf(model, 'version'), details);
  const out = copyMapping(model);
  drop(out, 'version');
  return out;
}
