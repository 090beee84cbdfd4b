// A shell that stays inside a container and unpacks what it is sent, where the image has what that takes. An engine that starts a process
// of its own for every archive (dockerd: 50 ms) is then needed for the first save only.
import type { Engine, ProcessStreams } from '../engine/engine.ts';
import { debug } from '../log.ts';

/**
 * Tells its capabilities, then answers each order (`copy BYTES` or `remove BYTES`, and the bytes) with the exit status, and ends at the
 * first that fails, since what is left of its input is not known then. `head` may read more than it is told to, but there never is more:
 * the next order comes after the answer.
 */
const PROGRAM = `
umask 022; cd / || exit
for program in head tar xargs rm; do command -v $program >/dev/null || exit; done
[ "$(printf abc | head -c 2)" = ab ] || exit
while read -r key value; do [ "$key" = CapEff: ] && echo "ready $value"; done </proc/self/status
while read -r order bytes; do
  if [ "$order" = copy ]; then head -c "$bytes" | tar -xpf -; else head -c "$bytes" | xargs -0 rm -rf --; fi
  status=$?; echo "$status"; [ "$status" = 0 ] || exit
done
`;

/** CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER: without them owners and modes would be silently wrong (busybox's tar does not look). */
const NEEDED = 0b1011n;

export class ResidentShell {
  readonly #streams: ProcessStreams;
  #text = '';
  #ended = false;
  #wake: () => void = () => {};

  private constructor(streams: ProcessStreams) {
    this.#streams = streams;
    const end = (): void => {
      this.#ended = true;
      this.#wake();
    };
    streams.stdin.on('error', end);
    streams.stderr.on('error', end).on('data', (chunk: Buffer) => debug('watch', () => String(chunk).trim()));
    streams.stdout
      .on('data', (chunk: Buffer) => {
        this.#text += String(chunk);
        this.#wake();
      })
      .once('error', end)
      .once('end', end)
      .once('close', end);
  }

  /** Undefined where the image has no shell or too few programs, or where root inside may not do what a sync takes. */
  static async open(engine: Engine, container: string, signal?: AbortSignal): Promise<ResidentShell | undefined> {
    const command = ['sh', '-c', PROGRAM];
    const request = { command, user: '0', tty: false, attachStdin: true, attachOutput: true };
    const exec = await engine.createExec(container, request, signal);
    const streams = await exec.start({ detach: false, tty: false });
    if (streams === undefined) return undefined;
    const shell = new ResidentShell(streams);
    const [, capabilities = '0'] = /^ready ([0-9a-f]+)$/.exec((await shell.#line()) ?? '') ?? [];
    if ((BigInt(`0x${capabilities}`) & NEEDED) === NEEDED) return shell;
    shell.close();
    return undefined;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Whether it was done, all of it. One order at a time; after a failure there are no further ones. */
  async order(order: 'copy' | 'remove', data: Buffer): Promise<boolean> {
    if (this.#ended) return false;
    this.#streams.stdin.write(Buffer.concat([Buffer.from(`${order} ${data.length}\n`), data]));
    const done = (await this.#line()) === '0';
    if (!done) this.close();
    return done;
  }

  /** Ends the shell as well: its input ends. */
  close(): void {
    this.#ended = true;
    this.#streams.close();
    this.#wake();
  }

  /** The next line; undefined when there comes none. */
  async #line(): Promise<string | undefined> {
    for (;;) {
      const end = this.#text.indexOf('\n');
      if (end >= 0) {
        const line = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 1);
        return line;
      }
      if (this.#ended) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
