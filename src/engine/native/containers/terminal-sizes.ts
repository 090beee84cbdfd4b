// Sizes of terminals, as clients tell them. The monitor reads them as lines from a pipe; of two lines that it finds at once it takes
// the first one twice (conmon 2.1), and clients do send two at once: docker attach tells a size one too large first, so that what
// runs draws itself anew. So the last size is told again until it was surely alone in the pipe.
import { join } from 'node:path';
import type { NativeHost } from '../host.ts';

export interface TerminalSize {
  readonly height: number;
  readonly width: number;
}

/** After so many milliseconds the last of several sizes is told again. A size that is known already changes nothing inside. */
const AGAIN_MS = [100, 400, 1500];

export class TerminalSizes {
  readonly #host: Pick<NativeHost, 'files'>;
  /** By folder of a monitor: what is still to be told again. */
  readonly #timers = new Map<string, NodeJS.Timeout[]>();

  constructor(host: Pick<NativeHost, 'files'>) {
    this.#host = host;
  }

  /** Tells the monitor that has this folder. One that is gone needs no size. */
  async tell(folder: string, size: TerminalSize): Promise<void> {
    this.#forget(folder);
    // Before the first await: a size that comes meanwhile takes the place of this one, whichever is written first.
    const timers = AGAIN_MS.map((delay, at) =>
      setTimeout(() => {
        if (at === AGAIN_MS.length - 1) this.#timers.delete(folder);
        this.#write(folder, size).catch(() => undefined); // it has ended since
      }, delay).unref(),
    );
    this.#timers.set(folder, timers);
    await this.#write(folder, size);
  }

  close(): void {
    for (const folder of [...this.#timers.keys()]) this.#forget(folder);
  }

  #forget(folder: string): void {
    for (const timer of this.#timers.get(folder) ?? []) clearTimeout(timer);
    this.#timers.delete(folder);
  }

  async #write(folder: string, { height, width }: TerminalSize): Promise<void> {
    const pipe = await this.#host.files.open(join(folder, 'winsz'), 'r+').catch(() => undefined);
    try {
      await pipe?.write(`${height} ${width}\n`);
    } finally {
      await pipe?.close();
    }
  }
}
