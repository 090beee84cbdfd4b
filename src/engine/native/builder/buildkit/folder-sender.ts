// A result sent to the client: as a folder, over DiffCopy with the engine as the one who tells and is asked, or as an archive.
import { join } from 'node:path';
import type { TarHeader, TarType } from '../../../../archive/tar-header.ts';
import { WindlassError } from '../../../../errors.ts';
import type { OpenCall } from '../../../../grpc-client.ts';
import { bytesOf, decode, encode, mapEntries, numberOf, textOf } from '../../../../protobuf.ts';
import type { NativeHost } from '../../host.ts';
import { tarEntries } from '../files/mounted-tree.ts';

const [STAT, REQ, DATA, FIN, ERR] = [0, 1, 2, 3, 4];
const PIECE_BYTES = 256 * 1024;
/** Bits of Go's file modes. */
const TYPES: Readonly<Record<TarType, number>> = {
  ...{ file: 0, link: 0, directory: 2 ** 31, symlink: 2 ** 27, block: 2 ** 26, fifo: 2 ** 25 },
  char: 2 ** 26 + 2 ** 21,
};

/** Sends what is below a folder of the host, which stands still meanwhile. */
export async function sendFolder(host: NativeHost, root: string, call: OpenCall): Promise<void> {
  const paths: string[] = [];
  for await (const { path, ...header } of tarEntries(host, root, '.')) {
    if (path === '') continue;
    paths.push(path);
    await call.send(encode({ 1: STAT, 2: statOf({ ...header, path }) }));
  }
  await call.send(encode({ 1: STAT }));
  for await (const bytes of call.messages) {
    const packet = decode(bytes);
    const type = numberOf(packet, 1);
    if (type === ERR)
      throw new WindlassError('BUILD_EXPORT', `the client says: ${textOf(packet, 4) || bytesOf(packet, 4)}`);
    if (type === REQ) await sendFile(host, root, paths[numberOf(packet, 3)], numberOf(packet, 3), call);
    else if (type === FIN) {
      await call.send(encode({ 1: FIN }));
      call.end();
    }
  }
}

async function sendFile(
  host: NativeHost,
  root: string,
  path: string | undefined,
  id: number,
  call: OpenCall,
): Promise<void> {
  if (path === undefined)
    throw new WindlassError('BUILD_EXPORT', `the client asks for a file that is not there (${id})`);
  const file = await host.files.open(join(root, path), 'r');
  try {
    for (let at = 0; ; ) {
      const buffer = Buffer.allocUnsafe(PIECE_BYTES);
      const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
      // Nothing stands for the end.
      await call.send(encode({ 1: DATA, 3: id, 4: buffer.subarray(0, bytesRead) }));
      if (bytesRead === 0) return;
      at += bytesRead;
    }
  } finally {
    await file.close();
  }
}

function statOf(header: TarHeader): Buffer {
  const { path, type, mode, uid, gid, size, mtime, linkPath, devMajor, devMinor, xattrs } = header;
  const special = (mode & 0o4000 ? 2 ** 23 : 0) + (mode & 0o2000 ? 2 ** 22 : 0) + (mode & 0o1000 ? 2 ** 20 : 0);
  return encode({
    ...{ 1: path, 2: TYPES[type] + special + (mode & 0o777), 3: uid, 4: gid },
    ...{ 5: type === 'file' ? size : undefined, 6: Math.max(0, Math.floor(mtime)) * 1e9, 7: linkPath },
    ...{ 8: devMajor, 9: devMinor, 10: mapEntries(xattrs) },
  });
}

/** Sends the same as one archive. */
export async function sendArchive(host: NativeHost, root: string, call: OpenCall): Promise<void> {
  const tar = host.start('tar', ['-c', '-f', '-', '-C', root, '--sort=name', '--numeric-owner', '.'], {
    stdio: ['ignore', 'pipe', 'ignore'],
    cwd: '/',
  });
  const ended = new Promise<number | null>((resolve) => {
    tar.once('close', resolve).once('error', () => resolve(null));
  });
  for await (const chunk of tar.stdout ?? []) await sendPieces(chunk as Buffer, call);
  const status = await ended;
  if (status !== 0 && status !== 1)
    throw new WindlassError('BUILD_EXPORT', `tar could not read the result (${status})`);
  call.end();
  for await (const _ of call.messages);
}

/** Sends an archive that is there already. */
export async function sendStream(archive: AsyncIterable<Buffer>, call: OpenCall): Promise<void> {
  for await (const chunk of archive) await sendPieces(chunk, call);
  call.end();
  for await (const _ of call.messages);
}

/** A message has to stay well below what the other side takes. */
async function sendPieces(chunk: Buffer, call: OpenCall): Promise<void> {
  for (let at = 0; at < chunk.length; at += PIECE_BYTES)
    await call.send(encode({ 1: chunk.subarray(at, at + PIECE_BYTES) }));
}
