// When an engine has nothing to do: nothing has been going on for a while, looked at now and then.

export interface IdleOptions {
  /** How long nothing has to go on. */
  readonly seconds: number;
  /** Whether something goes on now. */
  readonly isBusy: () => boolean;
  readonly onIdle: () => void;
}

export class IdleWatch {
  readonly #options: IdleOptions;
  readonly #timer: NodeJS.Timeout;
  #last = performance.now();

  constructor(options: IdleOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#look(), Math.min(1000, (options.seconds * 1000) / 4));
  }

  /** Something happened just now, too short to be seen by looking. */
  stir(): void {
    this.#last = performance.now();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    if (this.#options.isBusy()) this.stir();
    else if (performance.now() - this.#last >= this.#options.seconds * 1000) {
      this.close();
      this.#options.onIdle();
    }
  }
}
