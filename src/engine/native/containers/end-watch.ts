// Ends that no monitor tells of: it was killed itself, or the disk was too full for its exit file.
import type { NativeHost } from '../host.ts';
import { isSameProcess } from './process.ts';
import { type ContainerRecord, isLive } from './types.ts';

/** How often is looked. A monitor has at least so long to tell of an end before it is told without it. */
const LOOK_MS = 5000;

export interface EndWatchParts {
  readonly host: NativeHost;
  readonly containers: () => readonly ContainerRecord[];
  /** The container's first process is gone, and was gone at the look before; nobody has told. */
  readonly onLost: (record: ContainerRecord) => void;
  readonly lookMs?: number;
}

export class EndWatch {
  readonly #parts: EndWatchParts;
  #timer: NodeJS.Timeout | undefined;
  /** Container id → start of the process that was missed at the last look. */
  #missed = new Map<string, string>();

  constructor(parts: EndWatchParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#timer = setTimeout(
      () => void this.#look().finally(() => this.#timer && this.start()),
      this.#parts.lookMs ?? LOOK_MS,
    );
    this.#timer.unref();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  async #look(): Promise<void> {
    const { host, containers, onLost } = this.#parts;
    const missed = new Map<string, string>();
    for (const record of containers().filter(({ state }) => isLive(state.status))) {
      const { pid, pidStart } = record.state;
      if (await isSameProcess(host, pid, pidStart)) continue;
      if (this.#missed.get(record.id) === pidStart) onLost(record);
      else missed.set(record.id, pidStart);
    }
    this.#missed = missed;
  }
}
