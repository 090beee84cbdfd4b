// Memory handed back when it gets quiet. V8 collects when it needs room, not when it has time: after a hundred starts the heap would
// keep 30 MB of garbage for as long as nobody asks for anything.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Long after the last request of a command; a collection takes some 20 ms, in which nobody is answered. */
const QUIET_MS = 2000;
/** What is worth a collection. */
const GROWN_BYTES = 4 * 1024 ** 2;

type Collect = (options: { type: 'major'; flavor: 'last-resort'; execution: 'sync' }) => void;

export class MemoryKeeper {
  #collect: Collect | undefined;
  #timer: NodeJS.Timeout | undefined;
  #last = 0;
  #kept = 0;

  /** Something happened just now. */
  stir(): void {
    this.#last = performance.now();
    this.#timer ??= this.#in(QUIET_MS);
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #in(milliseconds: number): NodeJS.Timeout {
    return setTimeout(() => this.#look(), milliseconds).unref();
  }

  #look(): void {
    const left = QUIET_MS - (performance.now() - this.#last);
    this.#timer = left > 0 ? this.#in(left) : undefined;
    if (left > 0 || process.memoryUsage.rss() < this.#kept + GROWN_BYTES) return;
    this.#collect ??= collector();
    this.#collect({ type: 'major', flavor: 'last-resort', execution: 'sync' });
    this.#kept = process.memoryUsage.rss();
  }
}

/** V8's own function, which it gives to contexts that are made while the flag is set. */
function collector(): Collect {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as Collect;
  setFlagsFromString('--no-expose-gc');
  return collect;
}
