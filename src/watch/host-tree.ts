// The watched part of the host's files as it was last seen, and what has changed in it since. A folder that no rule wants is
// neither read nor watched. Events only say where to look: what is there is found out by looking, so an event more, an event less
// or two in one make no difference, and the same code serves events, polling and the check after the kernel's queue may have
// overflowed.
import { readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { type Look, lookAt, meaningOf, sameLook, sameThing } from './entry.ts';
import type { Interest } from './rules.ts';

/** Tells of changes in one folder, not below it. */
export interface FolderWatch {
  close(): void;
}

/** `name` is undefined when it is not known which entry of the folder has changed. */
export type OpenWatch = (folder: string, onEvent: (name: string | undefined) => void) => FolderWatch | undefined;

export interface HostTreeOptions {
  readonly interest: Interest;
  readonly openWatch: OpenWatch;
  /** After so many events without a pause some may have been lost: everything is looked at once more. */
  readonly eventsBeforeCheck: number;
  /** Paths that are new, gone, or mean something else than before. Never empty. */
  readonly onChanges: (paths: readonly string[]) => void;
  readonly onError: (error: unknown) => void;
}

interface Known {
  look: Look;
  meaning: string | undefined;
}

interface Folder {
  readonly watch: FolderWatch | undefined;
  readonly entries: Map<string, Known>;
}

/** Saving is often two or three events; this long nothing more must come before a file is looked at. */
const QUIET_MS = 3;
/** Under a stream of events the looking starts after this long all the same. */
const PATIENCE_MS = 24;
/** A file that has just been emptied, or a large one that has just grown, is in the middle of being written: it is given this long. */
const WRITING_MS = 40;
const LARGE_BYTES = 1024 * 1024;
/** How long the event loop may be kept from reading further events. */
const SLICE_MS = 8;
/** How long all must be still before a check for lost events. */
const CHECK_AFTER_MS = 60;
/** Opening or closing a watch makes the kernel queue, and us miss, events of its own. */
const EVENTS_PER_WATCH = 2;
/** Meanings of at most so many files are found out ahead. */
const MOST_READ_AHEAD = 20_000;

export class HostTree {
  readonly #options: HostTreeOptions;
  readonly #folders = new Map<string, Folder>();
  /** Folder → names to look at; undefined = all of it. */
  #dirty = new Map<string, Set<string> | undefined>();
  #changes = new Set<string>();
  /** Folders that were removed, of which one of the same name may be there again. */
  readonly #dead = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #firstEventAt = 0;
  #lastEventAt = 0;
  #events = 0;
  #check: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #started = false;
  #closed = false;

  constructor(options: HostTreeOptions) {
    this.#options = options;
  }

  /** How many folders are watched. */
  get size(): number {
    return this.#folders.size;
  }

  /** Looks at everything for the first time, without telling; then goes on by events. Throws when a watch cannot be opened. */
  async start(): Promise<void> {
    for (const root of this.#options.interest.roots) this.#enter(existing(root));
    await this.#look();
    this.#changes.clear();
    this.#events = 0;
    this.#started = true;
    if (this.#dirty.size > 0) this.#schedule(QUIET_MS);
    void this.#readAhead();
  }

  /** Every path there is now, as far as rules want it, with the last look at it. */
  *entries(): Generator<readonly [path: string, look: Look]> {
    for (const [folder, { entries }] of this.#folders)
      for (const [name, { look }] of entries) yield [join(folder, name), look];
  }

  /** Looks at everything again: what polling does, and the check after a burst. */
  lookAtEverything(): void {
    for (const folder of this.#folders.keys()) this.#dirty.set(folder, undefined);
    this.#schedule(0);
  }

  /** Resolves when everything that has been told so far has been looked at. For tests and for orderly ends. */
  async settled(): Promise<void> {
    while (this.#dirty.size > 0 || this.#looking !== undefined) await (this.#looking ?? turn());
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#check);
    for (const { watch } of this.#folders.values()) watch?.close();
    this.#folders.clear();
    this.#dirty.clear();
  }

  #onEvent(folder: string, name: string | undefined): void {
    if (this.#closed || !this.#folders.has(folder)) return;
    this.#count(1);
    if (name !== undefined && !this.#options.interest.wants(join(folder, name))) return;
    this.#mark(folder, name);
    if (name === basename(folder) && this.#isGone(folder, name)) {
      this.#dead.add(folder);
      this.#mark(dirname(folder), name);
    }
    const now = Date.now();
    if (this.#timer === undefined) this.#firstEventAt = now;
    this.#lastEventAt = now;
    this.#schedule(QUIET_MS);
  }

  /** A watch tells of its folder's own end by the folder's name (Linux), as it would of an entry that is called the same. */
  #isGone(folder: string, name: string): boolean {
    return this.#folders.get(folder)?.entries.has(name) !== true && lookAt(join(folder, name)) === undefined;
  }

  #mark(folder: string, name: string | undefined): void {
    const names = this.#dirty.get(folder);
    if (name === undefined) this.#dirty.set(folder, undefined);
    else if (names !== undefined) names.add(name);
    else if (!this.#dirty.has(folder)) this.#dirty.set(folder, new Set([name]));
  }

  #count(events: number): void {
    this.#events += events;
    if (this.#check === undefined) this.#check = setTimeout(() => this.#afterBurst(), CHECK_AFTER_MS);
  }

  /** Once all is still: few events cannot have filled the kernel's queue; after many, nothing short of looking tells. */
  #afterBurst(): void {
    this.#check = undefined;
    if (this.#closed) return;
    if (this.#looking !== undefined || Date.now() - this.#lastEventAt < CHECK_AFTER_MS) {
      this.#check = setTimeout(() => this.#afterBurst(), CHECK_AFTER_MS);
      return;
    }
    const many = this.#events >= this.#options.eventsBeforeCheck;
    this.#events = 0;
    if (many) this.lookAtEverything();
  }

  #schedule(delay: number): void {
    if (this.#timer !== undefined || this.#closed || !this.#started) return;
    this.#timer = setTimeout(() => this.#onTimer(), delay);
  }

  #onTimer(): void {
    this.#timer = undefined;
    const now = Date.now();
    const quiet = now - this.#lastEventAt >= QUIET_MS || now - this.#firstEventAt >= PATIENCE_MS;
    if (!quiet) {
      this.#schedule(QUIET_MS);
      return;
    }
    this.#looking ??= this.#look()
      .catch((error: unknown) => this.#options.onError(error))
      .finally(() => {
        this.#looking = undefined;
        if (this.#dirty.size > 0) this.#schedule(QUIET_MS);
      });
  }

  /** Looks at all that is marked, in slices, and tells what has changed after each. */
  async #look(): Promise<void> {
    let sliceEnds = performance.now() + SLICE_MS;
    while (this.#dirty.size > 0 && !this.#closed) {
      const dirty = this.#dirty;
      this.#dirty = new Map();
      for (const [folder, names] of dirty) {
        for (const name of names ?? this.#namesIn(folder)) {
          this.#lookAtOne(folder, name);
          if (performance.now() < sliceEnds) continue;
          this.#tell();
          await turn();
          if (this.#closed) return;
          sliceEnds = performance.now() + SLICE_MS;
        }
      }
    }
    this.#tell();
  }

  #tell(): void {
    if (this.#changes.size === 0 || !this.#started) return;
    const changes = [...this.#changes];
    this.#changes.clear();
    this.#options.onChanges(changes);
  }

  /** What is in a folder now, and what was in it. */
  #namesIn(path: string): Set<string> {
    const folder = this.#folders.get(path);
    if (folder === undefined) return new Set();
    const names = new Set(folder.entries.keys());
    try {
      for (const name of readdirSync(path)) if (this.#options.interest.wants(join(path, name))) names.add(name);
    } catch {
      // Gone, or closed to us: the look at each known name tells.
    }
    return names;
  }

  #lookAtOne(folderPath: string, name: string): void {
    const folder = this.#folders.get(folderPath);
    if (folder === undefined) return;
    const path = join(folderPath, name);
    const known = folder.entries.get(name);
    const look = lookAt(path);
    if (look === undefined) {
      if (known !== undefined) this.#forget(folder, path, name);
      return;
    }
    if (known !== undefined && sameLook(known.look, look)) return;
    if (this.#isBeingWritten(known?.look, look)) {
      setTimeout(() => this.#onEvent(folderPath, name), WRITING_MS);
      return;
    }
    // Another folder under the same name: its watch is on the old one.
    if (known?.look.kind === 'directory' && (this.#dead.delete(path) || !sameThing(known.look, look)))
      this.#forget(folder, path, name);
    const before = folder.entries.get(name);
    const meaning = !this.#started ? undefined : meaningOf(path, look);
    folder.entries.set(name, { look, meaning });
    if (meaning === undefined || before?.meaning !== meaning) this.#changes.add(path);
    if (look.kind === 'directory' && before?.look.kind !== 'directory') this.#enter(path);
  }

  #isBeingWritten(before: Look | undefined, now: Look): boolean {
    if (!this.#started || now.kind !== 'file' || Date.now() - now.modified >= WRITING_MS) return false;
    return now.size === 0 ? (before?.size ?? 1) > 0 : now.size > LARGE_BYTES;
  }

  /** Watches a folder and marks all that is in it. The watch comes first: what appears in between is seen twice, not never. */
  #enter(path: string): void {
    if (this.#folders.has(path) || !this.#isWanted(path)) return;
    const watch = this.#options.openWatch(path, (name) => this.#onEvent(path, name));
    this.#folders.set(path, { watch, entries: new Map() });
    this.#dirty.set(path, undefined);
    this.#count(EVENTS_PER_WATCH);
  }

  #isWanted(path: string): boolean {
    return this.#options.interest.wants(path) || this.#options.interest.roots.includes(path);
  }

  /** An entry is gone, and with it whatever was below. */
  #forget(folder: Folder, path: string, name: string): void {
    folder.entries.delete(name);
    this.#changes.add(path);
    const below = this.#folders.get(path);
    if (below === undefined) return;
    for (const child of [...below.entries.keys()]) this.#forget(below, join(path, child), child);
    below.watch?.close();
    this.#folders.delete(path);
    this.#dirty.delete(path);
    this.#count(EVENTS_PER_WATCH);
  }

  /** Finds out what files mean before they are saved for the first time, so that a save that changes nothing is known as such. */
  async #readAhead(): Promise<void> {
    let count = 0;
    let sliceEnds = performance.now() + SLICE_MS;
    for (const [folder, { entries }] of this.#folders)
      for (const [name, known] of entries) {
        if (this.#closed || count >= MOST_READ_AHEAD) return;
        // What may have changed since it was looked at stays unknown: taking the new content for the old would lose a change.
        if (known.meaning !== undefined || !known.look.settled) continue;
        const path = join(folder, name);
        const meaning = meaningOf(path, known.look);
        const look = lookAt(path);
        if (look !== undefined && sameLook(known.look, look) && entries.get(name) === known) known.meaning = meaning;
        count += 1;
        if (performance.now() < sliceEnds) continue;
        await turn();
        sliceEnds = performance.now() + SLICE_MS;
      }
  }
}

/** The folder itself, or the nearest one above it that exists. */
function existing(path: string): string {
  return lookAt(path)?.kind === 'directory' || path === dirname(path) ? path : existing(dirname(path));
}
