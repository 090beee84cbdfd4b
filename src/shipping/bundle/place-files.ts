// Which of a project's files go into its bundle, and where. Pure; what is there on disk is asked elsewhere.
import { dirname, isAbsolute, join, relative } from 'node:path';
import { BundleError } from './bundle-error.ts';
import { byBytes } from './manifest.ts';
import type { ReferencedPath } from './referenced-paths.ts';

export interface FileFacts {
  /** Absolute. */
  readonly workingDir: string;
  /** Every Compose file read, absolute. */
  readonly composeFiles: readonly string[];
  /** Those given to the command, a part of the former. */
  readonly topFiles: readonly string[];
  readonly paths: readonly ReferencedPath[];
  /** The same list with paths as they are written, relative ones relative. */
  readonly written: readonly ReferencedPath[];
  /** `${PWD}` occurs in the files and means the project's folder. */
  readonly usesPwd: boolean;
  /** Files that variables are substituted from: they stay behind, whoever names them. */
  readonly envFiles: readonly string[];
  /** Keys of secrets whose files were asked for. */
  readonly withSecrets: readonly string[];
}

export interface PlacedFiles {
  /** The folder that stands for the root of the bundle's files. */
  readonly root: string;
  /** Of the project, within the root; `.` for the root itself. */
  readonly directory: string;
  /** Within the root, in the order given. */
  readonly topFiles: readonly string[];
  /** Absolute paths to take, whole folders included. */
  readonly take: readonly string[];
  /** Folders of build contexts. */
  readonly contexts: readonly string[];
  /** Absolute paths never to take, even within a folder that is taken. */
  readonly leave: readonly string[];
  /** Env files of services of which only the names are taken. */
  readonly namesOnly: readonly ReferencedPath[];
  /** Env files that are taken with their values. */
  readonly withValues: readonly ReferencedPath[];
  readonly secretFiles: readonly { readonly secret: string; readonly path: string }[];
  /** Paths of the host itself, which the receiver has to have. */
  readonly hostPaths: readonly string[];
}

/** Decides. Throws BundleError for what cannot travel. */
export function placeFiles(facts: FileFacts): PlacedFiles {
  const { workingDir } = facts;
  if (facts.composeFiles.includes('-'))
    throw new BundleError('a project from standard input has no files to bundle', { hint: 'save it to a file first' });
  const own: ReferencedPath[] = [];
  const hostPaths = new Set<string>();
  for (const [index, reference] of facts.paths.entries()) {
    const written = facts.written[index]?.path ?? reference.path;
    const travels = !isAbsolute(written) && !written.startsWith('~');
    if (travels || (facts.usesPwd && isWithin(workingDir, reference.path))) own.push(reference);
    else hostPaths.add(reference.path);
  }
  const [secrets, others] = partition(own, ({ use }) => use === 'secret');
  const [kept, left] = partition(secrets, ({ owner }) => facts.withSecrets.includes(owner));
  const [contexts, named] = partition([...others, ...kept], ({ use }) => use === 'context');
  const [envFiles, plain] = partition(named, ({ use }) => use === 'env-file');
  const [namesOnly, withValues] = partition(
    envFiles,
    ({ path }) => facts.envFiles.includes(path) || /(^|\/)\.env(\.[^/]*)?$/.test(path),
  );
  const take = [...facts.composeFiles, ...[...plain, ...withValues].map(({ path }) => path)];
  // The project's own folder shows nothing of where it is, unless something outside of it comes along.
  const outside = [...take, ...contexts.map(({ path }) => path), ...namesOnly.map(({ path }) => path)].filter(
    (path) => !isWithin(workingDir, path),
  );
  const root = commonFolder([workingDir, ...outside.map((path) => dirname(path))]);
  const within = (path: string): string => relative(root, path) || '.';
  return {
    root,
    directory: within(workingDir),
    topFiles: facts.topFiles.map(within),
    take: unique(take),
    contexts: unique(contexts.map(({ path }) => path)),
    leave: unique([...facts.envFiles, ...namesOnly.map(({ path }) => path), ...left.map(({ path }) => path)]),
    namesOnly,
    withValues,
    secretFiles: left.map(({ owner, path }) => ({
      secret: owner,
      path: isWithin(workingDir, path) ? relative(workingDir, path) : join('secrets', owner),
    })),
    hostPaths: unique([...hostPaths]),
  };
}

/** Whether a path is a folder or below it. */
export function isWithin(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way === '' || (way !== '..' && !way.startsWith('../') && !isAbsolute(way));
}

/** The deepest folder that holds them all. */
function commonFolder(folders: readonly string[]): string {
  let [common = '/'] = folders;
  for (const folder of folders) while (!isWithin(common, folder)) common = dirname(common);
  return common;
}

const unique = (paths: readonly string[]): string[] => [...new Set(paths)].sort(byBytes);

function partition<T>(items: readonly T[], test: (item: T) => boolean): [T[], T[]] {
  return [items.filter(test), items.filter((item) => !test(item))];
}
