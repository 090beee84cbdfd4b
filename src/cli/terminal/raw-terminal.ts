// Raw mode: every key goes to the container, every byte of its output to the terminal. It is given back on every way out.
import { type Host, realHost } from '../../host.ts';
import type { Input } from '../io.ts';

/**
 * Puts the terminal in raw mode; the result restores it, and may be called more than once.
 * Node leaves the terminal's own treatment of output on (libuv sets ONLCR), which turns the line feeds of full-screen
 * programs into new lines: `stty` switches it off. Restoring brings back the settings from before raw mode, this one too.
 */
export async function enterRawMode(stdin: Input, host: Host = realHost): Promise<() => void> {
  if (!stdin.isTTY || stdin.stream.setRawMode === undefined) return () => {};
  stdin.stream.setRawMode(true);
  const restore = () => {
    process.off('exit', restore);
    stdin.stream.setRawMode?.(false);
  };
  // A crash, or an exit forced by a second Ctrl-C, ends here too.
  process.on('exit', restore);
  const device = [process.platform === 'darwin' ? '-f' : '-F', '/dev/tty'];
  await host.run('stty', [...device, '-opost']).catch(() => {
    // Without stty some programs look ragged, and all of them work.
  });
  return restore;
}
