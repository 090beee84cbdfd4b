// Reads a bundle from end to end and believes nothing: every entry must be listed, in order, of its size and digest; and the
// image documents among them must say what the manifest says. Nothing is handed on before all of it holds.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline, Transform } from 'node:stream';
import { decompressed } from '../../archive/compression.ts';
import { readTar, type TarEntry } from '../../archive/tar-reader.ts';
import { messageOf, WindlassError } from '../../errors.ts';
import { BundleError } from './bundle-error.ts';
import { checkLayout } from './check-layout.ts';
import {
  type BundleContent,
  type BundleManifest,
  decodeManifest,
  digestOfText,
  isSignaturePath,
  MANIFEST_PATH,
  MAX_MANIFEST_BYTES,
} from './manifest.ts';

/** The head of a bundle: enough to know which one it is. */
export interface BundleHead {
  readonly manifest: BundleManifest;
  readonly manifestText: string;
  /** `sha256:…` of the manifest's text. */
  readonly digest: string;
  /** The text of its signature, where it is signed: minisign's or SSH's. */
  readonly signature: string | undefined;
}

const MAX_SIGNATURE_BYTES = 4096;

/** Whether a file begins as a bundle does, compressed or not. Cheap: reads a few hundred bytes. */
export async function looksLikeBundle(file: string): Promise<boolean> {
  const handle = await open(file, 'r').catch(() => undefined);
  if (handle === undefined) return false;
  try {
    if (!(await handle.stat()).isFile()) return false;
    const head = Buffer.alloc(512);
    const { bytesRead } = await handle.read(head, 0, head.length, 0);
    if (head.toString('latin1', 0, MANIFEST_PATH.length + 1) === `${MANIFEST_PATH}\0`) return true;
    const isCompressed = head.readUInt16BE(0) === 0x1f8b || head.readUInt32BE(0) === 0x28b52ffd;
    return bytesRead === head.length && isCompressed && /\.(tar\.)?t?(gz|zst)$/.test(file);
  } finally {
    await handle.close();
  }
}

/** Reads the head alone. */
export async function readHead(file: string): Promise<BundleHead> {
  for await (const event of walk(file)) if (event.kind === 'head') return event.head;
  throw notABundle(file);
}

/** Called with every content that is wanted, after its head; must read it to its end. */
export type TakeContent = (content: BundleContent, bytes: AsyncIterable<Uint8Array>) => Promise<void>;

/**
 * Reads all of it and checks every digest. `take` gets the contents as they pass, before the whole is known to be good: it may put
 * them aside, and must not act on them yet.
 */
export async function readBundle(file: string, take?: TakeContent): Promise<BundleHead> {
  let head: BundleHead | undefined;
  const documents = new Map<string, Buffer>();
  let seen = 0;
  for await (const event of walk(file)) {
    if (event.kind === 'head') {
      head = event.head;
      continue;
    }
    if (head === undefined) throw notABundle(file);
    const content = head.manifest.contents[seen++];
    if (content === undefined || content.path !== event.entry.path)
      throw new BundleError(
        `"${event.entry.path}" is in the bundle and not in its ${MANIFEST_PATH}, or not in its place`,
        damaged,
      );
    await readContent(event.entry, content, documents, take).catch((error: unknown) => {
      throw asBundleError(error, file);
    });
  }
  if (head === undefined) throw notABundle(file);
  const missing = head.manifest.contents[seen];
  if (missing !== undefined) throw new BundleError(`"${missing.path}" is not in the bundle: it was cut short`, damaged);
  checkLayout(head.manifest, documents);
  return head;
}

/** A bundle of which the digest is known; `isChecked` when all of it has been read and found good a moment ago. */
export interface CheckedBundle extends Pick<BundleHead, 'manifest' | 'digest'> {
  readonly isChecked: boolean;
}

/** Checks a file that was checked under this digest long ago. Throws BundleError. */
export async function recheck(file: string, digest: string): Promise<void> {
  const found = await readBundle(file);
  if (found.digest !== digest) throw new BundleError(`"${file}" is another bundle than before`);
}

/** The contents as they pass, of a bundle that has been read and checked before. */
export async function* contentsOf(
  file: string,
): AsyncGenerator<{ readonly content: BundleContent; readonly bytes: () => AsyncIterable<Uint8Array> }> {
  let head: BundleHead | undefined;
  let seen = 0;
  for await (const event of walk(file)) {
    if (event.kind === 'head') head = event.head;
    else {
      const content = head?.manifest.contents[seen++];
      if (content === undefined || content.path !== event.entry.path || content.size !== event.entry.size)
        throw new BundleError(`"${file}" changed while it was read`);
      yield { content, bytes: () => event.entry.body() };
    }
  }
}

const damaged = { hint: 'get the bundle again from where it came from' };

type Event =
  | { readonly kind: 'head'; readonly head: BundleHead }
  | { readonly kind: 'entry'; readonly entry: TarEntry };

