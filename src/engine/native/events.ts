// The engine's events: told to whoever listens, and the last of them kept, for clients that ask for the past.

export interface ApiEvent {
  readonly Type: string;
  readonly Action: string;
  readonly Actor: { readonly ID: string; readonly Attributes: Readonly<Record<string, string>> };
  readonly scope: 'local';
  /** Seconds, and nanoseconds since 1970. */
  readonly time: number;
  readonly timeNano: number;
  /** Older fields, for containers and images only. */
  readonly status?: string;
  readonly id?: string;
  readonly from?: string;
}

/** Docker keeps as many. */
const KEPT = 256;

export class EventBus {
  readonly #listeners = new Set<(event: ApiEvent) => void>();
  readonly #past: ApiEvent[] = [];

  emit(type: string, action: string, id: string, attributes: Readonly<Record<string, string>>): void {
    const milliseconds = Date.now();
    const legacy =
      type === 'container' || type === 'image'
        ? { status: action, id, ...(attributes.image === undefined ? {} : { from: attributes.image }) }
        : {};
    const event: ApiEvent = {
      ...legacy,
      Type: type,
      Action: action,
      Actor: { ID: id, Attributes: attributes },
      scope: 'local',
      time: Math.floor(milliseconds / 1000),
      timeNano: milliseconds * 1e6,
    };
    this.#past.push(event);
    if (this.#past.length > KEPT) this.#past.shift();
    for (const listener of this.#listeners) listener(event);
  }

  past(): readonly ApiEvent[] {
    return this.#past;
  }

  /** Returns the way to stop listening. */
  listen(listener: (event: ApiEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
