// The loader: Compose files → a Project, canonical, validated and complete. Its stages are in model-loader.ts, in order.
import { homedir } from 'node:os';
import { isAbsolute, relative } from 'node:path';
import { type Diagnostic, SpecError } from '../diagnostics.ts';
import type { Project } from '../model.ts';
import { isRemote } from '../remote-reference.ts';
import { checkConsistency, checkContainerNames, withReplicas } from './consistency.ts';
import { DecodeContext } from './decode.ts';
import { decodeModel } from './decode-model.ts';
import { documentsOf, type LoadState, loadModel, substituteVariables } from './model-loader.ts';
import { normalise } from './normalise.ts';
import { Places } from './places.ts';
import { Problems } from './problems.ts';
import { withoutUnusedResources, withProfiles, withSelectedServices, withServicesEnabled } from './profiles.ts';
import { type ProjectOptions, projectName, resolveProjectOptions } from './project-options.ts';
import { decodeText } from './read-file.ts';
import { readYaml } from './read-yaml.ts';
import { type RemoteCopies, type RemoteFiles, withRemoteCopies } from './remote.ts';
import type { Environment } from './resolve-environment.ts';
import { withEnvFiles, withLabelFiles } from './service-files.ts';
import { extractVariables, type TemplateVariable } from './template-variables.ts';
import { isMapping, isSequence, type Mapping, newMapping, type Value } from './tree.ts';
import { Warnings } from './warnings.ts';

export interface LoadOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** As given with `-f`; empty = look for them, `-` = standard input. */
  readonly files: readonly string[];
  readonly projectDirectory?: string;
  readonly projectName?: string;
  /** As given with `--env-file`; empty = `.env` of the project directory. */
  readonly envFiles: readonly string[];
  readonly profiles: readonly string[];
  /** Services named on the command line: their profiles are switched on, and the others are disabled but for dependencies. */
  readonly services?: readonly string[];
  /** Keep networks, volumes, … that no service uses. */
  readonly allResources?: boolean;
  readonly compatibility?: boolean;
  /** Warnings are errors. */
  readonly strict?: boolean;
  readonly readStdin?: () => Promise<string | Buffer>;
  /** Fetches Compose files from other machines; absent = they are refused. */
  readonly remote?: RemoteFiles;
  /** The following are on unless false. */
  readonly interpolate?: boolean;
  readonly normalize?: boolean;
  readonly resolvePaths?: boolean;
  /** Fold `env_file` into `environment`. */
  readonly resolveEnvironment?: boolean;
  readonly checkConsistency?: boolean;
}

export interface LoadResult {
  readonly project: Project;
  readonly warnings: readonly Diagnostic[];
  readonly sources: LoadSources;
}

/** What a load has read: the files of the model itself, and those that variables are substituted from. Absolute paths. */
export interface LoadSources {
  /** Compose files, with what they extend and include; `-` for standard input. */
  readonly composeFiles: readonly string[];
  readonly envFiles: readonly string[];
  /** The variables that the Compose files mention, each time they do. */
  readonly variables: () => readonly VariableMention[];
}

export interface VariableMention extends TemplateVariable {
  /** Absolute path of the file. */
  readonly file: string;
  /** In a service's `image`. */
  readonly inImage: boolean;
}

export interface TreeResult {
  /** The merged tree in long form: keys to values as YAML gives them. */
  readonly tree: Mapping;
  readonly warnings: readonly Diagnostic[];
}

/** Loads a project. Throws SpecError with every problem of the first stage that has any, or WindlassError. */
export function loadProject(given: LoadOptions): Promise<LoadResult> {
  const options = withInputReadOnce(given);
  return withRemoteCopies(options.remote, (copies) => loadProjectOnce(options, copies));
}

async function loadProjectOnce(options: LoadOptions, copies: RemoteCopies): Promise<LoadResult> {
  const load = await prepare(options, copies);
  const project = projectOf(load, loadTreeOf(load, options), options);
  return { project, warnings: finish(load.state, options), sources: sourcesOf(load) };
}

