// The OCI runtime: its verbs as the engine uses them. Creation goes through the monitor (monitor.ts).
import { constants } from 'node:fs';
import { constants as system } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { HostError } from '../../../errors.ts';
import { hasCode, type NativeHost, removeTree } from '../host.ts';
import type { Machine } from '../machine.ts';
import type { Paths } from '../paths.ts';

/** How long the init process may take to come to the point where it waits for `start`. */
const START_DEADLINE_MS = 10_000;

export class Runtime {
  readonly #host: NativeHost;
  readonly #machine: Machine;
  readonly #paths: Paths;

  constructor(host: NativeHost, machine: Machine, paths: Paths) {
    this.#host = host;
    this.#machine = machine;
    this.#paths = paths;
  }

  get program(): string {
    return this.#machine.runtime;
  }

  /** Arguments of every verb. */
  arguments(...verb: string[]): string[] {
    return ['--root', this.#paths.runtimeState, ...verb];
  }

  async call(...verb: string[]): Promise<void> {
    const result = await this.#host.run(this.program, this.arguments(...verb));
    if (result.exitCode !== 0) throw new HostError(runtimeMessage(result.stderr));
  }

  async callWithInput(input: string, ...verb: string[]): Promise<void> {
    const result = await this.#host.run(this.program, this.arguments(...verb), { input });
    if (result.exitCode !== 0) throw new HostError(runtimeMessage(result.stderr));
  }

  /**
   * Lets a created container go. runc's init waits for somebody to read its exec.fifo; doing that here saves starting the
   * runtime once more (7 ms of 30). Another runtime is asked in words.
   */
  async start(id: string): Promise<void> {
    const fifo = join(this.#paths.runtimeState, id, 'exec.fifo');
    if (this.#machine.runtimeName !== 'runc') return this.call('start', id);
    const handle = await this.#host.files.open(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      await readOneByte(handle);
    } finally {
      await handle.close();
    }
    await this.#host.files.rm(fifo, { force: true });
  }

  /**
   * Removes the runtime's state and the cgroup, killing what is left in it. Repeating it is no failure. Where nothing is left
   * to be killed the folders are removed here, which saves starting the runtime.
   */
  async delete(id: string, cgroup: string): Promise<void> {
    if (await this.#removeCgroups(cgroup)) {
      await removeTree(this.#host, join(this.#paths.runtimeState, id));
      return;
    }
    await this.#host.run(this.program, this.arguments('delete', '--force', id));
  }

  /** False when a cgroup still has processes, or groups of its own. */
  async #removeCgroups(cgroup: string): Promise<boolean> {
    const errors = await this.#host.kernel.removeEmpty(this.#machine.cgroupRoots.map((root) => join(root, cgroup)));
    return errors.every((errno) => errno === 0 || errno === system.errno.ENOENT);
  }
}

async function readOneByte(handle: { read(buffer: Buffer): Promise<{ bytesRead: number }> }): Promise<void> {
  const deadline = Date.now() + START_DEADLINE_MS;
  const byte = Buffer.alloc(1);
  for (;;) {
    // Nothing yet: either no writer (0 bytes) or a writer that has not written (EAGAIN).
    const count = await handle.read(byte).then(
      ({ bytesRead }) => bytesRead,
      (error: unknown) => {
        if (hasCode(error, 'EAGAIN')) return 0;
        throw error;
      },
    );
    if (count > 0) return;
    if (Date.now() > deadline) throw new HostError('the container did not become ready to start');
    await delay(1);
  }
}

/** The reason in what runc writes to standard error or through conmon: the text of its last `msg="…"`. */
export function runtimeMessage(stderr: string): string {
  const messages = [...stderr.matchAll(/msg="((?:[^"\\]|\\.)*)"/g)];
  const last = messages.at(-1)?.[1];
  if (last !== undefined) return last.replace(/\\(.)/g, (_, c: string) => (c === 'n' ? '\n' : c)).trim();
  return stderr.trim().split('\n').at(-1) ?? '';
}
