// Containers that the kernel took memory back from by killing a process, told while they run: the monitor makes the file
// `oom` in the bundle (conmon, src/oom.c: v1's event descriptor, v2's memory.events), whichever process was killed.
import { type FSWatcher, watch } from 'node:fs';
import { join } from 'node:path';
import type { EventBus } from '../events.ts';
import { type NativeHost, readIfExists } from '../host.ts';
import type { Paths } from '../paths.ts';
import { eventAttributes } from './event-attributes.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { ContainerStore } from './store.ts';
import { type ContainerRecord, isLive } from './types.ts';

const BY_MONITOR = 'oom';
/** What the monitor's file is renamed to once it has been told, so that the next kill makes a new one. */
const TOLD = 'oom-told';

export interface OomParts {
  readonly host: NativeHost;
  readonly paths: Paths;
  readonly store: ContainerStore;
  readonly events: EventBus;
}

/** Emits the event `oom` for running containers, as Docker does: once a kill, a burst of kills as one. */
export class OomWatch {
  readonly #parts: OomParts;
  readonly #watchers = new Map<string, FSWatcher>();

  constructor(parts: OomParts, lifecycle: Lifecycle) {
    this.#parts = parts;
    lifecycle.listen({
      started: (record) => this.#begin(record.id),
      ended: (record) => this.#end(record.id),
      removed: (record) => this.#end(record.id),
    });
  }

  /** Goes on with containers that an earlier engine started. */
  resume(): void {
    for (const record of this.#parts.store.all()) if (isLive(record.state.status)) this.#begin(record.id);
  }

  close(): void {
    for (const id of [...this.#watchers.keys()]) this.#end(id);
  }

  #begin(id: string): void {
    this.#end(id);
    try {
      const watcher = watch(this.#parts.paths.container(id).bundle, (_, name) => {
        if (name === BY_MONITOR) void this.#tell(id);
      });
      // Without a watch (too many on this machine) the end of the container tells it.
      watcher.on('error', () => this.#end(id));
      this.#watchers.set(id, watcher);
    } catch {
      return;
    }
    void this.#tell(id);
  }

  #end(id: string): void {
    this.#watchers.get(id)?.close();
    this.#watchers.delete(id);
  }

  async #tell(id: string): Promise<void> {
    const { host, paths, store, events } = this.#parts;
    const { bundle } = paths.container(id);
    // Who renames it tells it: here, or the end of the container.
    if (!(await renamed(host, bundle))) return;
    const record = store.get(id);
    if (record) events.emit('container', 'oom', id, eventAttributes(record));
  }
}

/** At the end of a container, its bundle still there: whether it ran out of memory, and whether that has been told yet. */
export async function outOfMemory(
  { host, paths }: Pick<OomParts, 'host' | 'paths'>,
  { id }: ContainerRecord,
): Promise<{ readonly killed: boolean; readonly told: boolean }> {
  const { bundle } = paths.container(id);
  if (await renamed(host, bundle)) return { killed: true, told: false };
  const killed = (await readIfExists(host.files, join(bundle, TOLD))) !== undefined;
  return { killed, told: killed };
}

/** Whether there was a kill that had not been told. */
async function renamed({ files }: NativeHost, bundle: string): Promise<boolean> {
  return files.rename(join(bundle, BY_MONITOR), join(bundle, TOLD)).then(
    () => true,
    () => false,
  );
}