function projectOf(load: PreparedLoad, { name, tree, state }: LoadedTree, options: LoadOptions): Project {
  const problems = new Problems(state.places);
  const { services, networks, volumes, secrets, configs, models, ...extensions } = decodeModel(
    tree,
    new DecodeContext(problems),
  );
  problems.throwIfAny();
  let project: Project = {
    ...extensions,
    name,
    workingDir: load.settings.workingDir,
    composeFiles: load.settings.files,
    envFiles: load.settings.envFiles,
    environment: { ...load.settings.environment, COMPOSE_PROJECT_NAME: name },
    services,
    disabledServices: {},
    networks,
    volumes,
    secrets,
    configs,
    models,
    profiles: [],
  };
  project = withProfiles(project, load.settings.profiles);
  const consistent = options.checkConsistency !== false;
  if (consistent) {
    checkConsistency(project, tree, state.places);
    project = withReplicas(project);
  }
  project = withLabelFiles(project, tree, state);
  const { services: named = [] } = options;
  project = withSelectedServices(withServicesEnabled(project, named), named);
  if (!options.allResources) project = withoutUnusedResources(project);
  // Commands that ask for less than the whole project do not mind two containers of one name.
  if (options.resolveEnvironment !== false) {
    project = withEnvFiles(project, tree, state);
    if (consistent) checkContainerNames(project, tree, state.places);
  }
  return project;
}

const sourcesOf = ({ state, envFiles }: PreparedLoad): LoadSources => ({
  composeFiles: [...state.documents.keys()],
  envFiles: [...envFiles],
  variables: () =>
    [...state.documents].flatMap(([file, documents]) =>
      documents.flatMap(({ root }) =>
        [...mentions(root, [])].map(({ variable, path }) => ({ ...variable, file, inImage: isImage(path) })),
      ),
    ),
});

const isImage = ([section, , attribute, ...rest]: readonly string[]): boolean =>
  section === 'services' && attribute === 'image' && rest.length === 0;

function* mentions(
  value: Value,
  path: readonly string[],
): Generator<{ readonly variable: TemplateVariable; readonly path: readonly string[] }> {
  if (typeof value === 'string') for (const variable of extractVariables(value)) yield { variable, path };
  else if (isSequence(value)) for (const item of value) yield* mentions(item, [...path, '']);
  else if (isMapping(value)) for (const key of Object.keys(value)) yield* mentions(value[key] ?? null, [...path, key]);
}

/** Loads the tree that a project would be read from. */
export function loadTree(given: LoadOptions): Promise<TreeResult> {
  const options = withInputReadOnce(given);
  return withRemoteCopies(options.remote, async (copies) => {
    const load = await prepare(options, copies);
    const { tree, state } = loadTreeOf(load, options);
    return { tree, warnings: finish(state, options) };
  });
}

/** A project, and what it takes to say where its values come from. */
export interface LocatedProject {
  readonly project: Project;
  /** What the project was read from: as the files have it, the contents of env files not yet folded in. */
  readonly tree: Mapping;
  readonly places: Places;
  /** The documents as written, in the order in which they were read; several to a file. */
  readonly written: readonly Mapping[];
  /** Files of variables, least important first; absolute paths. */
  readonly envFiles: readonly string[];
  readonly displayName: (path: string) => string;
}

/** Loads a project together with the places of its values. */
export function loadLocatedProject(given: LoadOptions): Promise<LocatedProject> {
  const options = withInputReadOnce(given);
  return withRemoteCopies(options.remote, async (copies) => {
    const load = await prepare(options, copies);
    const loaded = loadTreeOf(load, options);
    // Those of services, which are read next, do not count.
    const envFiles = [...load.envFiles];
    const project = projectOf(load, loaded, options);
    const { documents, places, displayName } = load.state;
    const written = [...documents.values()].flatMap((ofFile) => ofFile.map(({ root }) => root));
    return { project, tree: loaded.tree, written, places, envFiles, displayName };
  });
}

/** Loading may start over, but standard input comes once. */
function withInputReadOnce(options: LoadOptions): LoadOptions {
  const { readStdin } = options;
  if (!readStdin) return options;
  let input: Promise<string | Buffer> | undefined;
  return {
    ...options,
    readStdin: () => {
      input ??= readStdin();
      return input;
    },
  };
}

