// One layer's archive → one directory that overlayfs can use as a lower. The archive is checked and rewritten here, and
// unpacked by tar(1), which can make device nodes and set owners and extended attributes.
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { END_OF_ARCHIVE, encodeHeader, padding } from '../../../archive/tar-header.ts';
import { readTar } from '../../../archive/tar-reader.ts';
import { drained } from '../../../drained.ts';
import { WindlassError } from '../../../errors.ts';
import type { NativeHost } from '../host.ts';
import { LayerEntries } from './layer-entries.ts';

export interface Unpacked {
  /** `sha256:…` of the uncompressed archive. */
  readonly diffId: string;
  /** Bytes of file content. */
  readonly size: number;
}

export interface UnpackLimits {
  readonly maxBytes: number;
  readonly maxEntries: number;
}

/** Far above any real layer; below what fills a disk unnoticed. */
export const LAYER_LIMITS: UnpackLimits = { maxBytes: 256 * 1024 ** 3, maxEntries: 5_000_000 };

/** Unpacks an uncompressed layer archive into the existing, empty directory `target`. */
export async function unpackLayer(
  host: NativeHost,
  archive: Readable,
  target: string,
  limits: UnpackLimits = LAYER_LIMITS,
): Promise<Unpacked> {
  const args = ['-x', '-f', '-', '-C', target, '--numeric-owner', '--same-owner', '-p', '--delay-directory-restore'];
  const tar = host.start('tar', [...args, '--xattrs', '--xattrs-include=*'], { stdio: ['pipe', 'ignore', 'pipe'] });
  const stdin = tar.stdin;
  if (!stdin) throw new Error('tar was started without a standard input');
  let stderr = '';
  tar.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-2000);
  });
  const closed = new Promise<number | string>((resolve) => {
    tar.once('error', (error) => resolve(error.message));
    tar.once('close', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  });
  let broken = false;
  stdin.on('error', () => {
    broken = true;
  });

  const write = async (data: Buffer): Promise<void> => {
    if (broken || stdin.destroyed) throw new Error('tar ended early');
    if (!stdin.write(data)) await drained(stdin);
  };

  const hash = createHash('sha256');
  let size = 0;
  let failure: unknown;
  try {
    size = await rewrite(hashed(archive, hash), write, limits);
    stdin.end(END_OF_ARCHIVE);
  } catch (error) {
    failure = error;
    stdin.destroy();
  }
  const status = await closed;
  if (status !== 0 && (failure === undefined || broken))
    failure = new WindlassError('LAYER', `tar could not unpack the layer (${status}): ${stderr.trim()}`);
  if (failure !== undefined) {
    archive.destroy();
    throw failure;
  }
  return { diffId: `sha256:${hash.digest('hex')}`, size };
}

async function rewrite(
  source: AsyncIterable<Buffer>,
  write: (data: Buffer) => Promise<void>,
  limits: UnpackLimits,
): Promise<number> {
  const entries = new LayerEntries();
  let size = 0;
  let count = 0;
  for await (const entry of readTar(source)) {
    count += 1;
    size += entry.size;
    if (count > limits.maxEntries) throw new WindlassError('LAYER', `layer has more than ${limits.maxEntries} entries`);
    if (size > limits.maxBytes) throw new WindlassError('LAYER', `layer unpacks to more than ${limits.maxBytes} bytes`);
    const accepted = entries.accept(entry);
    if (accepted === undefined) continue;
    await write(encodeHeader(accepted));
    if (accepted.size === 0) continue;
    for await (const piece of entry.body()) await write(piece);
    await write(Buffer.alloc(padding(accepted.size)));
  }
  return size;
}

async function* hashed(source: AsyncIterable<Buffer>, hash: ReturnType<typeof createHash>): AsyncGenerator<Buffer> {
  for await (const chunk of source) {
    hash.update(chunk);
    yield chunk;
  }
}
