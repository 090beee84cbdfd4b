// One process that unpacks archives, kept ready after the last one: where files are saved one after the other (`watch`), each save would
// wait for a process to be started, which takes longer than all the rest.
import type { ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import { send } from '../../../drained.ts';
import type { NativeHost } from '../host.ts';

/** As long as somebody at work may think before the next save; a waiting process takes 5 MB. */
const KEEP_MS = 120_000;

/** Written at once: on a busy machine the two processes would otherwise wait for their turn after every small file. */
const PORTION_BYTES = 128 * 1024;

const ready = new WeakMap<NativeHost, ChildProcess>();

/** The one that waits, or a new one. */
export function takeWriter(host: NativeHost, start: () => ChildProcess): ChildProcess {
  const child = ready.get(host);
  ready.delete(host);
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return start();
  for (const handle of handles(child)) handle.ref();
  return child;
}

/** Has one wait for the next archive. It keeps no engine from ending, and ends with it: its input does. */
export function keepWriter(host: NativeHost, start: () => ChildProcess): void {
  if (ready.has(host)) return;
  const child = start();
  ready.set(host, child);
  const forget = (): void => {
    if (ready.get(host) === child) ready.delete(host);
  };
  child.once('exit', forget).once('error', forget);
  for (const handle of handles(child)) handle.unref();
  const timer = setTimeout(() => {
    if (ready.get(host) !== child) return;
    forget();
    child.stdin?.end();
  }, KEEP_MS);
  timer.unref();
}

/** What keeps a process of Node.js from ending: the child and its pipes. */
const handles = (child: ChildProcess): readonly { ref(): unknown; unref(): unknown }[] => [
  child,
  ...[child.stdin, child.stdout, child.stderr].filter((pipe) => pipe !== null).map((pipe) => pipe as unknown as Socket),
];

/** What a writer reads, in portions. */
export class WriterInput {
  readonly #stdin: Writable;
  #pieces: Buffer[] = [];
  #bytes = 0;
  /** It does not read any more. */
  broken = false;

  constructor(child: ChildProcess) {
    if (child.stdin === null) throw new Error('the archive writer was started without a standard input');
    this.#stdin = child.stdin;
    child.stdin.on('error', () => {
      this.broken = true;
    });
  }

  /** Resolves when there is room for more. */
  async write(data: Buffer | string): Promise<void> {
    const piece = typeof data === 'string' ? Buffer.from(data) : data;
    this.#pieces.push(piece);
    this.#bytes += piece.length;
    if (this.#bytes < PORTION_BYTES || this.broken) return;
    await send(this.#stdin, this.#taken());
  }

  end(): void {
    this.#stdin.end(this.#taken());
  }

  #taken(): Buffer {
    const all = Buffer.concat(this.#pieces);
    [this.#pieces, this.#bytes] = [[], 0];
    return all;
  }
}
