// Files → text, within bounds: a Compose file is in UTF-8 and not enormous. It may be a pipe or a device
// that ends, such as /dev/null.
import { isUtf8 } from 'node:buffer';
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { SpecError } from '../diagnostics.ts';

/** The largest file that is read; far above any real one. */
const MAX_BYTES = 16 * 1024 * 1024;
/** How long the writer of a pipe may take. */
const PIPE_DEADLINE_MS = 10_000;

/** The text of a file, without byte order mark and with `\n` between lines. `name` is what messages call it. */
export function readTextFile(path: string, name = path): string {
  return decodeText(readBounded(path, name), name);
}

/** The text of bytes that are a file's contents. */
export function decodeText(bytes: Buffer, name: string): string {
  if (bytes.length > MAX_BYTES) throw tooLarge(name);
  if (!isUtf8(bytes)) throw badEncoding(bytes, name);
  const text = bytes.toString('utf8');
  const start = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  const body = start === 0 ? text : text.slice(start);
  return body.includes('\r') ? body.replaceAll('\r\n', '\n') : body;
}

function readBounded(path: string, name: string): Buffer {
  let descriptor: number;
  try {
    // Without O_NONBLOCK, opening a pipe that nobody writes to would never return.
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw openFailure(name, error);
  }
  try {
    const stat = fstatSync(descriptor);
    if (stat.isDirectory()) throw failure(name, 'is a directory', 'name a file in it');
    if (stat.isBlockDevice() || stat.isSocket()) throw failure(name, 'is not a regular file', 'name a file');
    if (stat.size > MAX_BYTES) throw tooLarge(name);
    return stat.isFile() ? readRegular(descriptor, stat.size, name) : readPipe(descriptor, name);
  } finally {
    closeSync(descriptor);
  }
}

function readRegular(descriptor: number, size: number, name: string): Buffer {
  // Files of /proc say they are empty: read until nothing comes.
  const chunks: Buffer[] = [];
  let total = 0;
  for (;;) {
    const chunk = Buffer.allocUnsafe(total === 0 ? Math.max(size + 1, 4096) : 65_536);
    const count = readSync(descriptor, chunk, 0, chunk.length, null);
    if (count === 0) return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
    total += count;
    if (total > MAX_BYTES) throw tooLarge(name);
    chunks.push(chunk.subarray(0, count));
  }
}

function readPipe(descriptor: number, name: string): Buffer {
  const chunks: Buffer[] = [];
  const deadline = Date.now() + PIPE_DEADLINE_MS;
  let total = 0;
  for (;;) {
    const chunk = Buffer.allocUnsafe(65_536);
    let count: number;
    try {
      count = readSync(descriptor, chunk, 0, chunk.length, null);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN' || Date.now() > deadline) throw openFailure(name, error);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
      continue;
    }
    if (count === 0) return Buffer.concat(chunks);
    total += count;
    if (total > MAX_BYTES) throw tooLarge(name);
    chunks.push(chunk.subarray(0, count));
  }
}

function badEncoding(bytes: Buffer, name: string): SpecError {
  // U+FFFD takes the place of the first byte that is no character.
  const lines = (bytes.toString('utf8').split('\uFFFD', 1)[0] ?? '').split('\n');
  const position = { file: name, line: lines.length, column: (lines.at(-1) ?? '').length + 1 };
  const hint = 'save the file in UTF-8';
  return new SpecError([{ severity: 'error', code: 'SPEC_FILE', message: 'not a character in UTF-8', position, hint }]);
}

const tooLarge = (name: string): SpecError => failure(name, `is larger than ${MAX_BYTES / 1024 / 1024} MiB`);

function failure(name: string, what: string, hint?: string): SpecError {
  const message = `"${name}" ${what}`;
  return new SpecError([{ severity: 'error', code: 'SPEC_FILE', message, hint }]);
}

function openFailure(name: string, error: unknown): SpecError {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    const message = `there is no file "${name}"`;
    return new SpecError([
      { severity: 'error', code: 'SPEC_FILE_NOT_FOUND', message, hint: 'create it, or correct the path' },
    ]);
  }
  if (code === 'EACCES' || code === 'EPERM') return failure(name, 'cannot be read: permission denied');
  return failure(name, `cannot be read: ${error instanceof Error ? error.message : String(error)}`);
}
