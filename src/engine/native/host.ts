// The narrow door of the native engine to the operating system: programs, files and kernel verbs. Whatever in engine/native
// or network touches the machine does so through the Host handed to it; a recording fake stands in for it under test.
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import { HostError } from '../../errors.ts';
import { type Host, realHost } from '../../host.ts';
import { HelperKernel, type Kernel } from './kernel.ts';

/** The file verbs that the engine uses, as node:fs/promises has them. */
export type Files = Pick<
  typeof fs,
  | 'chmod'
  | 'chown'
  | 'lchown'
  | 'lstat'
  | 'mkdir'
  | 'open'
  | 'readFile'
  | 'readdir'
  | 'readlink'
  | 'realpath'
  | 'rename'
  | 'rm'
  | 'rmdir'
  | 'stat'
  | 'symlink'
  | 'unlink'
  | 'utimes'
  | 'writeFile'
>;

export interface NativeHost extends Host {
  readonly files: Files;
  readonly kernel: Kernel;
  /** Starts a program that goes on while the engine works; the caller owns its streams and its end. */
  start(program: string, args: readonly string[], options: SpawnOptions): ChildProcess;
  /** Writes to a temporary file beside `path`, syncs it, and renames it over `path`: whole or not at all. */
  writeAtomic(path: string, content: string | Uint8Array, options?: WriteOptions): Promise<void>;
}

export interface WriteOptions {
  /** Permission bits; 0600 unless given. */
  readonly mode?: number;
  /** `false` where a crash may lose the file because it can be made again: saves a wait for the disk. */
  readonly sync?: boolean;
}

export function realNativeHost(): NativeHost {
  return {
    run: realHost.run,
    files: fs,
    kernel: new HelperKernel(),
    start: (program, args, options) => spawn(program, args, options),
    async writeAtomic(path, content, options = {}) {
      const temporary = `${path}.${randomBytes(4).toString('hex')}.tmp`;
      const handle = await fs.open(temporary, 'wx', options.mode ?? 0o600);
      try {
        try {
          await handle.writeFile(content);
          if (options.sync !== false) await handle.datasync();
        } finally {
          await handle.close();
        }
        await fs.rename(temporary, path);
      } catch (error) {
        await fs.rm(temporary, { force: true });
        throw error;
      }
    },
  };
}

/** Removes what `writeAtomic` was about to write below a folder when its engine was killed. */
export async function clearUnfinished(files: Files, folder: string): Promise<void> {
  for (const name of await listIfExists(files, folder))
    if (/\.[0-9a-f]{8}\.tmp$/.test(name)) await files.rm(join(folder, name), { force: true });
}

/** Runs a program that must succeed; its output, or a HostError with what it wrote to standard error. */
export async function runChecked(
  host: Host,
  program: string,
  args: readonly string[],
  input?: string,
): Promise<string> {
  const result = await host.run(program, args, input === undefined ? {} : { input });
  if (result.exitCode === 0) return result.stdout;
  const tail = result.stderr.trim().split('\n').slice(-3).join('; ');
  throw new HostError(`"${program} ${args.join(' ')}" ended with exit status ${result.exitCode}: ${tail}`);
}

/** Removes a folder with what is in it. Most of the engine's are small: one question to the helper is cheaper than a file at a time. */
export async function removeTree(host: NativeHost, folder: string): Promise<void> {
  const done = await host.kernel.clear(folder).catch(() => false);
  // Somebody may be putting a file there just now: what was added while removing is removed in another go.
  if (!done) await host.files.rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });
}

/** The text of a file, or undefined when there is none. */
export async function readIfExists(files: Files, path: string): Promise<string | undefined> {
  try {
    return await files.readFile(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR')) return undefined;
    throw error;
  }
}

/** Whether there is something at a path, links followed. */
export const exists = (files: Pick<Files, 'stat'>, path: string): Promise<boolean> =>
  files.stat(path).then(
    () => true,
    () => false,
  );

/** Names in a directory; none when it is missing. */
export async function listIfExists(files: Files, path: string): Promise<string[]> {
  try {
    return await files.readdir(path);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  }
}

/** Whether an error is the system error of that name: `ENOENT`. */
export const hasCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;
