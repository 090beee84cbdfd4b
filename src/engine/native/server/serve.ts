// The engine behind its sockets: opens it, serves it, and closes it: on request, or when it has been idle.
import { rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import { isLive } from '../containers/types.ts';
import { type EngineFolders, type NativeEngine, openEngine } from '../engine.ts';
import type { Kept } from '../keeper/inherited.ts';
import { MemoryKeeper } from '../memory.ts';
import { IdleWatch } from './idle.ts';
import {
  listenOnDescriptor,
  listenOnPath,
  listenOnTcp,
  type TcpAddress,
  type TlsFiles,
  tlsOptions,
} from './listeners.ts';
import { ownRoutes } from './own.ts';
import { allRoutes } from './routes.ts';
import { createApiServer } from './server.ts';

export interface ServeOptions {
  readonly folders: EngineFolders;
  /** Path of the Unix socket. */
  readonly socket: string;
  /** Number of the group that may use it. */
  readonly group?: number;
  /** What a keeper holds for this engine: its sockets are used, and stay when it ends. */
  readonly kept?: Kept | undefined;
  readonly tcp?: readonly TcpAddress[];
  readonly tls?: TlsFiles | undefined;
  /** Ends after so many seconds without work; 0 = never. */
  readonly idleSeconds?: number;
  /** Whose subordinate ids containers have; empty where the configuration is to say it. */
  readonly usernsRemap?: string;
}

export type EndReason = 'idle' | 'told';

export interface ServingEngine {
  readonly engine: NativeEngine;
  /** `unix:///run/windlass/engine.sock`, `tcp://127.0.0.1:2376` */
  readonly addresses: readonly string[];
  /** Resolves when it ought to be closed: nothing has been going on, or a client asked for it. */
  readonly ended: Promise<EndReason>;
  /** Stops answering; containers go on. */
  close(): Promise<void>;
}

export async function serveEngine(options: ServeOptions): Promise<ServingEngine> {
  const { socket, kept, idleSeconds = 0, usernsRemap = '' } = options;
  const keeper = process.ppid;
  const tls = options.tls && (await tlsOptions(options.tls));
  const engine = await openEngine(options.folders, { kept, usernsRemap });
  const servers: Server[] = [];
  // A server forgets connections that were hijacked, and would wait for them for ever.
  const sockets = new Set<Socket>();
  let idle: IdleWatch | undefined;
  const memory = new MemoryKeeper();
  const watched = <T extends Server>(server: T): T => {
    server.on('connection', (connection: Socket) => {
      idle?.stir();
      sockets.add(connection);
      connection.once('close', () => {
        sockets.delete(connection);
        memory.stir();
      });
    });
    servers.push(server);
    return server;
  };
  const close = async (): Promise<void> => {
    idle?.close();
    memory.close();
    for (const connection of sockets) connection.destroy();
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    // The keeper takes its socket away; where it was killed, nobody else would.
    if (kept && process.ppid !== keeper) await rm(socket, { force: true });
    await engine.close();
  };
  try {
    let end: (reason: EndReason) => void = () => undefined;
    const ended = new Promise<EndReason>((resolve) => {
      end = resolve;
    });
    const addresses = [`unix://${socket}`];
    const routes = {
      ...allRoutes(engine),
      ...ownRoutes(engine, { addresses, kept: kept !== undefined, idleTimeout: idleSeconds, stop: () => end('told') }),
    };
    for (const address of options.tcp ?? []) {
      const server = watched(createApiServer(routes, tls && createTlsServer(tls)));
      const host = address.host.includes(':') ? `[${address.host}]` : address.host;
      addresses.push(`tcp://${host}:${await listenOnTcp(server, address)}`);
    }
    const server = watched(createApiServer(routes));
    if (kept) await listenOnDescriptor(server, kept.api);
    else await listenOnPath(server, socket, options.group ?? 0);
    const isBusy = (): boolean =>
      sockets.size > 0 || engine.store.all().some(({ state }) => isLive(state.status) || state.status === 'restarting');
    if (idleSeconds > 0) idle = new IdleWatch({ seconds: idleSeconds, isBusy, onIdle: () => end('idle') });
    return { engine, addresses, ended, close };
  } catch (error) {
    await close().catch(() => undefined);
    throw error;
  }
}
