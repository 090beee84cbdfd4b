// Tar streams whose bytes depend on their entries alone: no times, no owners but those given, in the order given.
import { END_OF_ARCHIVE, encodeHeader, padding, type TarHeader } from './tar-header.ts';

/** A header with nothing of its own but what is given: a plain file of root's, from 1970. */
export const plainHeader = (given: Partial<TarHeader> & Pick<TarHeader, 'path'>): TarHeader => ({
  type: 'file',
  mode: 0o644,
  uid: 0,
  gid: 0,
  size: 0,
  mtime: 0,
  linkPath: '',
  devMajor: 0,
  devMinor: 0,
  xattrs: new Map(),
  ...given,
});

export interface TarSource {
  readonly header: TarHeader;
  /** As many bytes as the header says. Absent for what has no content. */
  readonly content?: () => AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

/** The archive in pieces. Throws when a content is not of the size its header gives: it changed while it was read. */
export async function* writeTar(entries: Iterable<TarSource> | AsyncIterable<TarSource>): AsyncGenerator<Uint8Array> {
  for await (const { header, content } of entries) {
    yield encodeHeader(header);
    let left = header.type === 'file' ? header.size : 0;
    for await (const chunk of content?.() ?? []) {
      left -= chunk.length;
      if (left < 0) break;
      yield chunk;
    }
    if (left !== 0) throw new Error(`"${header.path}" changed while it was read`);
    const rest = header.type === 'file' ? padding(header.size) : 0;
    if (rest > 0) yield Buffer.alloc(rest);
  }
  yield END_OF_ARCHIVE;
}
