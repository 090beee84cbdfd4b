// Volumes of the "local" driver: a folder each, or, with mount options, something mounted over it while in use.
import { join } from 'node:path';
import { listIfExists, type NativeHost, readIfExists } from '../host.ts';
import { newId, timestamp } from '../names.ts';
import type { Paths } from '../paths.ts';
import { Serial } from '../serial.ts';
import { badRequest, conflict, noSuchVolume, notFound } from '../server/api-error.ts';
import type { Ids } from '../user-namespaces/id-mapping.ts';
import { mountVolume } from './mount.ts';

export interface VolumeRecord {
  readonly name: string;
  readonly created: string;
  readonly labels: Readonly<Record<string, string>>;
  /** `type`, `o` and `device` as of mount(8); empty for a plain folder. */
  readonly options: Readonly<Record<string, string>>;
  /** Made for one container without a name of its own. */
  readonly anonymous: boolean;
}

export interface VolumeRequest {
  readonly Name?: string;
  readonly Driver?: string;
  readonly DriverOpts?: Readonly<Record<string, string>> | null;
  readonly Labels?: Readonly<Record<string, string>> | null;
}

/** Label of volumes without a name, as Docker's; `volume prune` goes by it. */
export const ANONYMOUS_LABEL = 'com.docker.volume.anonymous';

export class VolumeStore {
  readonly #host: NativeHost;
  readonly #paths: Paths;
  readonly #owner: Ids;
  readonly #records = new Map<string, VolumeRecord>();
  /** Volume → containers that have it mounted. */
  readonly #users = new Map<string, Set<string>>();
  readonly #serial = new Serial();

  /** `owner`: whom a new volume belongs to, root as containers have it. */
  constructor(host: NativeHost, paths: Paths, owner: Ids = { uid: 0, gid: 0 }) {
    this.#host = host;
    this.#paths = paths;
    this.#owner = owner;
  }

  async open(): Promise<void> {
    await this.#host.files.mkdir(this.#paths.volumes, { recursive: true, mode: 0o701 });
    for (const name of await listIfExists(this.#host.files, this.#paths.volumes)) {
      const text = await readIfExists(this.#host.files, this.#recordPath(name));
      if (text !== undefined) this.#records.set(name, JSON.parse(text) as VolumeRecord);
    }
  }

  all(): VolumeRecord[] {
    return [...this.#records.values()];
  }

  get(name: string): VolumeRecord | undefined {
    return this.#records.get(name);
  }

  find(name: string): VolumeRecord {
    const record = this.#records.get(name);
    if (!record) throw noSuchVolume(name);
    return record;
  }

  mountpoint(name: string): string {
    return join(this.#paths.volumes, name, '_data');
  }

  /** Creating what exists with the same driver gives what is there. */
  create(request: VolumeRequest): Promise<{ record: VolumeRecord; made: boolean }> {
    const name = request.Name || newId();
    if (name.length < 2)
      throw badRequest(
        `create ${name}: volume name is too short, names should be at least two alphanumeric characters`,
      );
    if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(name) || name.length > 255)
      throw badRequest(
        `create ${name}: "${name}" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path`,
      );
    if (request.Driver && request.Driver !== 'local')
      throw notFound(
        `create ${name}: error looking up volume plugin ${request.Driver}: plugin "${request.Driver}" not found`,
      );
    return this.#serial.run(name, async () => {
      const known = this.#records.get(name);
      if (known) return { record: known, made: false };
      const options = { ...(request.DriverOpts ?? {}) };
      for (const key of Object.keys(options))
        if (!['type', 'o', 'device', 'size'].includes(key))
          throw badRequest(`create ${name}: invalid option: "${key}"`);
      const missing = missingOption(options);
      if (missing !== undefined) throw badRequest(`create ${name}: missing required option: "${missing}"`);
      const anonymous = !request.Name;
      const labels = { ...(request.Labels ?? {}), ...(anonymous ? { [ANONYMOUS_LABEL]: '' } : {}) };
      const record = { name, created: timestamp(), labels, options, anonymous };
      await this.#host.files.mkdir(this.mountpoint(name), { recursive: true, mode: 0o755 });
      const { uid, gid } = this.#owner;
      if (uid !== 0 || gid !== 0) await this.#host.files.chown(this.mountpoint(name), uid, gid);
      await this.#host.writeAtomic(this.#recordPath(name), JSON.stringify(record));
      this.#records.set(name, record);
      return { record, made: true };
    });
  }

  remove(name: string): Promise<VolumeRecord> {
    return this.#serial.run(name, async () => {
      const record = this.find(name);
      if ((this.#users.get(name)?.size ?? 0) > 0) throw conflict(`remove ${name}: volume is in use`);
      // Were anything mounted still, what is behind it would be deleted: a server's files, say.
      await this.#unmount(record);
      this.#records.delete(name);
      await this.#host.files.rm(join(this.#paths.volumes, name), { recursive: true, force: true });
      return record;
    });
  }

  /** Makes a volume ready for a container that is about to start. */
  acquire(name: string, containerId: string): Promise<void> {
    return this.#serial.run(name, async () => {
      const record = this.find(name);
      const users = this.#users.get(name) ?? new Set<string>();
      this.#users.set(name, users);
      if (users.size === 0 && isMounted(record)) {
        // An engine that was killed may have left it mounted.
        await this.#unmount(record);
        await mountVolume(this.#host, record.options, this.mountpoint(name));
      }
      users.add(containerId);
    });
  }

  /** Takes note of a container that has the volume already. */
  adopt(name: string, containerId: string): void {
    this.#users.set(name, (this.#users.get(name) ?? new Set()).add(containerId));
  }

  /** Also for a container that an earlier engine made it ready for: whoever has it must have been adopted by then. */
  release(name: string, containerId: string): Promise<void> {
    return this.#serial.run(name, async () => {
      const users = this.#users.get(name);
      users?.delete(containerId);
      if (users && users.size > 0) return;
      const record = this.#records.get(name);
      if (record) await this.#unmount(record);
    });
  }

  /** Nothing mounted is success. */
  async #unmount(record: VolumeRecord): Promise<void> {
    if (isMounted(record)) await this.#host.kernel.unmount(this.mountpoint(record.name));
  }

  #recordPath(name: string): string {
    return join(this.#paths.volumes, name, 'volume.json');
  }
}

/** What is to be mounted needs a type, a type something to be mounted, and options both. */
function missingOption(options: Readonly<Record<string, string>>): 'device' | 'type' | undefined {
  const has = (name: string): boolean => options[name] !== undefined && options[name] !== '';
  if ((has('type') || has('o')) && !has('device')) return 'device';
  return (has('device') || has('o')) && !has('type') ? 'type' : undefined;
}

const isMounted = (record: VolumeRecord): boolean =>
  record.options.type !== undefined || record.options.device !== undefined;
