// A volume's contents as archive entries in one form, whatever they were read with: paths below the volume, no times but those of
// change, no numbers of processes in names. Sparse files come in GNU tar's format 1.0 (`GNU.sparse.*`, the map before the data).
import { decodeName, encodeName } from '../../archive/names.ts';
import { type ReadEntry, readTar } from '../../archive/tar-reader.ts';
import { plainHeader, type TarSource } from '../../archive/tar-writer.ts';
import { VolumeError } from './volume-error.ts';

const SPARSE = {
  major: 'GNU.sparse.major',
  minor: 'GNU.sparse.minor',
  name: 'GNU.sparse.name',
  size: 'GNU.sparse.realsize',
} as const;

/** The volume's own folder, first of all entries. */
const ROOT = './';

/** Entries of an archive that was read from a volume. `prefix` is the folder it stands for there: `./` or `volume/`. */
export async function* volumeEntries(archive: AsyncIterable<Uint8Array>, prefix: string): AsyncGenerator<TarSource> {
  for await (const entry of readTar(archive)) yield normalised(entry, prefix);
}

function normalised(entry: ReadEntry, prefix: string): TarSource {
  const path = below(nameOf(entry), prefix, entry.type === 'directory');
  const records = new Map<string, Buffer>();
  for (const key of Object.values(SPARSE)) {
    const value = entry.pax.get(key);
    if (value !== undefined) records.set(key, key === SPARSE.name ? encodeName(path) : value);
  }
  const mtime = entry.pax.get('mtime');
  if (mtime?.includes('.')) records.set('mtime', mtime);
  const linkPath = entry.type === 'link' ? below(entry.linkPath, prefix, false) : entry.linkPath;
  const header = plainHeader({ ...entry, path, linkPath, mtime: Math.trunc(entry.mtime), records });
  return { header, content: () => entry.body() };
}

/** Of a sparse file the archive has another in the place of its name. */
export function nameOf({ pax, path }: Pick<ReadEntry, 'pax' | 'path'>): string {
  const real = pax.get(SPARSE.name);
  return real === undefined ? path : decodeName(real);
}

function below(path: string, prefix: string, isFolder: boolean): string {
  const clean = path.replace(/\/+$/, '');
  if (`${clean}/` === prefix) return ROOT;
  if (!path.startsWith(prefix)) throw new VolumeError(`the archive of the volume has an entry "${path}" beside it`);
  return `${clean.slice(prefix.length)}${isFolder ? '/' : ''}`;
}

/** Size of a file once it is unpacked. */
export const realSize = (entry: Pick<ReadEntry, 'pax' | 'size'>): number =>
  entry.pax.has(SPARSE.size) ? Number(entry.pax.get(SPARSE.size)?.toString()) : entry.size;

/** An entry as a plain one, holes written out, for readers that know no sparse files. `place` is where the volume stands. */
export function expanded(entry: ReadEntry, place: string): TarSource {
  const named = (path: string): string => (path === ROOT ? place : `${place}${path}`);
  const linkPath = entry.type === 'link' ? named(entry.linkPath) : entry.linkPath;
  const { type, mode, uid, gid, xattrs, devMajor, devMinor } = entry;
  const plain = { type, mode, uid, gid, xattrs, devMajor, devMinor, mtime: Math.trunc(entry.mtime) };
  const header = plainHeader({ ...plain, path: named(nameOf(entry)), linkPath, size: realSize(entry) });
  return { header, content: () => (entry.pax.has(SPARSE.size) ? filled(entry) : entry.body()) };
}

const ZEROS = Buffer.alloc(64 * 1024);

/** A piece of a sparse file that is no hole. */
type Piece = readonly [offset: number, length: number];

/** The map: a count, then offset and length of each piece, a decimal number a line, padded to a block; then the pieces. */
async function readMap(entry: ReadEntry): Promise<{ pieces: readonly Piece[]; data: AsyncGenerator<Buffer> }> {
  const bytes = entry.body();
  let rest: Buffer = Buffer.alloc(0);
  let read = 0;
  const more = async (): Promise<boolean> => {
    const next = await bytes.next();
    if (next.done) return false;
    rest = Buffer.concat([rest, next.value]);
    return true;
  };
  const number = async (): Promise<number> => {
    for (;;) {
      const end = rest.indexOf(0x0a);
      if (end >= 0) {
        const value = Number(rest.toString('latin1', 0, end));
        if (!Number.isSafeInteger(value) || value < 0) break;
        rest = rest.subarray(end + 1);
        read += end + 1;
        return value;
      }
      if (rest.length > 32 || !(await more())) break;
    }
    throw new VolumeError(`the map of the sparse file "${entry.path}" is damaged`);
  };
  const pieces: Piece[] = [];
  for (let count = await number(); count > 0; count--) pieces.push([await number(), await number()]);
  const padded = (512 - (read % 512)) % 512;
  while (rest.length < padded && (await more()));
  rest = rest.subarray(padded);
  const data = async function* (): AsyncGenerator<Buffer> {
    if (rest.length > 0) yield rest;
    yield* bytes;
  };
  return { pieces, data: data() };
}

async function* filled(entry: ReadEntry): AsyncGenerator<Uint8Array> {
  const { pieces, data } = await readMap(entry);
  let rest: Buffer = Buffer.alloc(0);
  let at = 0;
  for (const [offset, length] of pieces) {
    yield* zeros(offset - at);
    for (let left = length; left > 0; ) {
      if (rest.length === 0) {
        const next = await data.next();
        if (next.done) throw new VolumeError(`the sparse file "${entry.path}" is cut short`);
        rest = next.value;
      }
      const piece = rest.subarray(0, left);
      rest = rest.subarray(piece.length);
      left -= piece.length;
      yield piece;
    }
    at = offset + length;
  }
  yield* zeros(realSize(entry) - at);
}

/** Why an entry cannot be a sparse file, where it says that it is one; reads it without writing out its holes. */
export async function sparseProblem(entry: ReadEntry): Promise<string | undefined> {
  const keys = [...entry.pax.keys()].filter((key) => key.startsWith('GNU.sparse.'));
  if (keys.length === 0) return undefined;
  const known: readonly string[] = Object.values(SPARSE);
  const version = [SPARSE.major, SPARSE.minor].map((key) => entry.pax.get(key)?.toString()).join('.');
  if (
    entry.type !== 'file' ||
    version !== '1.0' ||
    keys.length !== known.length ||
    !keys.every((one) => known.includes(one))
  )
    return 'is a sparse file in a form that is not known';
  const { pieces, data } = await readMap(entry);
  let end = 0;
  let described = 0;
  for (const [offset, length] of pieces) {
    if (offset < end) return 'is a sparse file with pieces out of order';
    end = offset + length;
    described += length;
  }
  if (end > realSize(entry)) return 'is a sparse file with pieces beyond its end';
  let there = 0;
  for await (const chunk of data) there += chunk.length;
  return there === described ? undefined : 'is a sparse file with other pieces than its map tells';
}

function* zeros(count: number): Generator<Uint8Array> {
  if (count < 0) throw new VolumeError('the pieces of a sparse file are out of order');
  for (let left = count; left > 0; left -= ZEROS.length) yield left < ZEROS.length ? ZEROS.subarray(0, left) : ZEROS;
}
