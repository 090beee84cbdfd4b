// The key sequence that leaves a container running and gives the terminal back, as docker reads it: `ctrl-p,ctrl-q`.
import { UsageError } from '../../errors.ts';

export const DEFAULT_DETACH_KEYS = 'ctrl-p,ctrl-q';

const CONTROL: Readonly<Record<string, number>> = { '@': 0, '[': 27, '\\': 28, ']': 29, '^': 30, _: 31 };

/** The bytes of `a,ctrl-b,…`. Throws UsageError for anything else. */
export function parseDetachKeys(text: string): readonly number[] {
  return text.split(',').map((key) => {
    if (key.length === 1 && key.charCodeAt(0) < 128) return key.charCodeAt(0);
    const letter = key.startsWith('ctrl-') ? key.slice('ctrl-'.length) : '';
    const code = /^[a-z]$/.test(letter) ? letter.charCodeAt(0) - 96 : CONTROL[letter];
    if (code !== undefined) return code;
    throw new UsageError(`invalid detach keys (${text}): unknown character: '${key}'`, {
      hint: 'give keys separated by commas, such as "ctrl-p,ctrl-q" or "ctrl-x,x"',
    });
  });
}

export interface Scanned {
  /** What goes on to the container. */
  readonly pass: Buffer;
  readonly detached: boolean;
}

/** Looks for the sequence in what is typed. Keys that may be its beginning are held back until it is clear. */
export class DetachScanner {
  readonly #keys: readonly number[];
  #matched = 0;

  constructor(keys: readonly number[]) {
    this.#keys = keys;
  }

  scan(typed: Uint8Array): Scanned {
    const pass: number[] = [];
    for (const byte of typed) {
      if (byte === this.#keys[this.#matched]) {
        this.#matched++;
        if (this.#matched === this.#keys.length) return { pass: Buffer.from(pass), detached: true };
        continue;
      }
      pass.push(...this.#keys.slice(0, this.#matched));
      // The byte that broke the sequence may begin another.
      this.#matched = byte === this.#keys[0] ? 1 : 0;
      if (this.#matched === 0) pass.push(byte);
    }
    return { pass: Buffer.from(pass), detached: false };
  }
}
