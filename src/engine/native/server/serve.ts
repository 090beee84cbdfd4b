// The engine behind its socket: opens it, serves it, and closes it on request.
import { chmod, rm } from 'node:fs/promises';
import { createConnection, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { WindlassError } from '../../../errors.ts';
import { type EngineFolders, type NativeEngine, openEngine } from '../engine.ts';
import { allRoutes } from './routes.ts';
import { createApiServer } from './server.ts';

export interface ServeOptions {
  readonly folders: EngineFolders;
  /** Path of the Unix socket. */
  readonly socket: string;
}

export interface ServingEngine {
  readonly engine: NativeEngine;
  /** Stops answering; containers go on. */
  close(): Promise<void>;
}

export async function serveEngine(options: ServeOptions): Promise<ServingEngine> {
  const engine = await openEngine(options.folders);
  try {
    await engine.host.files.mkdir(dirname(options.socket), { recursive: true });
    if (await answers(options.socket))
      throw new WindlassError('ENGINE_SOCKET_IN_USE', `something else answers on "${options.socket}"`, {
        hint: 'give another --socket',
      });
    await rm(options.socket, { force: true });
    const server = createApiServer(allRoutes(engine));
    // The server forgets connections that were hijacked, and would wait for them for ever.
    const sockets = new Set<Socket>();
    server.on('connection', (socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(options.socket, resolve);
    });
    await chmod(options.socket, 0o660);
    return {
      engine,
      async close() {
        for (const socket of sockets) socket.destroy();
        await new Promise((resolve) => server.close(resolve));
        await engine.close();
      },
    };
  } catch (error) {
    await engine.close();
    throw error;
  }
}

const answers = (socket: string): Promise<boolean> =>
  new Promise((resolve) => {
    const connection = createConnection(socket);
    connection.once('connect', () => {
      connection.destroy();
      resolve(true);
    });
    connection.once('error', () => resolve(false));
  });
