// A git repository as a folder. The git program fetches one commit, with what a stranger's repository could do switched off.
import { join } from 'node:path';
import { HostError, scrub } from '../../../../errors.ts';
import { gitComplaint, gitEnvironment, HARMLESS } from '../../../../git-program.ts';
import type { RunResult } from '../../../../host.ts';
import { exists, type NativeHost } from '../../host.ts';
import { badRequest } from '../../server/api-error.ts';
import { MountedTree } from '../files/mounted-tree.ts';
import { serveAgent } from '../run/agent-socket.ts';
import type { ClientSession } from '../session.ts';
import type { GitSource } from './git-source.ts';

export interface CheckOut {
  /** A folder of the build, where the repository is put and what it takes to fetch it. */
  readonly folder: string;
  /** Gives ssh agents, and tokens as the secrets GIT_AUTH_TOKEN and GIT_AUTH_HEADER. */
  readonly session: ClientSession | undefined;
  readonly signal: AbortSignal;
  readonly keepGitFolder: boolean;
}

/** Fetches what a source means. Returns the folder that it is in, links followed. @throws ApiError */
export async function checkOut(host: NativeHost, source: GitSource, facts: CheckOut): Promise<string> {
  const { folder, keepGitFolder } = facts;
  const root = join(folder, 'repository');
  await host.files.mkdir(root, { recursive: true, mode: 0o755 });
  const repository = new Repository(host, root, source, facts);
  try {
    await repository.fetch();
  } finally {
    await repository.close();
  }
  if (!keepGitFolder) await host.files.rm(join(root, '.git'), { recursive: true, force: true });
  if (source.path === '') return root;
  const found = await new MountedTree(host, root).find(`/${source.path}`);
  if (found?.type !== 'directory') throw badRequest(`"${scrub(source.address)}" has no folder "${source.path}"`);
  return join(root, found.path);
}

class Repository {
  readonly #host: NativeHost;
  readonly #root: string;
  readonly #source: GitSource;
  readonly #facts: CheckOut;
  #environment: Promise<Record<string, string>> | undefined;
  #closeAgent: () => Promise<unknown> = () => Promise.resolve();

  constructor(host: NativeHost, root: string, source: GitSource, facts: CheckOut) {
    this.#host = host;
    this.#root = root;
    this.#source = source;
    this.#facts = facts;
  }

  async fetch(): Promise<void> {
    const { address, ref, checksum, submodules } = this.#source;
    await this.#succeeds(['init', '--quiet', '--template=']);
    await this.#succeeds(['remote', 'add', 'origin', address]);
    const commit = (await this.#fetched(['--depth=1', '--no-tags', 'origin', ref]))
      ? 'FETCH_HEAD'
      : await this.#amongAll(ref);
    await this.#succeeds(['checkout', '--quiet', '--detach', commit]);
    const head = (await this.#succeeds(['rev-parse', 'HEAD'])).trim();
    if (checksum !== undefined && !head.startsWith(checksum))
      throw badRequest(`"${ref}" of "${scrub(address)}" is commit ${head}, expected ${checksum}`);
    if (submodules && (await exists(this.#host.files, join(this.#root, '.gitmodules'))))
      await this.#succeeds(['submodule', 'update', '--quiet', '--init', '--recursive', '--depth=1']);
  }

  /** Servers give single commits by name of a branch or tag, not all of them by digest; a part of one they never know. */
  async #amongAll(ref: string): Promise<string> {
    const all = ['--tags', 'origin', '+refs/heads/*:refs/remotes/origin/*'];
    const { address } = this.#source;
    const { exitCode, stderr } = await this.#git(['fetch', '--quiet', '--no-recurse-submodules', ...all]);
    if (exitCode !== 0)
      throw badRequest(`cannot fetch the git repository "${scrub(address)}": ${scrub(gitComplaint(stderr))}`);
    for (const name of [`refs/remotes/origin/${ref}`, `refs/tags/${ref}`, ref]) {
      const found = await this.#git(['rev-parse', '--verify', '--quiet', '--end-of-options', `${name}^{commit}`]);
      if (found.exitCode === 0) return found.stdout.trim();
    }
    throw badRequest(`the git repository "${scrub(address)}" has no branch, tag or commit "${ref}"`);
  }

  async close(): Promise<void> {
    await this.#closeAgent();
  }

  async #fetched(args: readonly string[]): Promise<boolean> {
    return (await this.#git(['fetch', '--quiet', '--no-recurse-submodules', ...args])).exitCode === 0;
  }

  async #succeeds(args: readonly string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await this.#git(args);
    if (exitCode !== 0) throw badRequest(`git ${args[0]} failed: ${scrub(gitComplaint(stderr))}`);
    return stdout;
  }

  async #git(args: readonly string[]): Promise<RunResult> {
    this.#environment ??= this.#surroundings();
    try {
      const { signal } = this.#facts;
      return await this.#host.run('git', [...HARMLESS, ...args], {
        ...{ cwd: this.#root, env: await this.#environment, signal },
      });
    } catch (error) {
      this.#facts.signal.throwIfAborted();
      if (!(error instanceof HostError)) throw error;
      throw badRequest(
        'git is needed to fetch repositories, and cannot be run: install it where the engine runs (apt-get install git)',
      );
    }
  }

  /** Nothing of the engine's own user is read. What is secret goes through the environment, not through arguments. */
  async #surroundings(): Promise<Record<string, string>> {
    const { folder, session } = this.#facts;
    const own = { PATH: process.env.PATH, HOME: folder, GIT_CONFIG_NOSYSTEM: '1' };
    const environment = gitEnvironment({ ...own, ...proxies(process.env) });
    // As BuildKit: whoever answers first under a name is taken for it.
    const hosts = join(folder, 'known_hosts');
    environment.GIT_SSH_COMMAND = `ssh -F /dev/null -o BatchMode=yes -o StrictHostKeyChecking=accept-new -o UserKnownHostsFile=${hosts}`;
    if (session && /^(?:ssh:|[\w-]+@)/.test(this.#source.address)) {
      const socket = join(folder, 'agent');
      const close = await serveAgent(session, 'default', socket);
      if (close) {
        this.#closeAgent = close;
        environment.SSH_AUTH_SOCK = socket;
      }
    }
    const header = await this.#authorization();
    if (header === undefined) return environment;
    return {
      ...environment,
      ...{ GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: `http.${new URL('/', this.#source.address).href}.extraHeader` },
      GIT_CONFIG_VALUE_0: `Authorization: ${header}`,
    };
  }

  async #authorization(): Promise<string | undefined> {
    if (!this.#source.address.startsWith('https://')) return undefined;
    const { session } = this.#facts;
    const secret = async (name: string): Promise<string | undefined> =>
      ((await session?.secret(`${name}.${new URL(this.#source.address).host}`)) ?? (await session?.secret(name)))
        ?.toString()
        .trim();
    const token = await secret('GIT_AUTH_TOKEN');
    if (token === undefined) return secret('GIT_AUTH_HEADER');
    return `basic ${Buffer.from(`x-access-token:${token}`).toString('base64')}`;
  }
}

const proxies = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(env).filter(([name]) => /^(?:https?|no|all)_proxy$/i.test(name)));
