// An engine whose containers are folders: archives are unpacked into them by tar, `rm` is run on them. Everything else fails loudly.
// For the parts of watching between a saved file and the engine's verbs; the verbs themselves are tried on real engines.
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { lstat, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { readTar } from '../../src/archive/tar-reader.ts';
import type { ContainerState, Engine, EngineEvent, ObservedContainer } from '../../src/engine/engine.ts';
import { EngineError } from '../../src/errors.ts';
import { LABEL } from '../../src/names.ts';

export class FolderContainers {
  readonly engine: Engine;
  /** How many archives came in, and how many entries the last one had. */
  archives = 0;
  /** Called before an archive is unpacked; may delay or fail it. */
  beforeUnpack: (container: string) => Promise<void> = async () => {};
  readonly #root: string;
  readonly #containers = new Map<string, ObservedContainer>();
  readonly #events: EngineEvent[] = [];
  #wake: () => void = () => {};

  constructor(root: string) {
    this.#root = root;
    const verbs: Partial<Engine> = {
      kind: 'docker',
      capabilities: async () => ({ architecture: 'x86_64' }) as Awaited<ReturnType<Engine['capabilities']>>,
      listContainers: async () => [...this.#containers.values()],
      events: (_, signal) => this.#follow(signal),
      inspectContainer: async () => ({ raw: {} }) as Awaited<ReturnType<Engine['inspectContainer']>>,
      putArchive: (id, path, archive) => this.#unpack(id, path, archive),
      createExec: async (id, { command }) => ({
        id: 'exec',
        start: async () => {
          await this.#remove(id, command);
          return undefined;
        },
        resize: async () => {},
        exitCode: async () => 0,
      }),
    };
    this.engine = new Proxy(verbs as Engine, {
      get(target, name: keyof Engine) {
        if (!(name in target)) throw new Error(`an engine of folders has no "${name}"`);
        return target[name];
      },
    });
  }

  folder(id: string): string {
    return join(this.#root, id);
  }

  /** Makes a container, or starts one anew; what it holds stays unless it is removed first. */
  start(id: string, service: string, state: ContainerState = 'running'): void {
    mkdirSync(this.folder(id), { recursive: true });
    this.#set(id, service, state);
    this.#tell('start', id, service);
  }

  stop(id: string, service: string): void {
    this.#set(id, service, 'exited');
    this.#tell('die', id, service);
  }

  #set(id: string, service: string, state: ContainerState): void {
    this.#containers.set(id, {
      id,
      name: id,
      state,
      labels: { [LABEL.service]: service },
    } as unknown as ObservedContainer);
  }

  #tell(action: string, id: string, service: string): void {
    this.#events.push({ type: 'container', action, id, attributes: { [LABEL.service]: service }, timeNano: 0n });
    this.#wake();
  }

  async *#follow(signal?: AbortSignal): AsyncGenerator<EngineEvent> {
    let next = this.#events.length;
    signal?.addEventListener('abort', () => this.#wake());
    while (signal?.aborted !== true) {
      const event = this.#events[next];
      if (event !== undefined) {
        next += 1;
        yield event;
      } else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }

  async #unpack(id: string, path: string, archive: Readable | Uint8Array): Promise<void> {
    await this.beforeUnpack(id);
    if (this.#containers.get(id)?.state !== 'running')
      throw new EngineError(`no container ${id}`, { kind: 'not-found', verb: 'putArchive' });
    this.archives += 1;
    const chunks: Uint8Array[] = [];
    for await (const chunk of archive instanceof Readable ? archive : [archive]) chunks.push(chunk as Uint8Array);
    const into = join(this.folder(id), path);
    await clearTheWay(into, chunks);
    const { status, stderr } = spawnSync('tar', ['-x', '-p', '-C', into], {
      input: Buffer.concat(chunks),
      encoding: 'utf8',
    });
    if (status !== 0) throw new EngineError(stderr, { kind: 'failed', verb: 'putArchive' });
  }

  async #remove(id: string, command: readonly string[]): Promise<void> {
    const [program, , , ...paths] = command;
    if (program !== 'rm') throw new Error(`an engine of folders cannot run "${program}"`);
    for (const path of paths) await rm(join(this.folder(id), path), { recursive: true, force: true });
  }
}

/** As engines do it: what is in the way is removed, whatever it is; only a folder stays for a folder. */
async function clearTheWay(into: string, chunks: readonly Uint8Array[]): Promise<void> {
  for await (const entry of readTar(Readable.from(chunks))) {
    const path = join(into, entry.path.replace(/\/$/, ''));
    const stats = await lstat(path).catch(() => undefined);
    if (stats !== undefined && !(stats.isDirectory() && entry.type === 'directory'))
      await rm(path, { recursive: true });
  }
}
