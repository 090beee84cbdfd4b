// What a bundle of the project at hand is made from, asked of the loader: its files, its variables, its model.
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { SpecError } from '../../diagnostics.ts';
import { messageOf } from '../../errors.ts';
import type { Project } from '../../model.ts';
import type { Mention } from '../../shipping/bundle/needs.ts';
import { type FileFacts, type PlacedFiles, placeFiles } from '../../shipping/bundle/place-files.ts';
import { type ReferencedPath, referencedPaths } from '../../shipping/bundle/referenced-paths.ts';
import { parseDotenv, parseRawEnv } from '../../spec/dotenv.ts';
import { type LoadResult, type LoadSources, loadProject, loadTree } from '../../spec/load.ts';
import { renderTree } from '../../spec/render.ts';
import type { CommandContext } from '../context.ts';

export interface GatherOptions {
  /** Build contexts too: for a bundle without images. */
  readonly contexts: boolean;
  readonly withSecrets: readonly string[];
}

export interface Gathered {
  /** With everything folded in, as `up` sees it. */
  readonly project: Project;
  readonly placed: PlacedFiles;
  /** Env files reduced to their names: absolute path → text. */
  readonly texts: ReadonlyMap<string, string>;
  readonly mentions: readonly Mention[];
  /** The merged model as it was written, variables and all. */
  readonly model: string | undefined;
}

/** Reads the project as often as it takes. Nothing of the environment's values is in what comes out, but in `project`. */
export async function gather(context: CommandContext, options: GatherOptions): Promise<Gathered> {
  const project = await context.loadProject();
  const declared = await loadProject(context.loadOptions({ resolveEnvironment: false }));
  const written = await loadWritten(context, declared.project);
  const facts: FileFacts = {
    workingDir: declared.project.workingDir,
    composeFiles: declared.sources.composeFiles,
    topFiles: declared.project.composeFiles,
    paths: referencedPaths(declared.project, options),
    written: referencedPaths(written, options),
    usesPwd: declared.sources.variables().some(({ name }) => name === 'PWD'),
    envFiles: declared.sources.envFiles,
    withSecrets: options.withSecrets,
  };
  const placed = placeFiles(facts);
  const names = await namesInEnvFiles(placed.namesOnly, declared.project);
  return {
    project,
    placed,
    texts: new Map([...names].map(([path, keys]) => [path, keys.map((key) => `${key}\n`).join('')])),
    mentions: [
      ...mentionsInFiles(declared.sources, placed),
      ...mentionsInModel(declared.project),
      ...mentionsOf(placed, names),
    ],
    model: await uninterpolated(context),
  };
}

/** The same project with paths as they stand in the files. */
async function loadWritten(context: CommandContext, { workingDir, composeFiles }: Project): Promise<Project> {
  const options = context.loadOptions({ resolveEnvironment: false, resolvePaths: false });
  // Label files are read on the way, relative to the current folder while paths are left alone.
  const { project }: LoadResult = await loadProject({
    ...options,
    cwd: workingDir,
    files: composeFiles,
    projectDirectory: workingDir,
  });
  return project;
}

async function uninterpolated(context: CommandContext): Promise<string | undefined> {
  try {
    const { tree } = await loadTree(
      context.loadOptions({ interpolate: false, resolvePaths: false, resolveEnvironment: false }),
    );
    return renderTree(tree, 'yaml');
  } catch (error) {
    if (!(error instanceof SpecError)) throw error;
    context.warn(`the bundle goes without the merged model, which needs its variables: ${messageOf(error)}`);
    return undefined;
  }
}

async function namesInEnvFiles(files: readonly ReferencedPath[], project: Project): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  for (const { path, owner } of files) {
    const text = await readFile(path, 'utf8').catch(() => undefined);
    if (text === undefined) continue;
    const raw = project.services[owner]?.env_file?.some((file) => file.path === path && file.format === 'raw');
    const variables = raw ? parseRawEnv(text, path, () => '') : parseDotenv(text, path, () => '');
    found.set(path, [...variables.keys()].sort());
  }
  return found;
}

function mentionsInFiles(sources: LoadSources, { root }: PlacedFiles): Mention[] {
  return sources.variables().map(({ name, required, defaultValue, presenceValue, file, inImage }) => ({
    name,
    usedBy: file.slice(root.length + (root.endsWith('/') ? 0 : 1)),
    required,
    hasDefault: defaultValue !== '' || presenceValue !== '',
    inImage,
  }));
}

/** Variables that are handed on without `${…}`: of secrets and configs, and names without a value in `environment`. */
function mentionsInModel(project: Project): Mention[] {
  const plain = { hasDefault: false, inImage: false };
  const objects = (['secrets', 'configs'] as const).flatMap((section) =>
    Object.entries(project[section]).flatMap(([key, { environment }]) =>
      environment ? [{ ...plain, name: environment, usedBy: `${section.slice(0, -1)} ${key}`, required: true }] : [],
    ),
  );
  const passed = Object.values(project.services).flatMap(({ name: service, environment = {} }) =>
    Object.entries(environment).flatMap(([name, value]) =>
      value === null ? [{ ...plain, name, usedBy: `environment of ${service}`, required: false }] : [],
    ),
  );
  return [...objects, ...passed];
}

const mentionsOf = ({ namesOnly }: PlacedFiles, names: ReadonlyMap<string, readonly string[]>): Mention[] =>
  namesOnly.flatMap(({ owner, path }) =>
    (names.get(path) ?? []).map((name) => ({
      name,
      usedBy: `env_file of ${owner}`,
      required: true,
      hasDefault: false,
      inImage: false,
    })),
  );

/** The values that a bundle may be asked to hold: what interpolation saw, and what env files of services give. */
export async function knownValues(project: Project, placed: PlacedFiles): Promise<Record<string, string>> {
  const values: Record<string, string> = { ...project.environment };
  for (const { path } of placed.namesOnly) {
    const text = await readFile(resolve(path), 'utf8').catch(() => '');
    for (const [name, value] of parseDotenv(text, path, (key) => values[key])) values[name] ??= value;
  }
  return values;
}
