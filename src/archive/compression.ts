// Which compression a stream has, told by its first bytes, and the stream without it.
import { type Duplex, PassThrough, pipeline, Readable } from 'node:stream';
import * as zlib from 'node:zlib';
import { WindlassError } from '../errors.ts';

export type Compression = 'none' | 'gzip' | 'zstd' | 'bzip2' | 'xz';

/** By magic number; `none` for anything else. */
function sniff(head: Uint8Array): Compression {
  const starts = (...bytes: number[]): boolean => bytes.every((byte, index) => head[index] === byte);
  if (starts(0x1f, 0x8b)) return 'gzip';
  if (starts(0x28, 0xb5, 0x2f, 0xfd)) return 'zstd';
  if (starts(0x42, 0x5a, 0x68)) return 'bzip2';
  if (starts(0xfd, 0x37, 0x7a, 0x58, 0x5a)) return 'xz';
  return 'none';
}

/** Starts `xz` or `bzip2` as a filter that decompresses: Node.js knows neither. */
export type DecompressorProgram = (program: 'xz' | 'bzip2') => Duplex;

/**
 * The stream with its compression taken off: gzip and zstd; with `programs` also xz and bzip2. Errors of the source reach the
 * result.
 */
export async function decompressed(
  source: Readable,
  programs?: DecompressorProgram,
): Promise<{ stream: Readable; compression: Compression }> {
  const { head, ended } = await firstBytes(source, 6);
  const compression = sniff(head);
  if (ended) return { stream: Readable.from([head]), compression: 'none' };
  return { stream: pipeline(source, inflater(compression, programs), ignore), compression };
}

function inflater(compression: Compression, programs: DecompressorProgram | undefined): Duplex {
  switch (compression) {
    case 'none':
      return new PassThrough();
    case 'gzip':
      return zlib.createGunzip();
    case 'zstd':
      if (typeof zlib.createZstdDecompress === 'function') return zlib.createZstdDecompress();
      throw new WindlassError('IMAGE', 'this Node.js cannot read zstd', { hint: 'use Node.js 22.15 or later' });
    default:
      if (programs) return programs(compression);
      throw new WindlassError('IMAGE', `archives compressed with ${compression} are not served`, {
        hint: 'compress it with gzip or zstd, or not at all',
      });
  }
}

/** The first bytes of a stream. They are put back, unless the whole stream was shorter (`ended`). */
async function firstBytes(source: Readable, count: number): Promise<{ head: Buffer; ended: boolean }> {
  let head = Buffer.alloc(0);
  while (head.length < count) {
    const chunk: Buffer | null = source.read();
    if (chunk !== null) {
      head = Buffer.concat([head, chunk]);
      continue;
    }
    if (source.readableEnded || source.destroyed) return { head, ended: true };
    const more = await new Promise<boolean>((resolve, reject) => {
      const settle = (value: boolean | Error): void => {
        source.off('readable', readable).off('end', end).off('error', settle).off('close', end);
        if (value instanceof Error) reject(value);
        else resolve(value);
      };
      const readable = (): void => settle(true);
      const end = (): void => settle(false);
      source.once('readable', readable).once('end', end).once('error', settle).once('close', end);
    });
    if (!more) return { head, ended: true };
  }
  source.unshift(head);
  return { head, ended: false };
}

/** Errors are seen by whoever reads the result. */
function ignore(): void {}
