// The OCI runtime: its verbs as the engine uses them. Creation goes through the monitor (monitor.ts).
import { constants } from 'node:fs';
import { constants as system } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { HostError } from '../../../errors.ts';
import { hasCode, listIfExists, type NativeHost, removeTree, runChecked } from '../host.ts';
import type { Machine } from '../machine.ts';
import type { Command, OciRuntime, RuntimeName } from '../oci-runtime.ts';
import type { Paths } from '../paths.ts';
import { findProgram } from '../programs.ts';
import { CompiledFilters } from './compiled-filters.ts';
import type { OciConfig } from './oci-types.ts';
import { runtimeMessage } from './runtime-message.ts';
import type { ContainerRecord } from './types.ts';

/** How long the init process may take to come to the point where it waits for `start`. */
const START_DEADLINE_MS = 10_000;

/** The file, in a container's folder, in which a runtime keeps what it knows of it. */
const STATE_FILES: Readonly<Record<RuntimeName, string>> = { crun: 'status', runc: 'state.json' };

export class Runtime {
  /** Filters that need not be worked out again. */
  readonly filters = new CompiledFilters();
  readonly #host: NativeHost;
  readonly #machine: Machine;
  readonly #paths: Paths;

  constructor(host: NativeHost, machine: Machine, paths: Paths) {
    this.#host = host;
    this.#machine = machine;
    this.#paths = paths;
  }

  /** The command that makes a container: with the runtime it names where that is installed, else with the machine's first. */
  maker({ hostConfig, ids }: Pick<ContainerRecord, 'hostConfig' | 'ids'>): Command {
    const [first, ...others] = this.#machine.runtimes;
    const { maker, remappedMaker } = others.find((other) => other.name === hostConfig.Runtime) ?? first;
    const { program, args } = ids === undefined ? maker : remappedMaker;
    return { program, args: [...args, ...this.#everyVerb] };
  }

  /** The command that does something with a container that is there: the runtime that made it. */
  async #commandFor(id: string): Promise<Command> {
    return { program: (await this.#runtimeOf(id)).path, args: this.#everyVerb };
  }

  /** The command that starts further processes in a container: crun leaves them its own out-of-memory score. */
  async joiner(id: string, oomScore: number): Promise<Command> {
    const { name, path } = await this.#runtimeOf(id);
    const choom = name === 'crun' && oomScore !== 0 ? await findProgram(this.#host.files, 'choom') : undefined;
    if (choom === undefined) return { program: path, args: this.#everyVerb };
    return { program: choom, args: ['-n', String(oomScore), '--', path, ...this.#everyVerb] };
  }

  /** A verb with its options, about one container. */
  async call(id: string, verb: readonly string[]): Promise<void> {
    const { program, args } = await this.#commandFor(id);
    const result = await this.#host.run(program, [...args, ...verb, id]);
    if (result.exitCode !== 0) throw new HostError(runtimeMessage(result.stderr));
  }

  /** Keeps what of the making of a container saves work for the next. */
  async learnFrom(id: string, { linux }: OciConfig): Promise<void> {
    await this.filters.learn(this.#host.files, linux.seccomp, join(this.#paths.runtimeState, id));
  }

  /** Kills the first process of a container. */
  async kill(id: string): Promise<void> {
    const { program, args } = await this.#commandFor(id);
    await runChecked(this.#host, program, [...args, 'kill', id, 'KILL']);
  }

  /**
   * Lets a created container go. Its first process waits at its exec.fifo: runc's for somebody to read from it, crun's for
   * somebody to write. Doing that here saves starting the runtime once more (7 ms of 30).
   */
  async start(id: string): Promise<void> {
    const { files } = this.#host;
    const fifo = join(this.#paths.runtimeState, id, 'exec.fifo');
    const reads = (await this.#runtimeOf(id)).name === 'crun';
    const handle = await files.open(fifo, (reads ? constants.O_WRONLY : constants.O_RDONLY) | constants.O_NONBLOCK);
    try {
      // While the file is there, crun takes the container for one that was not started.
      if (reads) await files.rm(fifo).then(() => handle.write(Buffer.alloc(1)));
      else await readOneByte(handle);
    } finally {
      await handle.close();
    }
    if (!reads) await files.rm(fifo, { force: true });
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
    await this.call(id, ['delete', '--force']);
  }

  get #everyVerb(): string[] {
    return ['--root', this.#paths.runtimeState];
  }

  /** What it keeps of a container tells which one made it. Without a trace it is the machine's first. */
  async #runtimeOf(id: string): Promise<OciRuntime> {
    const [first, ...others] = this.#machine.runtimes;
    const kept = await listIfExists(this.#host.files, join(this.#paths.runtimeState, id));
    return others.find(({ name }) => kept.includes(STATE_FILES[name])) ?? first;
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
