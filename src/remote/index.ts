// Compose files of other machines, for the loader: which kind a reference is, whether that kind is switched on, and what was
// fetched so far.
import { WindlassError } from '../errors.ts';
import type { Host } from '../host.ts';

export interface RemoteSurroundings {
  readonly host: Host;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly insecure: readonly string[];
  readonly signal?: AbortSignal;
}

/** Resolves references to local copies. Each is fetched once. */
export class RemoteSource {
  readonly #surroundings: RemoteSurroundings;
  readonly #fetched = new Map<string, Promise<string>>();

  constructor(surroundings: RemoteSurroundings) {
    this.#surroundings = surroundings;
  }

  /** The references that were asked for, in that order. */
  get references(): readonly string[] {
    return [...this.#fetched.keys()];
  }

  /** The absolute path of the Compose file that a reference leads to. */
  fetch(reference: string): Promise<string> {
    const known = this.#fetched.get(reference);
    if (known !== undefined) return known;
    const copy = this.#fetch(reference);
    this.#fetched.set(reference, copy);
    return copy;
  }

  async #fetch(reference: string): Promise<string> {
    const { cacheDirectory } = await import('./cache.ts');
    const surroundings = { ...this.#surroundings, cache: cacheDirectory(this.#surroundings.env) };
    if (reference.startsWith('oci://')) {
      this.#checkSwitch('COMPOSE_EXPERIMENTAL_OCI_REMOTE', reference);
      const { fetchFromOci } = await import('./oci.ts');
      return fetchFromOci(reference, surroundings);
    }
    const [{ parseGitReference }, { fetchFromGit }] = await Promise.all([
      import('../git-reference.ts'),
      import('./git.ts'),
    ]);
    const git = parseGitReference(reference);
    if (!git)
      throw new WindlassError('REMOTE_REFERENCE', `"${reference}" is neither an artifact nor a repository`, {
        hint: 'write oci://registry/name:tag or https://host/repository.git#ref:folder, or download the file and name it',
      });
    this.#checkSwitch('COMPOSE_EXPERIMENTAL_GIT_REMOTE', reference);
    return fetchFromGit(git, surroundings);
  }

  #checkSwitch(variable: string, reference: string): void {
    const value = this.#surroundings.env[variable];
    if (!value || /^(1|t|T|true|TRUE|True)$/.test(value)) return;
    if (!/^(0|f|F|false|FALSE|False)$/.test(value))
      throw new WindlassError('REMOTE_SWITCH', `${variable} is "${value}", which is no boolean`, {
        hint: 'set it to true or false',
      });
    throw new WindlassError('REMOTE_DISABLED', `"${reference}" is not fetched, since ${variable} says so`, {
      hint: `unset ${variable}, or download the file and name it`,
    });
  }
}
