// Passes the signals this process gets on to a container, so that it may stop in its own way.
import type { Interrupts } from '../interrupts.ts';

/** SIGINT and SIGTERM come through Interrupts. SIGWINCH is for terminals, SIGCHLD and SIGPIPE are our own. */
const OTHERS = ['SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGCONT', 'SIGALRM'] as const;

/** Forwards until the result is called. `send` reports its own failures: the container may be gone already. */
export function forwardSignals(interrupts: Interrupts, send: (name: string) => Promise<void>): () => void {
  const forward = (name: string): void => {
    send(name).catch(() => {
      // A container that has ended needs no signal.
    });
  };
  const giveBack = interrupts.takeOver((name) => forward(name));
  const listeners = OTHERS.map((name) => {
    const listener = () => forward(name);
    process.on(name, listener);
    return () => process.off(name, listener);
  });
  return () => {
    giveBack();
    for (const stop of listeners) stop();
  };
}
