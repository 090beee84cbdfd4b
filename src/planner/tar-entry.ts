// A tar archive of a few small files: what the engine wants when files are copied into a container.
import { END_OF_ARCHIVE, encodeHeader, padding } from '../archive/tar-header.ts';

/** A file at its absolute path inside a container. */
export interface ArchivedFile {
  readonly target: string;
  readonly content: string | Uint8Array;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** An archive to be unpacked at `/`. `seconds` is the modification time. */
export function tarOf(files: readonly ArchivedFile[], seconds: number): Uint8Array {
  const parts = files.flatMap(({ target, content, mode, uid, gid }) => {
    const bytes = Buffer.from(content);
    const header = encodeHeader({
      path: target.replace(/^\/+/, ''),
      type: 'file',
      ...{ mode, uid, gid, size: bytes.length, mtime: seconds },
      ...{ linkPath: '', devMajor: 0, devMinor: 0, xattrs: new Map() },
    });
    return [header, bytes, Buffer.alloc(padding(bytes.length))];
  });
  return Buffer.concat([...parts, END_OF_ARCHIVE]);
}
