// Whom synced files belong to: the user that a container's program runs as, as numbers. Engines could look this up themselves
// (`copyUIDGID`), but Docker's refuses users that are given as numbers, with a group, or that /etc/passwd does not know.
import { readTar } from '../archive/tar-reader.ts';
import type { Engine } from '../engine/engine.ts';
import { isNotFound } from '../errors.ts';

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

const ROOT: Owner = { uid: 0, gid: 0 };

/** Far more than any list of users takes; a container may not make us read for ever. */
const MOST_BYTES = 1024 * 1024;

export class Owners {
  readonly #engine: Engine;
  readonly #known = new Map<string, Promise<Owner>>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Asked once for each container: its user does not change. */
  of(container: string, signal?: AbortSignal): Promise<Owner> {
    const found = this.#known.get(container) ?? this.#ask(container, signal);
    this.#known.set(container, found);
    found.catch(() => this.#known.delete(container));
    return found;
  }

  async #ask(container: string, signal?: AbortSignal): Promise<Owner> {
    const { raw } = await this.#engine.inspectContainer(container, signal);
    const user = (raw as { readonly Config?: { readonly User?: string } }).Config?.User ?? '';
    return ownerFrom(user, (path) => this.#read(container, path, signal));
  }

  /** A file of the container; '' when it has none. */
  async #read(container: string, path: string, signal?: AbortSignal): Promise<string> {
    const chunks: Buffer[] = [];
    try {
      for await (const entry of readTar(await this.#engine.getArchive(container, path, signal)))
        for await (const piece of entry.body()) if (chunks.length < MOST_BYTES / 512) chunks.push(piece);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    return Buffer.concat(chunks).subarray(0, MOST_BYTES).toString();
  }
}

/** `name`, `name:group`, and numbers in either place, as `USER` and `user` take them. A name that is not known counts as root. */
export async function ownerFrom(text: string, read: (path: string) => Promise<string>): Promise<Owner> {
  const [user = '', group = ''] = text.split(':');
  if (user === '' && group === '') return ROOT;
  const [uid, gid] = [number(user), number(group)];
  if (uid !== undefined && gid !== undefined) return { uid, gid };
  const entries = fields(await read('/etc/passwd'));
  const entry = entries.find(([name, , id]) => name === user || (uid !== undefined && Number(id) === uid));
  return {
    uid: uid ?? number(entry?.[2] ?? '') ?? 0,
    gid: gid ?? (group === '' ? number(entry?.[3] ?? '') : await groupNamed(group, read)) ?? 0,
  };
}

async function groupNamed(group: string, read: (path: string) => Promise<string>): Promise<number | undefined> {
  return number(fields(await read('/etc/group')).find(([name]) => name === group)?.[2] ?? '');
}

const fields = (text: string): string[][] => text.split('\n').map((line) => line.split(':'));

const number = (text: string): number | undefined => (/^\d+$/.test(text) ? Number(text) : undefined);
