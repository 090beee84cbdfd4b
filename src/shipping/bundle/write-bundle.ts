// Puts a bundle together: contents in the order of their paths, after the manifest that lists them.
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import * as zlib from 'node:zlib';
import { plainHeader, type TarSource, writeTar } from '../../archive/tar-writer.ts';
import { BundleError } from './bundle-error.ts';
import {
  type BundleManifest,
  byBytes,
  digestOfText,
  encodeManifest,
  MANIFEST_PATH,
  signaturePath,
} from './manifest.ts';
import { readSpooled, type Spooled } from './spool.ts';

/** A content: a text, or what is in the spool. */
export type Part = string | Spooled;

export type BundleCompression = 'none' | 'gzip' | 'zstd';

export interface WrittenBundle {
  readonly manifest: BundleManifest;
  /** Of its manifest, and so of all of it. */
  readonly digest: string;
}

export interface BundleToWrite {
  /** Without the list of contents, which is made here. */
  readonly manifest: Omit<BundleManifest, 'version' | 'contents'>;
  /** Path → content. */
  readonly parts: ReadonlyMap<string, Part>;
  /** Signs the manifest's text. */
  readonly sign?: (manifest: string) => Promise<string>;
  /** Absolute. `.gz` and `.zst` at its end mean what they say, unless `compression` says it. */
  readonly output: string;
  readonly compression?: BundleCompression;
  /** Of the file; what the umask leaves of 0666 unless given. */
  readonly mode?: number;
  readonly signal?: AbortSignal;
}

/** Writes the file whole or not at all. */
export async function writeBundle(bundle: BundleToWrite): Promise<WrittenBundle> {
  const parts = [...bundle.parts].sort(([a], [b]) => byBytes(a, b));
  const contents = parts.map(([path, part]) =>
    typeof part === 'string'
      ? { path, size: Buffer.byteLength(part), digest: digestOfText(part) }
      : { path, size: part.size, digest: part.digest },
  );
  const manifest: BundleManifest = { version: 1, ...bundle.manifest, contents };
  const text = encodeManifest(manifest);
  const signature = await bundle.sign?.(text);
  const entries: TarSource[] = [
    textEntry(MANIFEST_PATH, text),
    ...(signature === undefined ? [] : [textEntry(signaturePath(signature), signature)]),
    ...parts.map(([path, part]) =>
      typeof part === 'string'
        ? textEntry(path, part)
        : { header: plainHeader({ path, size: part.size }), content: () => readSpooled(part) },
    ),
  ];
  const partial = `${bundle.output}.partial`;
  try {
    const steps = [
      Readable.from(writeTar(entries)),
      ...compressor(bundle.compression ?? compressionOf(bundle.output)),
      createWriteStream(partial, { flush: true, ...(bundle.mode === undefined ? {} : { mode: bundle.mode }) }),
    ];
    await pipeline(steps, bundle.signal === undefined ? {} : { signal: bundle.signal });
    await rename(partial, bundle.output);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
  return { manifest, digest: digestOfText(text) };
}

const textEntry = (path: string, text: string): TarSource => ({
  header: plainHeader({ path, size: Buffer.byteLength(text) }),
  content: () => [Buffer.from(text)],
});

/** What the end of a file's name asks for. */
export const compressionOf = (output: string): BundleCompression =>
  /\.t?gz$/.test(output) ? 'gzip' : /\.t?zst$/.test(output) ? 'zstd' : 'none';

/** Throws BundleError where this Node.js has no zstd. */
export function requireCompression(compression: BundleCompression): void {
  if (compression === 'zstd' && typeof zlib.createZstdCompress !== 'function')
    throw new BundleError('this Node.js cannot write zstd', {
      hint: 'use Node.js 22.15 or later, or gzip (a name that ends in ".gz", or "--compression gzip" for snapshots)',
    });
}

function compressor(compression: BundleCompression): NodeJS.ReadWriteStream[] {
  if (compression === 'none') return [];
  requireCompression(compression);
  return [compression === 'gzip' ? zlib.createGzip() : zlib.createZstdCompress()];
}
