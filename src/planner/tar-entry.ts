// A tar archive of a few small files: what the engine wants when files are copied into a container (POSIX ustar).
import { WindlassError } from '../errors.ts';
import type { CopiedFile } from './file-objects.ts';

const BLOCK = 512;

/** An archive to be unpacked at `/`. `seconds` is the modification time. */
export function tarOf(files: readonly CopiedFile[], seconds: number): Uint8Array {
  const parts = files.flatMap((file) => {
    const content = Buffer.from(file.content);
    return [header(file, content.length, seconds), content, Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK)];
  });
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]);
}

function header(file: CopiedFile, size: number, seconds: number): Buffer {
  const { name, prefix } = splitPath(file.target.replace(/^\/+/, ''));
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, offset: number, width: number): void => {
    block.write(value.toString(8).padStart(width - 1, '0'), offset, 'ascii');
  };
  block.write(name, 0);
  octal(file.mode & 0o7777, 100, 8);
  octal(file.uid, 108, 8);
  octal(file.gid, 116, 8);
  octal(size, 124, 12);
  octal(seconds, 136, 12);
  block.fill(' ', 148, 156); // the checksum counts its own field as spaces
  block.write('0', 156);
  block.write('ustar\u000000', 257, 'latin1');
  block.write(prefix, 345);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\u0000 `, 148, 'latin1');
  return block;
}

/** ustar holds a path as a prefix of up to 155 bytes and a name of up to 100. */
function splitPath(path: string): { readonly name: string; readonly prefix: string } {
  if (Buffer.byteLength(path) <= 100) return { name: path, prefix: '' };
  for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1)) {
    const [prefix, name] = [path.slice(0, at), path.slice(at + 1)];
    if (Buffer.byteLength(name) <= 100 && Buffer.byteLength(prefix) <= 155) return { name, prefix };
  }
  throw new WindlassError('PLAN_PATH_TOO_LONG', `cannot copy a file to "/${path}": the path is too long`, {
    hint: 'give the config or secret a shorter target',
  });
}
