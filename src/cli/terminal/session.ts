// Joins the process's streams to a container's: what is typed or piped goes in, what it writes comes out, nothing is lost.
import type { ProcessStreams } from '../../engine/engine.ts';
import type { Io } from '../io.ts';
import { copyToOutput } from './copy-output.ts';
import { DetachScanner, parseDetachKeys } from './detach-keys.ts';
import { pumpInput } from './pump-input.ts';
import { enterRawMode } from './raw-terminal.ts';

export interface SessionOptions {
  readonly io: Io;
  readonly tty: boolean;
  /** Whether standard input is passed on. */
  readonly stdin: boolean;
  /**
   * Whether the end of our input is the end of the process's. An engine takes a half-closed attachment to a container that
   * outlives it for a farewell, and sends no more output.
   */
  readonly closeStdin: boolean;
  readonly detachKeys: string;
  readonly signal: AbortSignal;
}

/** `ended`: the container closed its output. `detached`: the user typed the detach keys. */
export type SessionEnd = 'ended' | 'detached';

/** Runs until the output ends, the user detaches, or the signal aborts (rejects with its reason). */
export async function runSession(streams: ProcessStreams, options: SessionOptions): Promise<SessionEnd> {
  const { io, tty, stdin, closeStdin, signal } = options;
  const raw = tty && stdin && io.stdin.isTTY;
  const scanner = raw ? new DetachScanner(parseDetachKeys(options.detachKeys)) : undefined;
  const restore = raw ? await enterRawMode(io.stdin) : () => {};
  const output = Promise.all([
    copyToOutput(streams.stdout, io.stdout, signal),
    copyToOutput(streams.stderr, tty ? io.stdout : io.stderr, signal),
  ]).then((): SessionEnd => 'ended');
  const input = stdin ? pumpInput(io.stdin.stream, streams.stdin, { scanner, close: closeStdin }) : undefined;
  if (input === undefined && closeStdin) streams.stdin.end();
  try {
    return await Promise.race([output, ...(input === undefined ? [] : [input.detached])]);
  } finally {
    input?.stop();
    // Before anything else is written, so that it is not written to a raw terminal.
    restore();
    streams.close();
    // The output's failure after a detach or an abort is the cut connection itself.
    output.catch(() => {});
  }
}
