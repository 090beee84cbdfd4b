// The records of all containers: in memory for reading, on disk for the next engine. Every change is one function from
// record to record; the disk follows in order.
import { messageOf } from '../../../errors.ts';
import { debug } from '../../../log.ts';
import { hasCode, listIfExists, type NativeHost, readIfExists, removeTree } from '../host.ts';
import type { Paths } from '../paths.ts';
import { Rounds } from '../serial.ts';
import { ApiError, badRequest, conflict, noSuchContainer } from '../server/api-error.ts';
import { targetsOf } from './link-names.ts';
import type { ContainerRecord, ContainerState } from './types.ts';

/** What a file system shows of a file that never reached the disk. */
const NOTHING = /^\0*$/;

export class ContainerStore {
  readonly #host: NativeHost;
  readonly #paths: Paths;
  readonly #records = new Map<string, ContainerRecord>();
  readonly #names = new Map<string, string>();
  readonly #writers = new Map<string, Rounds>();

  constructor(host: NativeHost, paths: Paths) {
    this.#host = host;
    this.#paths = paths;
  }

  async open(): Promise<void> {
    await this.#host.files.mkdir(this.#paths.containers, { recursive: true, mode: 0o711 });
    for (const id of await listIfExists(this.#host.files, this.#paths.containers)) {
      const text = await readIfExists(this.#host.files, this.#paths.container(id).record);
      if (text === undefined || NOTHING.test(text)) {
        // A creation that was cut short: nobody was told of it. Or one that was not to last, and the machine went down.
        await this.#host.files.rm(this.#paths.container(id).home, { recursive: true, force: true });
        continue;
      }
      const record = JSON.parse(text) as ContainerRecord;
      this.#records.set(id, record);
      this.#names.set(record.name, id);
    }
  }

  all(): ContainerRecord[] {
    return [...this.#records.values()];
  }

  get(id: string): ContainerRecord | undefined {
    return this.#records.get(id);
  }

  /** By id, name (with or without its slash), `<name>/<alias of a link>` or unique id prefix. Throws Docker's 404. */
  find(reference: string): ContainerRecord {
    const name = reference.startsWith('/') ? reference.slice(1) : reference;
    const exact = this.#records.get(name) ?? this.#records.get(this.#names.get(name) ?? '') ?? this.#linked(name);
    if (exact) return exact;
    const matches = name === '' ? [] : this.all().filter((record) => record.id.startsWith(name));
    if (matches.length > 1) throw badRequest(`Multiple IDs found with provided prefix: ${name}`);
    const [match] = matches;
    if (!match) throw noSuchContainer(reference);
    return match;
  }

  #linked(path: string): ContainerRecord | undefined {
    const [name = '', wanted] = path.split('/');
    const record = wanted === undefined ? undefined : this.#records.get(this.#names.get(name) ?? '');
    return record && targetsOf(record, this).find(({ alias }) => alias === wanted)?.target;
  }

  /** As `find`, and undefined where there is none. */
  lookup(reference: string): ContainerRecord | undefined {
    try {
      return this.find(reference);
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    }
  }

  hasName(name: string): boolean {
    return this.#names.has(name);
  }

  /** Takes a name for a container that is being made; throws Docker's 409 when it is taken. */
  reserveName(name: string, id: string): void {
    const holder = this.#names.get(name);
    if (holder !== undefined)
      throw conflict(
        `Conflict. The container name "/${name}" is already in use by container "${holder}". You have to remove (or rename) that container to be able to reuse that name.`,
      );
    this.#names.set(name, id);
  }

  releaseName(name: string, id: string): void {
    if (this.#names.get(name) === id) this.#names.delete(name);
  }

  /** Puts a new record in memory and on disk; its name must be reserved. */
  async add(record: ContainerRecord): Promise<void> {
    this.#records.set(record.id, record);
    try {
      await this.save(record.id);
    } catch (error) {
      // A full disk, say: then there is no container.
      await this.remove(record.id).catch((left: unknown) => debug('containers', () => messageOf(left)));
      throw error;
    }
  }

  /** Changes a record in memory alone; the next write takes the change along. */
  note(id: string, change: (record: ContainerRecord) => ContainerRecord): ContainerRecord {
    const before = this.#records.get(id);
    if (!before) throw noSuchContainer(id);
    const after = change(before);
    this.#records.set(id, after);
    return after;
  }

  /** Changes a record in memory and asks for it to be written; `await save(id)` where the disk matters. */
  update(id: string, change: (record: ContainerRecord) => ContainerRecord): ContainerRecord {
    const after = this.note(id, change);
    this.save(id).catch(() => {
      // The next write tells; a full disk must not stop containers from being looked after.
    });
    return after;
  }

  updateState(id: string, change: Partial<ContainerState>): ContainerRecord {
    return this.update(id, (record) => ({ ...record, state: { ...record.state, ...change } }));
  }

  rename(id: string, name: string): ContainerRecord {
    const before = this.find(id);
    this.reserveName(name, id);
    this.releaseName(before.name, id);
    return this.update(id, (record) => ({ ...record, name }));
  }

  /** Resolves when the record as it is now is on disk. */
  async save(id: string): Promise<void> {
    if (!this.#records.has(id)) return;
    let writer = this.#writers.get(id);
    if (!writer) {
      writer = new Rounds(() => this.#write(id));
      this.#writers.set(id, writer);
    }
    return writer.request();
  }

  async #write(id: string): Promise<void> {
    const record = this.#records.get(id);
    if (!record) return;
    try {
      // What vanishes with its end is nothing after the machine's: only an engine's end must leave it whole.
      const sync = record.hostConfig.AutoRemove !== true;
      await this.#host.writeAtomic(this.#paths.container(id).record, JSON.stringify(record), { sync });
    } catch (error) {
      if (hasCode(error, 'ENOENT') && !this.#records.has(id)) return; // removed meanwhile
      throw error;
    }
  }

  /** Forgets a container and removes its folder. */
  async remove(id: string): Promise<void> {
    const record = this.#records.get(id);
    if (!record) return;
    this.#records.delete(id);
    this.releaseName(record.name, id);
    // A write that goes on finds the folder gone, or puts one more file into it, which is removed too.
    this.#writers.delete(id);
    await removeTree(this.#host, this.#paths.container(id).home);
  }
}
