// Writes tar archives (POSIX ustar with pax headers where a field is too small). Same entries, same bytes.

export interface TarEntry {
  /** Relative, `/` between its parts; folders without a slash at the end. */
  readonly path: string;
  readonly type: 'file' | 'directory' | 'symlink' | 'fifo';
  /** Permission bits. */
  readonly mode: number;
  /** Unix seconds. */
  readonly modified: number;
  readonly size?: number;
  readonly linkTarget?: string;
}

const BLOCK = 512;
const TYPE_FLAG = { file: '0', directory: '5', symlink: '2', fifo: '6' } as const;
/** The largest size that 11 octal digits hold. */
const LARGEST_SIZE = 0o77777777777;

/** The header block(s) of an entry, owned by root as the docker CLI sends them. */
export function tarHeader(entry: TarEntry): Buffer {
  const path = entry.type === 'directory' ? `${entry.path}/` : entry.path;
  const extra: Record<string, string> = {};
  const split = splitPath(path);
  if (split === undefined) extra.path = path;
  const link = entry.linkTarget ?? '';
  if (Buffer.byteLength(link) > 100 || !isAscii(link)) extra.linkpath = link;
  const size = entry.size ?? 0;
  if (size > LARGEST_SIZE) extra.size = String(size);
  const header = block({
    ...(split ?? { name: Buffer.from(path).subarray(0, 100), prefix: Buffer.alloc(0) }),
    flag: TYPE_FLAG[entry.type],
    mode: entry.mode & 0o7777,
    modified: Math.max(0, Math.trunc(entry.modified)),
    size: Math.min(size, LARGEST_SIZE),
    link: Buffer.from(link).subarray(0, 100),
  });
  return Object.keys(extra).length === 0 ? header : Buffer.concat([paxHeader(extra), header]);
}

/** Zeros up to the next block after `size` bytes. */
export const tarPadding = (size: number): Buffer => Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);

/** Two empty blocks end an archive. */
export const tarEnd = (): Buffer => Buffer.alloc(2 * BLOCK);

interface Fields {
  readonly name: Uint8Array;
  readonly prefix: Uint8Array;
  readonly flag: string;
  readonly mode: number;
  readonly modified: number;
  readonly size: number;
  readonly link: Uint8Array;
}

function block(fields: Fields): Buffer {
  const header = Buffer.alloc(BLOCK);
  const octal = (value: number, length: number): string => `${value.toString(8).padStart(length - 1, '0')}\0`;
  header.set(fields.name, 0);
  header.write(octal(fields.mode, 8), 100);
  header.write(octal(0, 8), 108);
  header.write(octal(0, 8), 116);
  header.write(octal(fields.size, 12), 124);
  header.write(octal(fields.modified, 12), 136);
  header.write(' '.repeat(8), 148);
  header.write(fields.flag, 156);
  header.set(fields.link, 157);
  header.write('ustar\x0000', 257);
  header.set(fields.prefix, 345);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}

/** Name and prefix of a ustar header, cut at a slash; undefined when the path does not fit or is not ASCII. */
function splitPath(path: string): { name: Buffer; prefix: Buffer } | undefined {
  if (!isAscii(path)) return undefined;
  if (path.length <= 100) return { name: Buffer.from(path), prefix: Buffer.alloc(0) };
  const slash = path.lastIndexOf('/', 155);
  const name = path.slice(slash + 1);
  if (slash <= 0 || name.length > 100 || name === '') return undefined;
  return { name: Buffer.from(name), prefix: Buffer.from(path.slice(0, slash)) };
}

function paxHeader(records: Readonly<Record<string, string>>): Buffer {
  const body = Buffer.concat(Object.entries(records).map(([key, value]) => Buffer.from(paxRecord(key, value))));
  const header = block({
    name: Buffer.from('PaxHeaders.0/entry'),
    prefix: Buffer.alloc(0),
    flag: 'x',
    mode: 0o644,
    modified: 0,
    size: body.length,
    link: Buffer.alloc(0),
  });
  return Buffer.concat([header, body, tarPadding(body.length)]);
}

/** `<length> <key>=<value>\n`, where the length counts itself. */
function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  const bytes = Buffer.byteLength(rest);
  let length = bytes + String(bytes).length;
  if (bytes + String(length).length !== length) length = bytes + String(length).length;
  return `${length}${rest}`;
}

const isAscii = (text: string): boolean => /^[\x20-\x7e]*$/.test(text);