interface PreparedLoad {
  readonly settings: ProjectOptions;
  readonly state: LoadState;
  /** Those read so far. */
  readonly envFiles: ReadonlySet<string>;
}

async function prepare(options: LoadOptions, copies: RemoteCopies): Promise<PreparedLoad> {
  const places = new Places();
  const warnings = new Warnings(places);
  const displayName = (path: string): string => copies.nameOf(path) ?? nameFrom(options.cwd, path);
  const copyOf = (reference: string): string | undefined => copies.pathOf(reference, places, 0);
  const envFiles = new Set<string>();
  const onEnvFile = (path: string): void => void envFiles.add(path);
  const settings = resolveProjectOptions(options, { warnings, displayName, copyOf, onEnvFile });
  const state: LoadState = {
    places,
    warnings,
    displayName,
    copies,
    onEnvFile,
    interpolate: options.interpolate !== false,
    home: options.env.HOME || homedir(),
    cwd: options.cwd,
    documents: new Map(),
  };
  if (settings.files.includes('-')) {
    const input = (await options.readStdin?.()) ?? '';
    const text = decodeText(typeof input === 'string' ? Buffer.from(input) : input, STDIN_NAME);
    state.documents.set('-', readYaml(text, STDIN_NAME, places));
  }
  return { settings, state, envFiles };
}

/** The project's folder on this machine, found as a load would find it, without reading a Compose file. */
export function localDirectory(options: LoadOptions): string {
  const warnings = new Warnings(new Places());
  const displayName = (path: string): string => nameFrom(options.cwd, path);
  const copyOf = (reference: string): string | undefined => (isRemote(reference) ? options.cwd : undefined);
  return resolveProjectOptions(options, { warnings, displayName, copyOf, onEnvFile: () => undefined }).localDir;
}

const STDIN_NAME = 'standard input';

/** A path as people would write it in `cwd`. */
function nameFrom(cwd: string, path: string): string {
  if (path === '-') return STDIN_NAME;
  const local = relative(cwd, path);
  return local === '' || local.startsWith('..') || isAbsolute(local) ? path : local;
}

interface LoadedTree {
  /** The project's. */
  readonly name: string;
  readonly tree: Mapping;
  readonly state: LoadState;
}

function loadTreeOf({ settings, state }: PreparedLoad, options: LoadOptions): LoadedTree {
  const { files, workingDir, localDir } = settings;
  const name = projectName(
    {
      explicit: options.projectName,
      environment: settings.environment,
      directory: localDir,
      inFiles: () => nameInFiles(settings, state),
    },
    state.warnings,
  );
  // Without interpolation nothing of the environment but this name gets into the tree, names without a value and secrets included.
  const environment: Environment = {
    ...(options.interpolate === false ? {} : settings.environment),
    COMPOSE_PROJECT_NAME: name,
  };
  let tree = loadModel(
    {
      files,
      base: workingDir,
      directory: workingDir,
      environment,
      resolvePaths: options.resolvePaths !== false,
      includedBy: [],
    },
    state,
  );
  if (Object.keys(tree).length === 0) {
    const message = files.map((file) => `"${state.displayName(file)}"`).join(' and ');
    throw new SpecError([
      { severity: 'error', code: 'SPEC_EMPTY', message: `${message}: empty compose file`, hint: 'add "services:"' },
    ]);
  }
  if (options.normalize !== false) tree = normalise(tree, name, environment);
  return { name, tree, state };
}

/** The last `name:` of the files. */
function nameInFiles({ files, environment }: ProjectOptions, state: LoadState): string | undefined {
  let found: string | undefined;
  for (const file of files)
    for (const { root } of documentsOf(file, state))
      if (typeof root.name === 'string' && root.name !== '') found = root.name;
  if (found === undefined) return undefined;
  const holder = newMapping();
  holder.name = found;
  const { name } = substituteVariables(holder, environment, state);
  return typeof name === 'string' ? name : undefined;
}

function finish(state: LoadState, { strict }: LoadOptions): Diagnostic[] {
  const warnings = state.warnings.all();
  if (strict && warnings.length > 0)
    throw new SpecError(warnings.map((warning) => ({ ...warning, severity: 'error' })));
  return warnings;
}
