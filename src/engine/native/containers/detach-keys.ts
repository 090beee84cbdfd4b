// The keys with which a user leaves a container running: by default Ctrl-P Ctrl-Q. Pure.
import { badRequest } from '../server/api-error.ts';

const DEFAULT_KEYS = Buffer.from([16, 17]);
const CONTROL = '@abcdefghijklmnopqrstuvwxyz[\\]^_';

/** Throws a 400 for keys that cannot be read. `ctrl-p,ctrl-q`, `a,ctrl-c` → bytes. */
export function parseDetachKeys(text: string | null): Buffer {
  if (text === null || text === '') return DEFAULT_KEYS;
  const bytes = text.split(',').map((key) => {
    const control = /^ctrl-(.)$/i.exec(key)?.[1]?.toLowerCase();
    const code = control === undefined ? (key.length === 1 ? key.charCodeAt(0) : -1) : CONTROL.indexOf(control);
    if (code < 0) throw badRequest(`Invalid detach keys (${text}) provided`);
    return code;
  });
  return Buffer.from(bytes);
}

/** Looks for the keys in what is typed; holds back the start of a sequence until it is clear what it is. */
export class DetachWatch {
  readonly #keys: Buffer;
  #matched = 0;

  constructor(keys: Buffer) {
    this.#keys = keys;
  }

  push(typed: Buffer): { readonly forward: Buffer; readonly detach: boolean } {
    const forward: number[] = [];
    for (const byte of typed) {
      if (byte !== this.#keys[this.#matched]) {
        forward.push(...this.#keys.subarray(0, this.#matched));
        this.#matched = 0;
      }
      if (byte === this.#keys[this.#matched]) this.#matched += 1;
      else forward.push(byte);
      if (this.#matched === this.#keys.length) return { forward: Buffer.from(forward), detach: true };
    }
    return { forward: Buffer.from(forward), detach: false };
  }
}
