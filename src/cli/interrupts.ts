// Ctrl-C and SIGTERM. By default the first aborts the command's signal, so that it stops cleanly, and the second ends the
// process at once. A command that has its own idea of stopping (attached `up`, `run`) takes them over for a while.
import { setMaxListeners } from 'node:events';
import { InterruptedError } from '../errors.ts';

/** A controller whose signal any number of requests may listen to: Node 20 warns of the eleventh as if it were a leak. */
export function sharedAbortController(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}

/** A signal that is aborted with the first of several; any number of requests may listen to it. */
export function anySignal(signals: readonly AbortSignal[]): AbortSignal {
  const signal = AbortSignal.any([...signals]);
  setMaxListeners(0, signal);
  return signal;
}

export type InterruptHandler = (signal: 'SIGINT' | 'SIGTERM', count: number) => void;

export class Interrupts {
  readonly #controller = sharedAbortController();
  readonly #forceExit: () => void;
  readonly #handlers: InterruptHandler[] = [];
  #count = 0;

  /** `forceExit` ends the process when the user insists. */
  constructor(forceExit: () => void) {
    this.#forceExit = forceExit;
  }

  /** Aborted by the first interrupt that no handler took. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Whether the user has asked to stop, whoever handled it. */
  get interrupted(): boolean {
    return this.#count > 0;
  }

  /** Hands interrupts to `handler`, which receives how many there were so far; the result hands them back. */
  takeOver(handler: InterruptHandler): () => void {
    this.#handlers.push(handler);
    return () => {
      const index = this.#handlers.indexOf(handler);
      if (index >= 0) this.#handlers.splice(index, 1);
    };
  }

  /** Called by the process's signal handlers. */
  notify(signal: 'SIGINT' | 'SIGTERM'): void {
    this.#count += 1;
    const handler = this.#handlers.at(-1);
    if (handler) handler(signal, this.#count);
    else if (this.#controller.signal.aborted) this.#forceExit();
    else this.#controller.abort(new InterruptedError());
  }
}
