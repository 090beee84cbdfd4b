// Compose files that are not on this machine (`oci://…`, git repositories). The loader knows such a reference when it sees one
// and asks for a local copy; how that is fetched is the business of whoever calls the loader.
import { SpecError } from '../diagnostics.ts';
import { messageOf, WindlassError } from '../errors.ts';
import { isRemote } from '../remote-reference.ts';
import type { Places } from './places.ts';
import { makeDiagnostic } from './problems.ts';
import type { Mark } from './tree.ts';

/** Where copies of remote Compose files come from. */
export interface RemoteFiles {
  /** The absolute path of a local copy of the Compose file that a reference leads to. */
  fetch(reference: string): Promise<string>;
}

/**
 * The copies at hand. The stages of loading run without a break, so a copy that is missing ends the attempt; `withRemoteCopies`
 * fetches it and starts again, as often as the files name something new.
 */
export class RemoteCopies {
  readonly #paths = new Map<string, string>();

  /** The local copy of a remote file; undefined for a path of this machine. `mark` is where the reference is written. */
  pathOf(reference: string, places: Places, mark: Mark): string | undefined {
    if (!isRemote(reference)) return undefined;
    const path = this.#paths.get(reference);
    if (path === undefined) throw new RemoteWanted(reference, places, mark);
    return path;
  }

  /** What messages call a copy. */
  nameOf(path: string): string | undefined {
    for (const [reference, copy] of this.#paths) if (copy === path) return reference;
    return undefined;
  }

  add(reference: string, path: string): void {
    this.#paths.set(reference, path);
  }
}

/** Ends an attempt to load: this file is needed first. */
class RemoteWanted extends Error {
  readonly reference: string;
  readonly places: Places;
  readonly mark: Mark;

  constructor(reference: string, places: Places, mark: Mark) {
    super(`"${reference}" is not fetched yet`);
    this.reference = reference;
    this.places = places;
    this.mark = mark;
  }
}

/** Runs `attempt` until it has every remote file that it asks for. */
export async function withRemoteCopies<T>(
  remote: RemoteFiles | undefined,
  attempt: (copies: RemoteCopies) => Promise<T>,
): Promise<T> {
  const copies = new RemoteCopies();
  for (;;) {
    try {
      return await attempt(copies);
    } catch (error) {
      if (!(error instanceof RemoteWanted)) throw error;
      copies.add(error.reference, await fetchCopy(remote, error));
    }
  }
}

async function fetchCopy(remote: RemoteFiles | undefined, wanted: RemoteWanted): Promise<string> {
  const { reference, places, mark } = wanted;
  const refusal = (message: string, hint: string | undefined): SpecError =>
    new SpecError([makeDiagnostic('error', places, 'SPEC_REMOTE', message, mark, { hint })]);
  if (!remote) throw refusal(`"${reference}" is not on this machine`, 'download it, and name the local copy');
  try {
    return await remote.fetch(reference);
  } catch (error) {
    if (error instanceof WindlassError) throw refusal(messageOf(error), error.hint);
    throw error;
  }
}
