// The kernel verbs of the native engine: mounts, network namespaces, interfaces, and starting monitors. Long-lived helpers make
// the calls.
import type { NetlinkMessage } from '../../network/netlink.ts';
import { HelperProcess, KernelError } from './helper-process.ts';
import { type IdMapping, mapText } from './user-namespaces/id-mapping.ts';

export interface MountRequest {
  readonly source: string;
  readonly target: string;
  readonly type: string;
  /** MS_* bits. */
  readonly flags?: number;
  readonly data?: string;
  /** Directory that relative paths in `data` start from: keeps overlay options within the kernel's one page. */
  readonly directory?: string;
}

export const MS_RDONLY = 1;
export const MS_NOSUID = 2;
export const MS_NODEV = 4;
export const MS_NOEXEC = 8;
export const MS_BIND = 4096;
export const MS_REC = 16384;
const MNT_DETACH = 2;

/** The helper does nothing else meanwhile: some 10 ms of work. */
const CLEARED_AT_ONCE = 200;

/** Not mounted here, or gone: unmounting it is done already. */
const ALREADY_GONE = new Set([2, 22]);

export interface Kernel {
  mount(request: MountRequest): Promise<void>;
  /** Detaches whatever is mounted at `target`; nothing there is success. */
  unmount(target: string): Promise<void>;
  /**
   * Removes a folder with what is in it; a missing one is success. False when there is much in it: then some of it is left, for
   * somebody with more patience. Fails rather than reach into another file system that is mounted below.
   */
  clear(folder: string): Promise<boolean>;
  /** Writes small files over what is there, none of them synced: they can be made again. */
  writeFiles(files: readonly SmallFile[]): Promise<void>;
  /** Removes empty folders. Returns the error number of each, 0 where it went well. */
  removeEmpty(folders: readonly string[]): Promise<number[]>;
  /**
   * A new network namespace with loopback up. It lasts until it is released and no process is in it any more. With `users` it
   * belongs to a user namespace, which is held as well: a new one, or the one that a path leads to.
   */
  holdNetworkNamespace(users?: IdMapping | string): Promise<HeldNamespace>;
  /** A new user namespace. It lasts until it is released and no process is in it any more. */
  holdUserNamespace(mapping: IdMapping): Promise<HeldNamespace>;
  /** Mounts the folder `source` at `target` a second time, with the owners of its files seen as `mapping` has them. */
  mountMapped(source: string, target: string, mapping: IdMapping): Promise<void>;
  /**
   * Changes interfaces, addresses and routes: on the host, or in the namespace held by the file `netns`. Carries the messages
   * out in order up to the first that fails.
   */
  changeLinks(messages: readonly NetlinkMessage[], netns?: string): Promise<LinkResult>;
  /** Which of these interfaces the host has. */
  existingLinks(names: readonly string[]): Promise<string[]>;
  /**
   * Starts a program that goes on by itself, and resolves with the first line it writes to a file whose number is in the
   * environment variable `reportIn`, or with all it wrote when it ends without one.
   */
  startReporting(request: StartRequest): Promise<string>;
  /** The helpers, and what they start, belong to these cgroups (folders) from now on, where the kernel lets them. */
  place(cgroups: readonly string[]): void;
  close(): void;
}

export interface SmallFile {
  readonly path: string;
  /** Permission bits of a new file. */
  readonly mode: number;
  readonly text: string;
}

export interface HeldNamespace {
  /** A file that leads to it while it is held. */
  readonly path: string;
  /** One that leads to the user namespace that it belongs to, where that is not the host's. */
  readonly users?: string;
  release(): Promise<void>;
}

export interface LinkResult {
  /** How many messages were carried out. */
  readonly done: number;
  /** Why the next one was not. */
  readonly failure?: string;
}

export interface StartRequest {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly reportIn: string;
}

const mapTexts = ({ users, groups }: IdMapping): string[] => [mapText(users), mapText(groups)];

/** Kernel verbs through perl helpers, which are started with the first call and again should they ever end. */
export class HelperKernel implements Kernel {
  readonly #helper = new HelperProcess();
  /** The kernel takes its time over deleted interfaces; mounts do not wait for that. */
  readonly #links = new HelperProcess();

  async mount(request: MountRequest): Promise<void> {
    const { source, target, type, flags = 0, data = '', directory = '/' } = request;
    await this.#helper.call('mount', [directory, source, target, type, String(flags), data]);
  }

  async unmount(target: string): Promise<void> {
    try {
      await this.#helper.call('umount', [target, String(MNT_DETACH)]);
    } catch (error) {
      if (!(error instanceof KernelError && ALREADY_GONE.has(error.errno))) throw error;
    }
  }

  async clear(folder: string): Promise<boolean> {
    return (await this.#helper.call('clear', [folder, String(CLEARED_AT_ONCE)])) === 'all';
  }

  async writeFiles(files: readonly SmallFile[]): Promise<void> {
    await this.#helper.call(
      'write',
      files.flatMap(({ path, mode, text }) => [path, String(mode), text]),
    );
  }

  async removeEmpty(folders: readonly string[]): Promise<number[]> {
    return (await this.#helper.call('rmdirs', folders)).split(' ').map(Number);
  }

  async holdNetworkNamespace(users?: IdMapping | string): Promise<HeldNamespace> {
    if (users === undefined) return this.#held(await this.#links.call('hold', []));
    const wanted = typeof users === 'string' ? [users, ''] : mapTexts(users);
    return this.#held(await this.#links.call('hold_users', [...wanted, 'net', 'user']));
  }

  async holdUserNamespace(mapping: IdMapping): Promise<HeldNamespace> {
    return this.#held(await this.#links.call('hold_users', [...mapTexts(mapping), 'user']));
  }

  /** Files that the helper has open, by their numbers. */
  #held(numbers: string): HeldNamespace {
    const files = numbers.split(' ');
    const [path = '', users] = files.map((file) => `/proc/${this.#links.pid}/fd/${file}`);
    return {
      path,
      ...(users === undefined ? {} : { users }),
      release: async () => {
        await this.#links.call('release', files);
      },
    };
  }

  async mountMapped(source: string, target: string, mapping: IdMapping): Promise<void> {
    await this.#helper.call('mount_mapped', [source, target, ...mapTexts(mapping)]);
  }

  async changeLinks(messages: readonly NetlinkMessage[], netns = ''): Promise<LinkResult> {
    const fields = messages.flatMap(({ bytes, references }) => [
      bytes.toString('hex'),
      ...references.map(({ offset, kind, name }) => `@${offset} ${kind} ${name}`),
    ]);
    const [done, errno, ...reason] = (await this.#links.call('links', [netns, ...fields])).split(' ');
    return { done: Number(done), ...(errno === '0' ? {} : { failure: reason.join(' ') }) };
  }

  async existingLinks(names: readonly string[]): Promise<string[]> {
    if (names.length === 0) return [];
    const indexes = (await this.#links.call('exists', names)).split(' ');
    return names.filter((_, at) => indexes[at] !== '0');
  }

  startReporting({ program, args, env, reportIn }: StartRequest): Promise<string> {
    const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    return this.#helper.call('start', [reportIn, program, String(args.length), ...args, ...variables]);
  }

  place(cgroups: readonly string[]): void {
    this.#helper.place(cgroups);
    this.#links.place(cgroups);
  }

  close(): void {
    this.#helper.close();
    this.#links.close();
  }
}
