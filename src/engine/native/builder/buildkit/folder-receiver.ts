// A folder of the client, received over BuildKit's DiffCopy: the client tells every entry (STAT), the engine asks for the contents
// of files (REQ), which come in pieces, several files at once (DATA), until the engine has all it wants (FIN).
import { createHash, type Hash } from 'node:crypto';
import { posix } from 'node:path';
import type { TarHeader, TarType } from '../../../../archive/tar-header.ts';
import { WindlassError } from '../../../../errors.ts';
import type { OpenCall } from '../../../../grpc-client.ts';
import { bytesOf, decode, encode, type Message, mapOf, numberOf, textOf } from '../../../../protobuf.ts';
import type { ContextSink } from '../files/context-tree.ts';

const [STAT, REQ, DATA, FIN, ERR] = [0, 1, 2, 3, 4];
/** So many files are under way at once: enough that none waits for the answer to a question. */
const ASKED_AT_ONCE = 64;

/** An entry whose content may still be missing. */
interface Entry {
  header: TarHeader;
  readonly offset: number;
  /** Of the content so far; undefined for what has none. */
  readonly hash: Hash | undefined;
  received: number;
}

/** Receives everything that the call's headers asked for. `progress` is told how many bytes have come. */
export async function receiveFolder(
  call: OpenCall,
  sink: ContextSink,
  progress: (bytes: number) => void,
): Promise<void> {
  const receiver = new FolderReceiver(call, sink);
  for await (const bytes of call.messages) {
    const packet = decode(bytes);
    const type = numberOf(packet, 1);
    if (type === FIN) call.end();
    else if (type === ERR) throw new WindlassError('BUILD_CONTEXT', `the client says: ${textOf(packet, 4)}`);
    else if (type === STAT) await receiver.entry(packet.has(2) ? decode(bytesOf(packet, 2)) : undefined);
    else if (type === DATA) {
      const data = bytesOf(packet, 4);
      await receiver.data(numberOf(packet, 3), data);
      progress(data.length);
    }
  }
  receiver.finish();
}

class FolderReceiver {
  readonly #call: OpenCall;
  readonly #sink: ContextSink;
  readonly #entries: Entry[] = [];
  /** Numbers of files that were not asked for yet. */
  readonly #wanted: number[] = [];
  readonly #asked = new Set<number>();
  #told = false;
  #complete = false;

  constructor(call: OpenCall, sink: ContextSink) {
    this.#call = call;
    this.#sink = sink;
  }

  /** The next entry; undefined when there are no more. */
  async entry(stat: Message | undefined): Promise<void> {
    if (this.#told) throw new WindlassError('BUILD_CONTEXT', 'the client tells a file after the last');
    if (stat) {
      const header = headerOf(stat);
      const isFile = header.type === 'file';
      const offset = isFile ? this.#sink.reserve(header.size) : 0;
      const id =
        this.#entries.push({ header, offset, hash: isFile ? createHash('sha256') : undefined, received: 0 }) - 1;
      if (isFile && header.size > 0) this.#wanted.push(id);
    } else {
      this.#told = true;
      // Taken from the end.
      this.#wanted.reverse();
    }
    await this.#ask();
  }

  async data(id: number, data: Buffer): Promise<void> {
    const entry = this.#asked.has(id) ? this.#entries[id] : undefined;
    if (!entry) throw new WindlassError('BUILD_CONTEXT', `the client sends a file that was not asked for (${id})`);
    if (data.length === 0) {
      this.#asked.delete(id);
      // A file that shrank meanwhile is as long as what came of it.
      entry.header = { ...entry.header, size: entry.received };
      return this.#ask();
    }
    // What was appended since the file was told is not part of it.
    const part = data.subarray(0, entry.header.size - entry.received);
    entry.hash?.update(part);
    await this.#sink.write(entry.offset + entry.received, part);
    entry.received += part.length;
  }

  /** Puts the entries into the tree. */
  finish(): void {
    if (!this.#complete) throw new WindlassError('BUILD_CONTEXT', 'the client ended before all files had come');
    for (const { header, offset, hash } of this.#entries) this.#sink.put(header, offset, hash?.digest('hex') ?? '');
  }

  async #ask(): Promise<void> {
    if (!this.#told) return;
    while (this.#asked.size < ASKED_AT_ONCE) {
      const id = this.#wanted.pop();
      if (id === undefined) break;
      this.#asked.add(id);
      await this.#call.send(encode({ 1: REQ, 3: id }));
    }
    if (this.#complete || this.#asked.size > 0) return;
    this.#complete = true;
    await this.#call.send(encode({ 1: FIN }));
  }
}

/** Bits of Go's file modes, from the most telling to the least. */
const TYPES: readonly (readonly [bit: number, type: TarType])[] = [
  [31, 'directory'],
  [27, 'symlink'],
  [21, 'char'],
  [26, 'block'],
  [25, 'fifo'],
];
const bit = (mode: number, position: number): boolean => Math.floor(mode / 2 ** position) % 2 === 1;

function headerOf(stat: Message): TarHeader {
  const path = textOf(stat, 1);
  if (
    path === '' ||
    path.startsWith('/') ||
    path.includes('\0') ||
    posix.normalize(path) !== path ||
    /^\.\.(\/|$)/.test(path)
  )
    throw new WindlassError('BUILD_CONTEXT', `"${path}" is no path within a folder`);
  const mode = numberOf(stat, 2);
  const linkPath = textOf(stat, 7);
  const kind = TYPES.find(([position]) => bit(mode, position))?.[1] ?? 'file';
  const type = kind === 'file' && linkPath !== '' ? 'link' : kind;
  const special = (bit(mode, 23) ? 0o4000 : 0) + (bit(mode, 22) ? 0o2000 : 0) + (bit(mode, 20) ? 0o1000 : 0);
  return {
    path,
    type,
    mode: (mode % 0o1000) + special,
    uid: numberOf(stat, 3),
    gid: numberOf(stat, 4),
    size: type === 'file' ? numberOf(stat, 5) : 0,
    mtime: Math.floor(numberOf(stat, 6) / 1e9),
    linkPath,
    devMajor: numberOf(stat, 8),
    devMinor: numberOf(stat, 9),
    xattrs: mapOf(stat, 10),
  };
}
