// SSH's wire format (RFC 4251, section 5): strings with their length before them.
import { BundleError } from './bundle-error.ts';

/** Reads strings one after another. Throws BundleError, with `what` as its subject, where the bytes end too soon. */
export class SshReader {
  readonly #bytes: Buffer;
  readonly #what: string;
  #at = 0;

  constructor(bytes: Buffer, what: string) {
    this.#bytes = bytes;
    this.#what = what;
  }

  string(): Buffer {
    return this.take(this.take(4).readUInt32BE());
  }

  text(): string {
    return this.string().toString('latin1');
  }

  take(length: number): Buffer {
    if (this.#at + length > this.#bytes.length) throw new BundleError(`${this.#what} is damaged`);
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  /** Throws BundleError unless everything has been read. */
  end(): void {
    if (this.#at !== this.#bytes.length) throw new BundleError(`${this.#what} is damaged`);
  }
}

export function sshString(value: Buffer | string): Buffer {
  const bytes = Buffer.from(value as string);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