async function* walk(file: string): AsyncGenerator<Event> {
  const source = createReadStream(file);
  let isBundle = false;
  try {
    const { stream } = await decompressed(source);
    let limit = MAX_MANIFEST_BYTES + 64 * 1024;
    const bounded = pipeline(
      stream,
      boundedBy(() => limit),
      ignore,
    );
    let first: { readonly text: string } | undefined;
    let isHeadTold = false;
    for await (const entry of readTar(bounded, { exact: true })) {
      if (entry.type !== 'file')
        throw new BundleError(`"${entry.path}" is not a plain file, and a bundle holds no others`, damaged);
      if (first === undefined) {
        if (entry.path !== MANIFEST_PATH) throw notABundle(file);
        isBundle = true;
        first = { text: await smallText(entry, MAX_MANIFEST_BYTES) };
        continue;
      }
      if (!isHeadTold) {
        const signature = isSignaturePath(entry.path) ? await smallText(entry, MAX_SIGNATURE_BYTES) : undefined;
        const head = headOf(first.text, signature);
        limit += mostBytes(head.manifest);
        isHeadTold = true;
        yield { kind: 'head', head };
        if (signature !== undefined) continue;
      }
      yield { kind: 'entry', entry };
    }
    if (first !== undefined && !isHeadTold) yield { kind: 'head', head: headOf(first.text, undefined) };
  } catch (error) {
    const failure = asBundleError(error, file);
    const isOfDisk = error instanceof Error && 'syscall' in error;
    throw isBundle || isOfDisk || error instanceof WindlassError ? failure : notABundle(file);
  } finally {
    source.destroy();
  }
}

/** What tar, zlib and the disk say of a file that cannot be read, as a failure of the bundle. */
function asBundleError(error: unknown, file: string): WindlassError {
  if (error instanceof WindlassError) return error;
  if (error instanceof Error && 'syscall' in error)
    return new BundleError(`cannot read the bundle "${file}": ${messageOf(error)}`, { cause: error });
  return new BundleError(`"${file}" is not a whole bundle: ${messageOf(error)}`, { cause: error, ...damaged });
}

function headOf(manifestText: string, signature: string | undefined): BundleHead {
  return { manifest: decodeManifest(manifestText), manifestText, digest: digestOfText(manifestText), signature };
}

/** What the archive can be at most: contents, headers with long names, and what pads them. */
const mostBytes = ({ contents }: BundleManifest): number =>
  contents.reduce((sum, { size }) => sum + size + 8 * 1024, 64 * 1024);

/** Stops a stream that goes on beyond what it says it holds, such as a few bytes that unpack to a disk full. */
function boundedBy(limit: () => number): Transform {
  let total = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done): void {
      total += chunk.length;
      // The limit is known only once the manifest has been read, and a chunk may hold more than that.
      if (total > limit() + chunk.length) done(new BundleError('the bundle goes on beyond what it lists', damaged));
      else done(null, chunk);
    },
  });
}

/** Errors are seen by whoever reads the result. */
function ignore(): void {}

async function smallText(entry: TarEntry, most: number): Promise<string> {
  if (entry.size > most) throw new BundleError(`"${entry.path}" is larger than ${most} bytes`, damaged);
  const chunks: Buffer[] = [];
  for await (const chunk of entry.body()) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/** Image documents are small; they are looked into once everything has been read. */
const MAX_DOCUMENT_BYTES = 8 * 1024 * 1024;
const MAX_DOCUMENTS_BYTES = 128 * 1024 * 1024;
const isDocument = ({ path, size }: BundleContent): boolean =>
  (path.startsWith('blobs/') && size <= MAX_DOCUMENT_BYTES) || /^(index|manifest)\.json$|^oci-layout$/.test(path);

async function readContent(
  entry: TarEntry,
  content: BundleContent,
  documents: Map<string, Buffer>,
  take: TakeContent | undefined,
): Promise<void> {
  if (entry.size !== content.size)
    throw new BundleError(`"${content.path}" has ${entry.size} bytes, expected ${content.size}`, damaged);
  const hash = createHash('sha256');
  const pieces: Buffer[] = [];
  const keeps = isDocument(content);
  const bytes = async function* (): AsyncGenerator<Buffer> {
    for await (const chunk of entry.body()) {
      hash.update(chunk);
      // Layers are no JSON; only what begins as a document is kept.
      if (keeps && (pieces.length > 0 || chunk[0] === 0x7b || chunk[0] === 0x5b)) pieces.push(Buffer.from(chunk));
      yield chunk;
    }
  };
  if (take === undefined) for await (const _ of bytes());
  else await take(content, bytes());
  const digest = `sha256:${hash.digest('hex')}`;
  if (digest !== content.digest)
    throw new BundleError(`"${content.path}" has digest ${digest}, expected ${content.digest}`, damaged);
  if (pieces.length === 0) return;
  documents.set(content.path, Buffer.concat(pieces));
  const total = [...documents.values()].reduce((sum, { length }) => sum + length, 0);
  if (total > MAX_DOCUMENTS_BYTES)
    throw new BundleError('the image documents of the bundle are far too large', damaged);
}

const notABundle = (file: string): BundleError =>
  new BundleError(`"${file}" is not a bundle of windlass`, { hint: 'make one with "windlass bundle save"' });
