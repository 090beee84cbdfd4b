// Single files that are mounted into containers. Most editors save by putting a new file in the place of the old one, and the mount stays
// with the old one: a container never sees the change. So the old ones are kept open here, and what is saved is written into them too.
import { closeSync, fstatSync, ftruncateSync, openSync, readFileSync, statSync, writeSync } from 'node:fs';
import { debug } from '../log.ts';

export class MountedFiles {
  /** Path → inode → an open file, which a container may have mounted. */
  readonly #open = new Map<string, Map<number, number>>();

  /** Follows these paths too. */
  add(paths: readonly string[]): void {
    for (const path of paths) if (!this.#open.has(path)) this.#open.set(path, new Map());
    this.hold();
  }

  /** Takes the files that are there now for those that containers have mounted or are about to mount. */
  hold(): void {
    for (const [path, files] of this.#open)
      try {
        const file = openSync(path, 'r+');
        const { ino } = fstatSync(file);
        if (files.has(ino)) closeSync(file);
        else files.set(ino, file);
      } catch (error) {
        // Not there yet, or not ours to write: then the container has to be started anew, as ever.
        debug('watch', () => `cannot hold "${path}": ${String(error)}`);
      }
  }

  /** Gives earlier files of a path what the present one holds. Other paths are none of its business. */
  update(path: string): void {
    const files = this.#open.get(path);
    if (files === undefined || files.size === 0) return;
    const present = statSync(path, { throwIfNoEntry: false });
    if (present?.isFile() !== true) return;
    const content = readFileSync(path);
    for (const [inode, file] of files) {
      if (inode === present.ino) continue;
      ftruncateSync(file, content.length);
      for (let at = 0; at < content.length; ) at += writeSync(file, content, at, content.length - at, at);
    }
  }

  close(): void {
    for (const files of this.#open.values()) for (const file of files.values()) closeSync(file);
    this.#open.clear();
  }
}
