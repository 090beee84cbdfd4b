// Standard input → a container's, at the container's pace, until either ends.
import type { Readable, Writable } from 'node:stream';
import type { DetachScanner } from './detach-keys.ts';

export interface InputPump {
  /** Resolves when the detach keys were typed; else never. */
  readonly detached: Promise<'detached'>;
  /** Stops reading. What was not read stays for whoever reads next. */
  stop(): void;
}

export interface PumpOptions {
  readonly scanner: DetachScanner | undefined;
  /** Ends `to` when `from` ends, which closes the container's standard input. */
  readonly close: boolean;
}

export function pumpInput(from: Readable, to: Writable, { scanner, close }: PumpOptions): InputPump {
  let detach: (end: 'detached') => void = () => {};
  const detached = new Promise<'detached'>((resolve) => {
    detach = resolve;
  });
  const onData = (chunk: Buffer | string): void => {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    const { pass, detached: left } = scanner?.scan(bytes) ?? { pass: bytes, detached: false };
    if (pass.length > 0 && !to.write(pass)) from.pause();
    if (left) detach('detached');
  };
  const onDrain = (): void => {
    from.resume();
  };
  const onEnd = (): void => {
    if (close) to.end();
  };
  const stop = (): void => {
    from.off('data', onData).off('end', onEnd).off('error', onEnd).pause();
    to.off('drain', onDrain);
  };
  // The process inside may end, or close its input, before it has read everything: its output and exit code tell.
  to.on('error', stop);
  to.on('drain', onDrain);
  from.on('data', onData).on('end', onEnd).on('error', onEnd).resume();
  return { detached, stop };
}
