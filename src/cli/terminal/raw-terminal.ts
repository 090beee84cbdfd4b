// Raw mode: every key goes to the container, none is handled here. The terminal is given back on every way out.
import type { Input } from '../io.ts';

/** Puts the terminal in raw mode; the result restores it, and may be called more than once. */
export function enterRawMode(stdin: Input): () => void {
  if (!stdin.isTTY || stdin.stream.setRawMode === undefined) return () => {};
  stdin.stream.setRawMode(true);
  const restore = () => {
    process.off('exit', restore);
    stdin.stream.setRawMode?.(false);
  };
  // A crash, or an exit forced by a second Ctrl-C, ends here too.
  process.on('exit', restore);
  return restore;
}
