// What of a layer's archive is unpacked, and how: paths are resolved as inside a chroot, whiteouts become overlayfs's,
// and whatever would leave the layer is refused. Pure.
import type { TarHeader } from '../../../archive/tar-header.ts';

const WHITEOUT_PREFIX = '.wh.';
const OPAQUE = '.wh..wh..opq';
/** Longest chain of symbolic links followed within one archive; the kernel's own limit. */
const MAX_LINKS = 40;
const MAX_PATH = 4096;

/** Turns the entries of one archive, in order, into entries safe to hand to tar(1). Keeps what it has seen. */
export class LayerEntries {
  readonly #symlinks = new Map<string, string>();
  readonly #directories = new Map<string, TarHeader>();

  /** The entry to write instead, or undefined when nothing is to be written. Throws on an entry that cannot be safe. */
  accept(entry: TarHeader): TarHeader | undefined {
    const { parent, name } = split(this.#normalise(entry.path));
    if (name === '')
      return entry.type === 'directory' ? { ...entry, path: './', xattrs: safeXattrs(entry) } : undefined;
    const directory = this.#resolve(parent);
    const path = join(directory, name);
    if (name === OPAQUE) return this.#opaque(directory, entry);
    if (name.startsWith(`${WHITEOUT_PREFIX}${WHITEOUT_PREFIX}`)) return undefined; // aufs's own bookkeeping
    if (name.startsWith(WHITEOUT_PREFIX)) return whiteout(join(directory, name.slice(WHITEOUT_PREFIX.length)), entry);
    this.#symlinks.delete(path);
    if (entry.type === 'symlink') this.#symlinks.set(path, entry.linkPath);
    const xattrs = safeXattrs(entry);
    if (entry.type === 'link') return this.#hardLink(entry, path, xattrs);
    if (entry.type !== 'directory') return { ...entry, path, xattrs };
    const kept = { ...entry, path: `${path}/`, xattrs };
    this.#directories.set(path, kept);
    return kept;
  }

  #opaque(directory: string, entry: TarHeader): TarHeader {
    const known = this.#directories.get(directory);
    const base = known ?? { ...entry, type: 'directory' as const, mode: 0o755, size: 0, linkPath: '' };
    const xattrs = new Map([...(known?.xattrs ?? []), ['trusted.overlay.opaque', Buffer.from('y')] as const]);
    return { ...base, path: directory === '' ? './' : `${directory}/`, xattrs };
  }

  #hardLink(entry: TarHeader, path: string, xattrs: TarHeader['xattrs']): TarHeader {
    const { parent, name } = split(this.#normalise(entry.linkPath));
    const linkPath = join(this.#resolve(parent), name);
    // Another name of a symbolic link leads where that one does.
    const target = this.#symlinks.get(linkPath);
    if (target !== undefined) this.#symlinks.set(path, target);
    return { ...entry, path, linkPath, xattrs };
  }

  #normalise(path: string): string {
    if (path.includes('\0')) throw new Error('layer entry has a NUL byte in its name');
    if (path.length > MAX_PATH) throw new Error('layer entry has a name longer than 4096 bytes');
    const parts: string[] = [];
    for (const part of path.split('/')) {
      if (part === '..') throw new Error(`layer entry "${path}" leaves the layer`);
      if (part !== '' && part !== '.') parts.push(part);
    }
    return parts.join('/');
  }

  /** Follows symbolic links of this archive, as a chroot into the layer would: `..` stops at the top. */
  #resolve(directory: string): string {
    let links = 0;
    let done: string[] = [];
    const todo = directory
      .split('/')
      .filter((part) => part !== '')
      .reverse();
    for (let part = todo.pop(); part !== undefined; part = todo.pop()) {
      if (part === '..') {
        done.pop();
        continue;
      }
      const here = [...done, part].join('/');
      const target = this.#symlinks.get(here);
      if (target === undefined) {
        done.push(part);
        continue;
      }
      links += 1;
      if (links > MAX_LINKS) throw new Error(`layer entry below "${directory}" goes through too many symbolic links`);
      if (target.startsWith('/')) done = [];
      todo.push(
        ...target
          .split('/')
          .filter((p) => p !== '' && p !== '.')
          .reverse(),
      );
    }
    return done.join('/');
  }
}

const join = (directory: string, name: string): string => (directory === '' ? name : `${directory}/${name}`);

function split(path: string): { parent: string; name: string } {
  const slash = path.lastIndexOf('/');
  return { parent: slash < 0 ? '' : path.slice(0, slash), name: path.slice(slash + 1) };
}

/** Overlayfs's whiteout: a character device 0:0. */
const whiteout = (path: string, entry: TarHeader): TarHeader => ({
  ...entry,
  path,
  type: 'char',
  mode: 0,
  size: 0,
  linkPath: '',
  devMajor: 0,
  devMinor: 0,
  xattrs: new Map(),
});

/** A layer may not say how overlayfs stacks it: `trusted.overlay.*` could redirect to another layer's files. */
const safeXattrs = (entry: TarHeader): ReadonlyMap<string, Buffer> =>
  new Map([...entry.xattrs].filter(([name]) => name.startsWith('user.') || name === 'security.capability'));
