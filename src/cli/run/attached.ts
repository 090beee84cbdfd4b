// Starts a created container with this process's streams joined to it, and waits for its exit code.
import type { Engine } from '../../engine/engine.ts';
import { InterruptedError } from '../../errors.ts';
import type { CommandContext } from '../context.ts';
import type { Io } from '../io.ts';
import { forwardSignals } from '../terminal/forward-signals.ts';
import { runSession } from '../terminal/session.ts';
import { followSize } from '../terminal/tty-size.ts';

export interface AttachedRun {
  readonly id: string;
  readonly tty: boolean;
  readonly stdin: boolean;
  /** The engine removes the container when it ends. */
  readonly autoRemove: boolean;
  readonly detachKeys: string;
  /** Where output goes; not the process's own streams with --quiet. */
  readonly io: Io;
}

/** The container's exit code; 0 when the user detached and left it running. */
export async function startAttached(context: CommandContext, engine: Engine, run: AttachedRun): Promise<number> {
  const { id, tty, io, detachKeys } = run;
  // Signals are the container's from here on: a Ctrl-C stops it, not us, and we pass its exit code on.
  const waiting = new AbortController();
  const stopForwarding = forwardSignals(context.interrupts, (name) => engine.killContainer(id, name));
  let stopSize = () => {};
  try {
    const exit = engine.waitContainer(id, waiting.signal, run.autoRemove ? 'removed' : 'next-exit');
    exit.catch(() => {
      // Awaited below; after a detach nobody wants to know.
    });
    const streams = await engine.attach(id, { stdin: run.stdin, detachKeys }, waiting.signal);
    try {
      await engine.startContainer(id, context.signal);
    } catch (error) {
      streams.close();
      throw error;
    }
    if (tty && io.stdout.isTTY)
      stopSize = followSize(io.stdout, (columns, rows) => engine.resizeContainer(id, columns, rows));
    const end = await runSession(streams, {
      io,
      tty,
      stdin: run.stdin,
      closeStdin: true,
      detachKeys,
      signal: context.signal,
    });
    if (context.signal.aborted) throw new InterruptedError();
    return end === 'detached' ? 0 : await exit;
  } finally {
    stopSize();
    stopForwarding();
    waiting.abort();
  }
}
