// The process's streams as commands see them: data goes to `stdout`, progress and messages to `stderr`.
import type { Readable, Writable } from 'node:stream';

export interface Output {
  readonly isTTY: boolean;
  /** Width in columns, now; 80 where it is not a terminal. */
  readonly columns: number;
  /** Height in rows, now; 24 where it is not a terminal. */
  readonly rows: number;
  write(text: string | Uint8Array): void;
  /** The stream itself, for copying with back pressure. */
  readonly stream: Writable;
  /** Calls back whenever the terminal changes its size; the result stops that. */
  onResize(listener: () => void): () => void;
}

export interface Input {
  readonly isTTY: boolean;
  readonly stream: Readable & { setRawMode?(raw: boolean): unknown };
}

export interface Io {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly stdin: Input;
}

/** Wraps a stream of the process. */
export const outputOf = (stream: NodeJS.WriteStream): Output => ({
  stream,
  get isTTY() {
    return stream.isTTY === true;
  },
  get columns() {
    return stream.columns || 80;
  },
  get rows() {
    return stream.rows || 24;
  },
  write(text) {
    stream.write(text);
  },
  onResize(listener) {
    stream.on('resize', listener);
    return () => stream.off('resize', listener);
  },
});

/** The streams of this process. */
export const processIo = (): Io => ({
  stdout: outputOf(process.stdout),
  stderr: outputOf(process.stderr),
  // A getter, since touching process.stdin opens it.
  stdin: {
    get isTTY() {
      return process.stdin.isTTY === true;
    },
    get stream() {
      return process.stdin;
    },
  },
});
