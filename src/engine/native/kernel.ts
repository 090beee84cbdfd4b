// The kernel verbs of the native engine: mount, unmount, new network namespace. A long-lived helper makes the calls.
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { HostError } from '../../errors.ts';
import { helperProgram } from './kernel-helper.ts';

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
export const MS_BIND = 4096;
export const MS_REC = 16384;
const MNT_DETACH = 2;

/** Not mounted here, or gone: unmounting it is done already. */
const ALREADY_GONE = new Set([2, 22]);

export interface Kernel {
  mount(request: MountRequest): Promise<void>;
  /** Detaches whatever is mounted at `target`; nothing there is success. */
  unmount(target: string): Promise<void>;
  /** A new network namespace with loopback up, held by a bind mount on the file `path`, which is created. */
  createNetworkNamespace(path: string): Promise<void>;
  close(): void;
}

interface Waiting {
  resolve(text: string): void;
  reject(error: Error): void;
}

class KernelError extends HostError {
  readonly errno: number;
  constructor(errno: number, text: string) {
    super(text);
    this.errno = errno;
  }
}

const encode = (field: string): string =>
  field.replace(/[%\t\n]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);

/** Kernel verbs through the perl helper, which is started with the first call and again should it ever end. */
export class HelperKernel implements Kernel {
  #child: ChildProcess | undefined;
  #waiting = new Map<number, Waiting>();
  #next = 1;

  async mount(request: MountRequest): Promise<void> {
    const { source, target, type, flags = 0, data = '', directory = '/' } = request;
    await this.#call('mount', [directory, source, target, type, String(flags), data]);
  }

  async unmount(target: string): Promise<void> {
    try {
      await this.#call('umount', [target, String(MNT_DETACH)]);
    } catch (error) {
      if (!(error instanceof KernelError && ALREADY_GONE.has(error.errno))) throw error;
    }
  }

  async createNetworkNamespace(path: string): Promise<void> {
    await this.#call('netns', [path]);
  }

  close(): void {
    this.#child?.stdin?.end();
    this.#child = undefined;
  }

  #call(verb: string, args: readonly string[]): Promise<string> {
    const child = this.#started();
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      child.stdin?.write(`${[String(id), verb, ...args.map(encode)].join('\t')}\n`);
    });
  }

  #started(): ChildProcess {
    if (this.#child !== undefined) return this.#child;
    const program = helperProgram(process.arch);
    if (program === undefined) throw new HostError(`system calls of the architecture "${process.arch}" are not known`);
    const child = spawn('perl', ['-e', program], { stdio: ['pipe', 'pipe', 'inherit'], cwd: '/' });
    this.#child = child;
    createInterface({ input: child.stdout }).on('line', (line) => this.#answer(line));
    child.stdin.on('error', () => {
      // The helper ended; 'close' below rejects whoever waits.
    });
    const ended = (why: string): void => {
      if (this.#child === child) this.#child = undefined;
      for (const waiting of this.#waiting.values()) waiting.reject(new HostError(`the kernel helper ended: ${why}`));
      this.#waiting.clear();
    };
    child.on('error', (error) => ended(error.message));
    child.on('close', (code, signal) => ended(signal ?? `exit status ${code}`));
    return child;
  }

  #answer(line: string): void {
    const [id = '', errno = '', text = ''] = line.split('\t');
    const waiting = this.#waiting.get(Number(id));
    this.#waiting.delete(Number(id));
    const message = text.replace(/%([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
    if (errno === '0') waiting?.resolve(message);
    else waiting?.reject(new KernelError(Number(errno), message));
  }
}
