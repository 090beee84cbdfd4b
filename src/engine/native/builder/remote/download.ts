// ADD of an address: the file behind it, downloaded.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { posix } from 'node:path';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { messageOf, scrub } from '../../../../errors.ts';
import { plainFetch } from '../../../../registry/transport.ts';
import type { NativeHost } from '../../host.ts';
import { badRequest } from '../../server/api-error.ts';
import { CONTEXT_LIMITS } from '../files/context-tree.ts';
import type { SourceTree, TreeEntry } from '../files/source-tree.ts';

export const isRemote = (source: string): boolean => /^https?:\/\//i.test(source);

/** Downloads to a file. The name is the last part of the address. */
export async function download(
  host: NativeHost,
  address: string,
  file: string,
  checksum: string | undefined,
  signal: AbortSignal,
): Promise<DownloadedTree> {
  const name = posix.basename(new URL(address).pathname);
  const shown = scrub(address);
  let response: Response;
  try {
    response = await plainFetch(address, { signal });
  } catch (error) {
    throw badRequest(`cannot download ${shown}: ${messageOf(error instanceof Error ? (error.cause ?? error) : error)}`);
  }
  if (!response.ok || !response.body) throw badRequest(`${shown} answers ${response.status} ${response.statusText}`);
  const hash = createHash('sha256');
  const out = await host.files.open(file, 'wx', 0o600);
  let size = 0;
  try {
    for await (const chunk of Readable.fromWeb(response.body as ReadableStream)) {
      size += chunk.length;
      if (size > CONTEXT_LIMITS.maxBytes) throw badRequest(`${shown} is larger than ${CONTEXT_LIMITS.maxBytes} bytes`);
      hash.update(chunk);
      await out.write(chunk);
    }
  } finally {
    await out.close();
  }
  const digest = hash.digest('hex');
  if (checksum !== undefined && checksum !== `sha256:${digest}`)
    throw badRequest(`digest mismatch sha256:${digest}: ${checksum} (${shown})`);
  const modified = Date.parse(response.headers.get('last-modified') ?? '');
  return new DownloadedTree(file, name, { size, digest, mtime: Number.isNaN(modified) ? 0 : modified / 1000 });
}

/** A tree of one file, at its top. */
export class DownloadedTree implements SourceTree {
  readonly name: string;
  readonly #file: string;
  readonly #facts: { readonly size: number; readonly digest: string; readonly mtime: number };

  constructor(file: string, name: string, facts: { size: number; digest: string; mtime: number }) {
    this.#file = file;
    this.name = name;
    this.#facts = facts;
  }

  find(path: string): Promise<{ path: string; type: 'file' }> {
    return Promise.resolve({ path, type: 'file' });
  }

  list(): Promise<readonly string[]> {
    return Promise.resolve([]);
  }

  async *entries(): AsyncGenerator<TreeEntry> {
    const { size, digest, mtime } = this.#facts;
    const file = this.#file;
    yield {
      ...{ path: '', type: 'file', mode: 0o600, uid: 0, gid: 0, size, mtime, linkPath: '', devMajor: 0, devMinor: 0 },
      xattrs: new Map(),
      contentDigest: digest,
      async *body() {
        if (size > 0) yield* createReadStream(file);
      },
    };
  }
}
