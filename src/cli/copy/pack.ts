// Files of this machine → a tar stream, with owners, modes, times and links as they are.
import { createReadStream } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Headers, type Pack, pack } from 'tar-stream';

export interface PackRequest {
  /** Absolute path of the file or directory to pack. */
  readonly path: string;
  /** Its name in the archive; `.` puts a directory's contents at the top. */
  readonly name: string;
  readonly signal: AbortSignal;
}

/** Begins packing at once; a failure destroys the stream. */
export function packTree({ path, name, signal }: PackRequest): Readable {
  const archive = pack();
  addEntry(archive, path, name, signal).then(
    () => archive.finalize(),
    (error: unknown) => archive.destroy(error instanceof Error ? error : new Error(String(error))),
  );
  // tar-stream's streams are not Node's own, which the engine's client asks for.
  return Readable.from(archive as unknown as AsyncIterable<Buffer>, { objectMode: false });
}

async function addEntry(archive: Pack, path: string, name: string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const stats = await lstat(path);
  const common = { name, mode: stats.mode & 0o7777, uid: stats.uid, gid: stats.gid, mtime: stats.mtime };
  if (stats.isDirectory()) {
    await headerOnly(archive, { ...common, name: `${name}/`, type: 'directory' });
    for (const child of (await readdir(path)).sort())
      await addEntry(archive, join(path, child), name === '.' ? `./${child}` : `${name}/${child}`, signal);
  } else if (stats.isSymbolicLink())
    await headerOnly(archive, { ...common, type: 'symlink', linkname: await readlink(path) });
  else if (stats.isFile()) await addFile(archive, path, { ...common, type: 'file', size: stats.size }, signal);
  // Sockets cannot be archived, as with tar; pipes and devices are not content.
}

const headerOnly = (archive: Pack, header: Headers): Promise<void> =>
  new Promise((resolve, reject) => {
    archive.entry(header, (error) => (error ? reject(error) : resolve()));
  });

async function addFile(
  archive: Pack,
  path: string,
  header: Headers & { size: number },
  signal: AbortSignal,
): Promise<void> {
  if (header.size === 0) return headerOnly(archive, header);
  const entry = archive.entry(header);
  // A file that grows while it is read is copied as long as it was.
  await pipeline(createReadStream(path, { end: header.size - 1 }), entry, { signal });
}
