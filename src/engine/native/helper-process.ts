// One perl helper as a process: started with the first call, asked in lines, answering in lines.
import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { HostError, messageOf } from '../../errors.ts';
import { debug } from '../../log.ts';
import { helperProgram } from './kernel-helper.ts';

interface Waiting {
  resolve(text: string): void;
  reject(error: Error): void;
}

/** A call that the kernel refused. */
export class KernelError extends HostError {
  readonly errno: number;
  constructor(errno: number, text: string) {
    super(text);
    this.errno = errno;
  }
}

const encode = (field: string): string =>
  field.replace(/[%\t\n]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);

const decode = (field: string): string =>
  field.replace(/%([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));

export class HelperProcess {
  #child: ChildProcess | undefined;
  readonly #waiting = new Map<number, Waiting>();
  #next = 1;
  #cgroups: readonly string[] = [];

  /** What the verb answers; rejects with a KernelError when it fails, and with a HostError when the helper ends. */
  call(verb: string, args: readonly string[]): Promise<string> {
    const child = this.#started();
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      child.stdin?.write(`${[String(id), verb, ...args.map(encode)].join('\t')}\n`);
    });
  }

  /** Of the process that answered last. */
  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** It belongs to these cgroups (folders) from now on, where the kernel lets it: this process, and those after it. */
  place(cgroups: readonly string[]): void {
    this.#cgroups = cgroups;
    if (this.#child !== undefined) this.#enter(this.#child);
  }

  close(): void {
    this.#child?.stdin?.end();
    this.#child = undefined;
  }

  #started(): ChildProcess {
    if (this.#child !== undefined) return this.#child;
    const program = helperProgram(process.arch);
    if (program === undefined) throw new HostError(`system calls of the architecture "${process.arch}" are not known`);
    const child = spawn('perl', ['-e', program], { stdio: ['pipe', 'pipe', 'inherit'], cwd: '/' });
    this.#child = child;
    this.#enter(child);
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

  /** At once, before it can have started anything. */
  #enter({ pid }: ChildProcess): void {
    for (const folder of pid === undefined ? [] : this.#cgroups)
      try {
        writeFileSync(join(folder, 'cgroup.procs'), String(pid));
      } catch (error) {
        debug('cgroups', () => messageOf(error));
      }
  }

  #answer(line: string): void {
    const [id = '', errno = '', text = ''] = line.split('\t');
    const waiting = this.#waiting.get(Number(id));
    this.#waiting.delete(Number(id));
    if (errno === '0') waiting?.resolve(decode(text));
    else waiting?.reject(new KernelError(Number(errno), decode(text)));
  }
}
