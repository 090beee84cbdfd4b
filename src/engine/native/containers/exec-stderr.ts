// Standard error of a process that a runtime starts in a container: the runtime's own words go the same way.
import { Readable } from 'node:stream';

/** How crun's reasons for not starting a program begin. It writes them there as well as into its log. */
const REASONS = /^(?:executable file `|open executable)/;

/**
 * The process's own words. `failed` tells, after the end of `stderr`, whether the process could not be started: then the
 * reason is told from the log, and what stood here is the same text.
 */
export function ownWords(stderr: Readable, failed: Promise<boolean>): Readable {
  async function* words(): AsyncGenerator<Buffer> {
    let held: Buffer | undefined;
    let first = true;
    for await (const chunk of stderr as AsyncIterable<Buffer>) {
      if (held !== undefined) yield held;
      held = first && REASONS.test(chunk.toString('latin1')) ? chunk : undefined;
      if (held === undefined) yield chunk;
      first = false;
    }
    if (held !== undefined && !(await failed)) yield held;
  }
  return Readable.from(words());
}
