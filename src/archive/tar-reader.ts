// A tar stream as a row of entries. Bounded: long names and pax headers have a largest size.
import { applyPax, BLOCK, isKnownFlag, padding, parseHeader, parsePax, type TarHeader } from './tar-header.ts';

/** Largest long name or pax header that is read into memory. */
const MAX_EXTENSION_BYTES = 1024 * 1024;

export interface TarEntry extends TarHeader {
  /** The content, in pieces; what is not read is skipped. */
  body(): AsyncGenerator<Buffer>;
}

export interface ReadEntry extends TarEntry {
  /** Every pax record of the entry, those that its header was made from included. */
  readonly pax: ReadonlyMap<string, Buffer>;
}

export interface ReadOptions {
  /** Throws, too, for what no writer leaves: an archive without its end, padding that is not zero, anything after the end. */
  readonly exact?: boolean;
}

/**
 * The entries of an uncompressed tar stream. Throws on what is not tar, and on an archive cut short within an entry. As with any
 * `for await`, the source ends with it, also where that is before the archive's end.
 */
export async function* readTar(
  source: AsyncIterable<Uint8Array>,
  { exact = false }: ReadOptions = {},
): AsyncGenerator<ReadEntry> {
  const bytes = new ByteReader(source);
  try {
    yield* entriesOf(bytes, exact);
  } catch (error) {
    // What went wrong first is what counts.
    await bytes.stop().catch(() => undefined);
    throw error;
  } finally {
    await bytes.stop();
  }
}

async function* entriesOf(bytes: ByteReader, exact: boolean): AsyncGenerator<ReadEntry> {
  let pax = new Map<string, Buffer>();
  const global = new Map<string, Buffer>();
  for (;;) {
    const block = await bytes.take(BLOCK);
    if (block.length === 0 && exact) throw new Error('tar archive was cut short: it has no end');
    if (block.length === 0) return;
    if (block.length < BLOCK) throw new Error('tar archive ends within a header');
    const raw = parseHeader(block);
    if (!raw) {
      if (exact) await exactEnd(bytes);
      await bytes.drain();
      return;
    }
    const { flag, header } = raw;
    if (flag === 'x' || flag === 'g' || flag === 'L' || flag === 'K') {
      const data = await extension(bytes, header.size);
      if (flag === 'x') for (const [key, value] of parsePax(data)) pax.set(key, value);
      else if (flag === 'g') for (const [key, value] of parsePax(data)) global.set(key, value);
      else pax.set(flag === 'L' ? 'path' : 'linkpath', data.subarray(0, endOfText(data)));
      continue;
    }
    if (!isKnownFlag(flag)) throw new Error(`tar entry "${header.path}" is of unknown type "${flag}"`);
    const records = new Map([...global, ...pax]);
    const full = applyPax(header, records);
    pax = new Map();
    if (!Number.isSafeInteger(full.size) || full.size < 0) throw new Error(`tar entry "${full.path}" has a wrong size`);
    const size = full.type === 'file' ? full.size : 0;
    let left = size;
    const body = async function* (): AsyncGenerator<Buffer> {
      while (left > 0) {
        const piece = await bytes.some(left);
        if (piece.length === 0) throw new Error(`tar archive ends within "${full.path}"`);
        left -= piece.length;
        yield piece;
      }
    };
    yield { ...full, size, pax: records, body };
    for await (const _ of body());
    const pad = await bytes.take(padding(size));
    if (exact && (pad.length < padding(size) || !isZero(pad)))
      throw new Error(`tar entry "${full.path}" is not followed by zeros`);
  }
}

/** One block of zeros has been read. */
async function exactEnd(bytes: ByteReader): Promise<void> {
  const rest = await bytes.take(BLOCK + 1);
  if (rest.length < BLOCK) throw new Error('tar archive ends within its end');
  if (rest.length > BLOCK || !isZero(rest)) throw new Error('tar archive goes on beyond its end');
}

const isZero = (bytes: Buffer): boolean => bytes.every((byte) => byte === 0);

async function extension(bytes: ByteReader, size: number): Promise<Buffer> {
  if (size > MAX_EXTENSION_BYTES) throw new Error(`tar extension header of ${size} bytes is too large`);
  const data = await bytes.take(size);
  if (data.length < size) throw new Error('tar archive ends within an extension header');
  await bytes.take(padding(size));
  return data;
}

function endOfText(data: Buffer): number {
  const end = data.indexOf(0);
  return end < 0 ? data.length : end;
}

/** Takes bytes from a stream in the portions asked for. */
class ByteReader {
  readonly #source: AsyncIterator<Uint8Array>;
  #chunk: Buffer = Buffer.alloc(0);
  #ended = false;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Between one and `most` bytes; none at the end of the stream. */
  async some(most: number): Promise<Buffer> {
    while (this.#chunk.length === 0) {
      if (this.#ended) return Buffer.alloc(0);
      const next = await this.#source.next();
      if (next.done) {
        this.#ended = true;
        return Buffer.alloc(0);
      }
      this.#chunk = Buffer.from(next.value.buffer, next.value.byteOffset, next.value.byteLength);
    }
    const piece = this.#chunk.subarray(0, most);
    this.#chunk = this.#chunk.subarray(piece.length);
    return piece;
  }

  /** Exactly `count` bytes, or fewer at the end of the stream. */
  async take(count: number): Promise<Buffer> {
    if (this.#chunk.length >= count) return this.some(count);
    const pieces: Buffer[] = [];
    let have = 0;
    while (have < count) {
      const piece = await this.some(count - have);
      if (piece.length === 0) break;
      pieces.push(piece);
      have += piece.length;
    }
    return Buffer.concat(pieces);
  }

  /** Lets the source go where it has not ended by itself. */
  async stop(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    await this.#source.return?.();
  }

  /** Reads to the end, so that a digest over the stream covers all of it. */
  async drain(): Promise<void> {
    while ((await this.some(Number.MAX_SAFE_INTEGER)).length > 0);
  }
}
