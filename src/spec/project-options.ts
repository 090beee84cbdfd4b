// What surrounds the files of a project: which files, which directory, which variables, which name (compose-reference §2.4).
import { existsSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { WindlassError } from '../errors.ts';
import { normaliseProjectName } from '../names.ts';
import type { LoadOptions } from './load.ts';
import { readEnvFiles } from './read-env-files.ts';
import type { Environment } from './resolve-environment.ts';
import type { Warnings } from './warnings.ts';

const DEFAULT_FILES = ['compose.yaml', 'compose.yml', 'docker-compose.yml', 'docker-compose.yaml'];
const DEFAULT_OVERRIDES = [
  'compose.override.yml',
  'compose.override.yaml',
  'docker-compose.override.yml',
  'docker-compose.override.yaml',
];

export interface ProjectOptions {
  /** Absolute paths, or `-`. Never empty. */
  readonly files: readonly string[];
  /** Absolute directory that the project's paths are below: a copy's where a file comes from another machine. */
  readonly workingDir: string;
  /** Absolute directory on this machine that the project stands for: it has the `.env`, and gives the name. */
  readonly localDir: string;
  /** What variables are substituted from. */
  readonly environment: Environment;
  /** Absolute paths of the env files that were asked for. */
  readonly envFiles: readonly string[];
  readonly profiles: readonly string[];
}

interface Surroundings {
  readonly warnings: Warnings;
  readonly displayName: (path: string) => string;
  /** The local copy of a file on another machine; undefined for a path. */
  readonly copyOf: (reference: string) => string | undefined;
  readonly onEnvFile: (path: string) => void;
}

/** Gathers what the command line, the environment and `.env` say. Throws where there is no Compose file. */
export function resolveProjectOptions(options: LoadOptions, surroundings: Surroundings): ProjectOptions {
  const environment: Record<string, string> = { PWD: options.cwd, ...options.env };
  const envFiles = explicitEnvFiles(options);
  const copies = new Set<string>();
  const locate = (file: string): string => {
    const copy = file === '-' ? undefined : surroundings.copyOf(file);
    if (copy !== undefined) copies.add(copy);
    return file === '-' ? file : (copy ?? resolve(options.cwd, file));
  };
  let files = options.files.map(locate);
  const directory = (): string => {
    if (options.projectDirectory) return resolve(options.cwd, options.projectDirectory);
    const first = files.find((file) => file !== '-');
    return first === undefined || copies.has(first) ? options.cwd : dirname(first);
  };
  // The project directory may turn out to be another one once the files are known, with a `.env` of its own.
  addEnvFiles(environment, envFiles, directory(), options, surroundings);
  if (files.length === 0) files = filesFromEnvironment(environment, locate) ?? discover(directory(), surroundings);
  addEnvFiles(environment, envFiles, directory(), options, surroundings);
  if (files.length === 0) {
    const hint = `create a compose.yaml in ${options.cwd}, or name a file with "-f"`;
    throw new WindlassError('SPEC_NO_FILE', 'no configuration file provided: not found', { hint });
  }
  const profiles =
    options.profiles.length > 0
      ? options.profiles
      : (environment.COMPOSE_PROFILES ?? '').split(',').map((profile) => profile.trim());
  const localDir = directory();
  const [firstCopy] = copies;
  const workingDir = firstCopy === undefined ? localDir : dirname(firstCopy);
  return { files, workingDir, localDir, environment, envFiles, profiles };
}

function explicitEnvFiles({ envFiles, env, cwd }: LoadOptions): string[] {
  const files = envFiles.length > 0 ? envFiles : (env.COMPOSE_ENV_FILES ?? '').split(',').filter((file) => file !== '');
  return files.map((file) => resolve(cwd, file));
}

/** Adds the variables of the env files, or of the directory's `.env`, that are not set yet. */
function addEnvFiles(
  environment: Record<string, string>,
  explicit: readonly string[],
  directory: string,
  { env }: LoadOptions,
  surroundings: Surroundings,
): void {
  const standard = join(directory, '.env');
  const usesStandard = explicit.length === 0 && !isTrue(env.COMPOSE_DISABLE_ENV_FILE) && isReadableFile(standard);
  const files = usesStandard ? [standard] : explicit;
  for (const [name, value] of Object.entries(readEnvFiles(files, environment, surroundings)))
    if (!Object.hasOwn(environment, name)) environment[name] = value;
}

const isReadableFile = (path: string): boolean => {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat !== undefined && !stat.isDirectory();
};

/** Go's strconv.ParseBool; anything it does not know is an error. */
function isTrue(text: string | undefined): boolean {
  if (text === undefined) return false;
  if (['1', 't', 'T', 'true', 'TRUE', 'True'].includes(text)) return true;
  if (['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(text)) return false;
  const hint = 'set it to true or false';
  throw new WindlassError('SPEC_BOOLEAN', `COMPOSE_DISABLE_ENV_FILE is "${text}", which is no boolean`, { hint });
}

function filesFromEnvironment(environment: Environment, locate: (file: string) => string): string[] | undefined {
  const list = environment.COMPOSE_FILE;
  if (list === undefined) return undefined;
  const separator = environment.COMPOSE_PATH_SEPARATOR || ':';
  return list.split(separator).map((file) => {
    const path = locate(file);
    if (path === '-' || existsSync(path)) return path;
    throw new WindlassError('SPEC_FILE_NOT_FOUND', `there is no file "${path}"`, {
      hint: 'correct COMPOSE_FILE, which names it',
    });
  });
}

/** The Compose file of a directory or of the nearest one above it, with its override file. */
function discover(start: string, { warnings }: Surroundings): string[] {
  for (let directory = start; ; directory = dirname(directory)) {
    const [file, ...others] = existing(directory, DEFAULT_FILES);
    if (file !== undefined) {
      const [override, ...otherOverrides] = existing(directory, DEFAULT_OVERRIDES);
      warnAboutOthers(file, others, 'Compose files', warnings);
      if (override === undefined) return [file];
      warnAboutOthers(override, otherOverrides, 'override files', warnings);
      return [file, override];
    }
    if (dirname(directory) === directory) return [];
  }
}

const existing = (directory: string, names: readonly string[]): string[] =>
  names.map((name) => join(directory, name)).filter((path) => existsSync(path));

function warnAboutOthers(chosen: string, others: readonly string[], what: string, warnings: Warnings): void {
  if (others.length === 0) return;
  const names = [chosen, ...others].map((path) => basename(path)).join(', ');
  const message = `found several ${what} (${names}), using "${basename(chosen)}"`;
  warnings.add('SPEC_SEVERAL_FILES', message, [], 0, { hint: 'remove the others, or choose with "-f"' });
}

export interface NameSources {
  readonly explicit: string | undefined;
  readonly environment: Environment;
  /** Gives the name where nothing else does. */
  readonly directory: string;
  /** The last `name:` in the files, with its variables substituted; undefined where no file has one. */
  readonly inFiles: () => string | undefined;
}

/** The name of the project: given, from the environment, from the files, or the directory's. */
export function projectName(sources: NameSources, warnings: Warnings): string {
  for (const [name, origin] of [
    [sources.explicit, '--project-name'],
    [sources.environment.COMPOSE_PROJECT_NAME, 'COMPOSE_PROJECT_NAME'],
  ] as const) {
    if (!name) continue;
    if (normaliseProjectName(name) === name) return name;
    const hint = `use lower-case letters, digits, "-" and "_", such as "${normaliseProjectName(name) || 'project'}"`;
    throw new WindlassError('SPEC_PROJECT_NAME', `invalid project name "${name}" (from ${origin})`, { hint });
  }
  const inFiles = sources.inFiles();
  const name = inFiles === undefined ? fromDirectory(sources.directory, warnings) : normaliseProjectName(inFiles);
  if (name !== '') return name;
  const hint = 'give it one with "--project-name" or "name:"';
  throw new WindlassError('SPEC_PROJECT_NAME', 'the project has no name', { hint });
}

function fromDirectory(directory: string, warnings: Warnings): string {
  const name = basename(directory);
  try {
    if (basename(realpathSync(directory)) !== name) {
      const message = `the project is named "${name}" after a symbolic link`;
      warnings.add('SPEC_LINK_NAME', message, [], 0, { hint: 'give it a name with "name:" in the file' });
    }
  } catch {
    // A directory that does not exist gives the project its name all the same.
  }
  return normaliseProjectName(name);
}
