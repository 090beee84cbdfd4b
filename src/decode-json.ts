// Trees of strangers → values of the right kind, or a message that names the place.

/** Throws with a message that says what is wrong where. */
export type Fail = (message: string) => never;

/** A value at a place: `bundle.json: images[0].reference`. */
export class Decoder {
  readonly #value: unknown;
  readonly #place: string;
  readonly #fail: Fail;

  constructor(value: unknown, place: string, fail: Fail) {
    this.#value = value;
    this.#place = place;
    this.#fail = fail;
  }

  get(key: string): Decoder {
    const { [key]: value } = this.#object();
    return new Decoder(value, `${this.#place}.${key}`, this.#fail);
  }

  /** Undefined where the key is absent. */
  find(key: string): Decoder | undefined {
    return Object.hasOwn(this.#object(), key) ? this.get(key) : undefined;
  }

  text(): string {
    return typeof this.#value === 'string' ? this.#value : this.refuse('a text');
  }

  matching(pattern: RegExp, what: string): string {
    const text = this.text();
    return pattern.test(text) ? text : this.refuse(what);
  }

  integer(): number {
    const value = this.#value;
    return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : this.refuse('a number');
  }

  boolean(): boolean {
    return typeof this.#value === 'boolean' ? this.#value : this.refuse('true or false');
  }

  list<T>(read: (item: Decoder) => T): T[] {
    if (!Array.isArray(this.#value)) return this.refuse('a list');
    return this.#value.map((item, index) => read(new Decoder(item, `${this.#place}[${index}]`, this.#fail)));
  }

  mapping<T>(read: (value: Decoder) => T): Record<string, T> {
    return Object.fromEntries(Object.keys(this.#object()).map((key) => [key, read(this.get(key))]));
  }

  /** The value as JSON. */
  source(): string {
    return JSON.stringify(this.#value);
  }

  refuse(what: string): never {
    return this.#fail(`${this.#place} is not ${what}`);
  }

  #object(): Record<string, unknown> {
    const value = this.#value;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return this.refuse('a mapping');
    return value as Record<string, unknown>;
  }
}
