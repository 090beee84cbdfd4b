// Single keys on a terminal, without Enter.
import type { CommandContext } from '../context.ts';

const CTRL_C = '\u0003';

/** Calls back for the keys given, until the result is called. Ctrl-C stays what it is. Does nothing where input is no terminal. */
export function watchKeys(context: CommandContext, keys: Readonly<Record<string, () => void>>): () => void {
  const { stdin } = context.io;
  if (!stdin.isTTY || stdin.stream.setRawMode === undefined) return () => {};
  const { stream } = stdin;
  const onData = (data: Buffer): void => {
    for (const key of data.toString('utf8')) {
      // A terminal in raw mode sends the key instead of the signal.
      if (key === CTRL_C) context.interrupts.notify('SIGINT');
      else keys[key]?.();
    }
  };
  stdin.stream.setRawMode(true);
  stream.on('data', onData);
  stream.resume();
  return () => {
    stream.off('data', onData);
    stdin.stream.setRawMode?.(false);
    stream.pause();
  };
}
