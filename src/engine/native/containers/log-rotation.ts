// Logs with several files: the one that is written to is put aside when it has grown beyond its size, and the monitor is told
// to open a new one. Nothing is lost between the two: it writes to the old one until it has opened the new one.
import { join } from 'node:path';
import { messageOf } from '../../../errors.ts';
import { debug } from '../../../log.ts';
import type { NativeHost } from '../host.ts';
import type { ContainerPaths, Paths } from '../paths.ts';
import type { Lifecycle } from './lifecycle.ts';
import { logPlan } from './log-config.ts';
import type { ContainerStore } from './store.ts';
import { type ContainerRecord, isLive } from './types.ts';

/** How often sizes are looked at; a file may exceed its size by what is written in this time. */
const LOOK_MS = 500;

export class LogRotation {
  readonly #host: NativeHost;
  readonly #paths: Paths;
  readonly #limits = new Map<string, { readonly maxBytes: number; readonly maxFiles: number }>();
  #timer: NodeJS.Timeout | undefined;
  #looking = false;

  constructor(host: NativeHost, paths: Paths, lifecycle: Lifecycle) {
    this.#host = host;
    this.#paths = paths;
    lifecycle.listen({
      started: (record) => this.#begin(record),
      ended: (record) => this.#end(record.id),
      removed: (record) => this.#end(record.id),
    });
  }

  /** Goes on with the logs of containers that an earlier engine started. */
  resume(store: ContainerStore): void {
    for (const record of store.all()) if (isLive(record.state.status)) this.#begin(record);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#limits.clear();
  }

  #begin(record: ContainerRecord): void {
    const { maxBytes, maxFiles } = logPlan(record.hostConfig.LogConfig);
    if (maxBytes === undefined || maxFiles < 2) return;
    this.#limits.set(record.id, { maxBytes, maxFiles });
    this.#timer ??= setInterval(() => void this.#look(), LOOK_MS);
  }

  #end(id: string): void {
    if (this.#limits.delete(id) && this.#limits.size === 0) this.close();
  }

  async #look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    try {
      for (const [id, { maxBytes, maxFiles }] of [...this.#limits]) {
        const container = this.#paths.container(id);
        const facts = await this.#host.files.stat(container.log).catch(() => undefined);
        if (facts && facts.size > maxBytes) await rotate(this.#host, container, maxFiles);
      }
    } catch (error) {
      debug('logs', () => messageOf(error));
    } finally {
      this.#looking = false;
    }
  }
}

/** `log.1` → `log.2` …, `log` → `log.1`; what would be one file too many goes. */
async function rotate(host: NativeHost, container: ContainerPaths, maxFiles: number): Promise<void> {
  const { log, bundle } = container;
  // Without a monitor that listens the file stays: its end is near.
  const control = await host.files.open(join(bundle, 'ctl'), 'r+').catch(() => undefined);
  if (!control) return;
  try {
    for (let number = maxFiles - 2; number >= 1; number--)
      await host.files.rename(`${log}.${number}`, `${log}.${number + 1}`).catch(() => undefined); // none yet
    await host.files.rename(log, `${log}.1`);
    await control.write(REOPEN);
  } finally {
    await control.close();
  }
}

/** conmon's message "reopen logs"; two numbers follow that only its other messages use. */
const REOPEN = '2 0 0\n';
