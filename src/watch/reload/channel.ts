// The pages that are open, and telling them to reload: server-sent events.
import type { ServerResponse } from 'node:http';

/** Proxies and browsers drop connections that are silent for a minute or so. */
const ALIVE_MS = 20_000;

export class ReloadChannel {
  readonly #pages = new Set<ServerResponse>();
  /** Another proxy's states are not to be taken for this one's. */
  readonly #run = `${process.pid}-${Date.now()}`;
  #count = 0;
  readonly #alive: NodeJS.Timeout;

  constructor() {
    this.#alive = setInterval(() => this.#send(': alive\n\n'), ALIVE_MS);
    this.#alive.unref();
  }

  /** How many pages listen. */
  get size(): number {
    return this.#pages.size;
  }

  /** Names what a page that is asked for now shows, at least. */
  get state(): string {
    return `${this.#run}-${this.#count}`;
  }

  open(response: ServerResponse): void {
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    response.write(`retry: 500\n${this.#message()}`);
    this.#pages.add(response);
    response.on('close', () => this.#pages.delete(response));
  }

  /** Every open page, and every one that comes back, loads itself anew. */
  reload(): void {
    this.#count += 1;
    this.#send(this.#message());
  }

  close(): void {
    clearInterval(this.#alive);
    for (const page of this.#pages) page.end();
    this.#pages.clear();
  }

  #message(): string {
    return `event: state\ndata: ${this.state}\n\n`;
  }

  #send(text: string): void {
    for (const page of this.#pages) page.write(text);
  }
}
