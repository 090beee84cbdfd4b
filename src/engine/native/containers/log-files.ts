// The files of one log: `log`, which the monitor writes to, and those put aside before it, `log.1` (the last) to `log.9…` (the
// first). Readers hold files open, so that nothing is lost to them when a file is put aside or removed.
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { hasCode, listIfExists, type NativeHost } from '../host.ts';

export interface OpenLog {
  readonly handle: FileHandle;
  readonly inode: number;
}

export async function openLog(host: NativeHost, path: string): Promise<OpenLog | undefined> {
  try {
    const handle = await host.files.open(path, 'r');
    const { ino: inode } = await handle.stat();
    return { handle, inode };
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** Paths of a log's files, the oldest first. */
export async function logFiles(host: NativeHost, path: string): Promise<string[]> {
  const prefix = `${basename(path)}.`;
  const numbers = (await listIfExists(host.files, dirname(path)))
    .filter((name) => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length)))
    .map((name) => Number(name.slice(prefix.length)))
    .sort((a, b) => b - a);
  return [...numbers.map((number) => `${path}.${number}`), path];
}

/** While files are put aside faster than they are opened, what was opened at last is taken. */
const ATTEMPTS = 10;

/** All files, the oldest first: of one moment, for between the look and the opening one may be put aside and make all others move. */
export async function openAll(host: NativeHost, path: string): Promise<OpenLog[]> {
  for (let attempt = 1; ; attempt++) {
    const files = await logFiles(host, path);
    const opened = await openFiles(host, files);
    const current = await host.files.stat(path).catch(() => undefined);
    const moved =
      current?.ino !== opened.get(path)?.inode || (await logFiles(host, path)).join('\n') !== files.join('\n');
    if (!moved || attempt === ATTEMPTS) return [...opened.values()].reverse();
    await Promise.all([...opened.values()].map(({ handle }) => handle.close()));
  }
}

/** By path, from the newest on: one that is put aside meanwhile is met twice, and kept once, where the other order would miss it. */
async function openFiles(host: NativeHost, files: readonly string[]): Promise<Map<string, OpenLog>> {
  const opened = new Map<string, OpenLog>();
  for (const file of [...files].reverse()) {
    const log = await openLog(host, file);
    if (log && [...opened.values()].some(({ inode }) => inode === log.inode)) await log.handle.close();
    else if (log) opened.set(file, log);
  }
  return opened;
}

/** The file after this one; undefined while it is the one that is written to. */
export async function openNext(host: NativeHost, path: string, inode: number): Promise<OpenLog | undefined> {
  const current = await host.files.stat(path).catch(() => undefined);
  // None for a moment: put aside, and the monitor has not opened the next one yet.
  if (!current || current.ino === inode) return undefined;
  const all = await openAll(host, path);
  const here = all.findIndex((log) => log.inode === inode);
  // Not there: so many were put aside since that it was not kept. The reader goes on with what is written now.
  const next = here < 0 ? all.at(-1) : all[here + 1];
  await Promise.all(all.filter((log) => log !== next).map(({ handle }) => handle.close()));
  return next;
}

/** A file for a reader that comes before the first start; the monitor appends to it. */
export async function createLog(host: NativeHost, path: string): Promise<OpenLog> {
  const handle = await host.files.open(path, 'a+', 0o600);
  const { ino: inode } = await handle.stat();
  return { handle, inode };
}
