// Compose files of git repositories. The git program does the work, with what a stranger's repository could turn against the
// user switched off: no hooks, no templates, no submodules, no transport but the network's own, no questions.
import { realpathSync, statSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { HostError, scrub, WindlassError } from '../errors.ts';
import { gitComplaint, gitEnvironment, HARMLESS } from '../git-program.ts';
import type { GitReference } from '../git-reference.ts';
import type { Host, RunResult } from '../host.ts';
import { cached } from './cache.ts';

export interface GitSurroundings {
  readonly host: Host;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cache: string;
  readonly signal?: AbortSignal;
}

const COMMIT = /^[0-9a-f]{40}$/;
const COMPOSE_FILES = ['compose.yaml', 'compose.yml', 'docker-compose.yml', 'docker-compose.yaml'];

/** The Compose file of a repository, checked out in the cache under its commit. A commit that is there is not fetched again. */
export async function fetchFromGit(reference: GitReference, surroundings: GitSurroundings): Promise<string> {
  const commit = COMMIT.test(reference.ref) ? reference.ref : await resolveRef(reference, surroundings);
  const folder = await cached(surroundings.cache, commit, isCheckedOut, (draft) =>
    checkOut(reference, commit, draft, surroundings),
  );
  return composeFileIn(folder, reference);
}

async function resolveRef({ address, ref }: GitReference, surroundings: GitSurroundings): Promise<string> {
  const { exitCode, stdout, stderr } = await git(['ls-remote', '--exit-code', '--', address, ref], surroundings);
  if (exitCode === 2)
    throw failure(`"${address}" has no branch or tag "${ref}"`, 'correct what follows the "#", or leave it out');
  if (exitCode !== 0) throw unreachable(address, stderr);
  const commits = new Map(stdout.split('\n').map((line) => line.split('\t').reverse() as [string, string]));
  // `main` also matches a branch named `old/main`.
  const commit = [ref, `refs/heads/${ref}`, `refs/tags/${ref}`].map((name) => commits.get(name)).find(Boolean);
  const found = commit ?? stdout.slice(0, 40);
  if (!COMMIT.test(found)) throw failure(`git says that "${ref}" of "${address}" is "${found}", which is no commit`);
  return found;
}

async function checkOut(
  { address }: GitReference,
  commit: string,
  folder: string,
  surroundings: GitSurroundings,
): Promise<void> {
  const steps: [readonly string[], (said: string) => WindlassError][] = [
    [['init', '--quiet', '--template=', folder], (said) => failure(`cannot make a repository in the cache: ${said}`)],
    [
      ['-C', folder, 'fetch', '--quiet', '--depth=1', '--no-tags', '--no-recurse-submodules', '--', address, commit],
      (said) => unreachable(address, said),
    ],
    [
      ['-C', folder, 'checkout', '--quiet', '--detach', commit],
      (said) => failure(`cannot check ${commit} out: ${said}`),
    ],
  ];
  for (const [args, explain] of steps) {
    const { exitCode, stderr } = await git(args, surroundings);
    if (exitCode !== 0) throw explain(stderr.trim());
  }
}

const isCheckedOut = async (folder: string): Promise<boolean> =>
  (await stat(join(folder, '.git', 'index')).catch(() => undefined)) !== undefined;

/** The file that the reference names, or the Compose file of the folder that it names. */
function composeFileIn(folder: string, { address, path }: GitReference): string {
  const place = join(folder, path);
  const candidates = statSync(place, { throwIfNoEntry: false })?.isDirectory()
    ? COMPOSE_FILES.map((name) => join(place, name))
    : [place];
  const file = candidates.find((candidate) => statSync(candidate, { throwIfNoEntry: false })?.isFile());
  const where = path === '' ? address : `"${path}" of ${address}`;
  if (file === undefined)
    throw failure(`there is no Compose file in ${where}`, 'name the folder or the file after "#ref:"');
  // A symbolic link may lead to any file of this machine.
  if (!realpathSync(file).startsWith(realpathSync(folder) + sep))
    throw failure(`the Compose file in ${where} is a link that leads out of the repository`);
  return file;
}

async function git(args: readonly string[], { host, env, signal }: GitSurroundings): Promise<RunResult> {
  try {
    return await host.run('git', [...HARMLESS, ...args], {
      env: gitEnvironment(env),
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (error) {
    if (signal?.aborted || !(error instanceof HostError)) throw error;
    throw failure('git is needed to read Compose files from repositories, and cannot be run', 'install git', error);
  }
}

const unreachable = (address: string, said: string): WindlassError =>
  failure(
    `cannot read the repository "${scrub(address)}": ${gitComplaint(said)}`,
    'check the address, and that git reaches it: git ls-remote',
  );

const failure = (message: string, hint?: string, cause?: unknown): WindlassError =>
  new WindlassError('GIT_REMOTE', message, {
    ...(hint === undefined ? {} : { hint }),
    ...(cause === undefined ? {} : { cause }),
  });
