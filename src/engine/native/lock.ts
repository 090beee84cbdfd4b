// One engine per root. The lock is an abstract Unix socket named after the run folder: it vanishes with its holder,
// whatever ends it.
import { createServer } from 'node:net';
import { WindlassError } from '../../errors.ts';
import { hasCode } from './host.ts';

export interface RootLock {
  release(): Promise<void>;
}

/** Name of the abstract socket that stands for a root. */
export const lockName = (runFolder: string): string => `windlass-engine:${runFolder}`;

/** Refuses when another engine holds the root. */
export function holdRoot(runFolder: string): Promise<RootLock> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error) => {
      if (!hasCode(error, 'EADDRINUSE')) return reject(error);
      reject(
        new WindlassError('ENGINE_ROOT_IN_USE', `another engine works on "${runFolder}"`, {
          hint: 'stop it with "windlass engine stop", or give this one another --root',
        }),
      );
    });
    server.listen(`\0${lockName(runFolder)}`, () => {
      server.unref();
      resolve({ release: () => new Promise((done) => server.close(() => done())) });
    });
  });
}
