// Ports of the host that containers publish. A socket is kept open on each: it reserves the number, tells at once when
// somebody else holds it, and carries what address translation does not see (clients on the host's IPv6 loopback, and IPv6
// clients of containers that have no IPv6).
import { createSocket } from 'node:dgram';
import { connect, createServer } from 'node:net';
import type { Host } from '../../../host.ts';
import { debug } from '../../../log.ts';
import { hasCode } from '../host.ts';
import { ApiError } from '../server/api-error.ts';
import { relayUdp } from './udp-relay.ts';

export type Protocol = 'tcp' | 'udp' | 'sctp';

export interface PortTarget {
  readonly address: string;
  readonly address6?: string | undefined;
  readonly port: number;
}

interface Holder {
  close(): void;
}

/** Docker's range for ports it chooses itself. */
const EPHEMERAL = { first: 32768, last: 60999 };

const key = (protocol: Protocol, hostIp: string, hostPort: number): string => `${protocol} ${hostIp} ${hostPort}`;

export class PortReservations {
  readonly #host: Host;
  readonly #held = new Map<string, Holder>();
  #nextEphemeral = EPHEMERAL.first;
  #sctp: Promise<boolean> | undefined;

  constructor(host: Host) {
    this.#host = host;
  }

  /** Reserves one port of `from`…`to`, or, with `from` 0, one that is free. Returns its number. Throws Docker's 500. */
  async reserve(protocol: Protocol, hostIp: string, from: number, to: number, target: PortTarget): Promise<number> {
    if (protocol === 'sctp' && !(await this.#hasSctp()))
      throw new ApiError(
        501,
        `port ${target.port}/sctp cannot be published: this host's kernel has no SCTP (kernel module "sctp")`,
      );
    if (from === 0) return this.#reserveAny(protocol, hostIp, target);
    for (let port = from; port <= to; port++) if (await this.#tryReserve(protocol, hostIp, port, target)) return port;
    const which = from === to ? `${hostIp}:${from}` : `${hostIp}:${from}-${to}`;
    throw new ApiError(
      500,
      `driver failed programming external connectivity: Bind for ${which} failed: port is already allocated`,
    );
  }

  release(protocol: Protocol, hostIp: string, hostPort: number): void {
    const holder = this.#held.get(key(protocol, hostIp, hostPort));
    this.#held.delete(key(protocol, hostIp, hostPort));
    holder?.close();
  }

  close(): void {
    for (const holder of this.#held.values()) holder.close();
    this.#held.clear();
  }

  /** Node.js opens no SCTP sockets; the attempt has the kernel load its module, where there is one. */
  #hasSctp(): Promise<boolean> {
    this.#sctp ??= this.#host
      .run('perl', ['-MSocket', '-e', 'socket(my $s, AF_INET, SOCK_STREAM, 132) or exit 1'])
      .then(({ exitCode }) => exitCode === 0);
    return this.#sctp;
  }

  async #reserveAny(protocol: Protocol, hostIp: string, target: PortTarget): Promise<number> {
    const count = EPHEMERAL.last - EPHEMERAL.first + 1;
    for (let attempt = 0; attempt < count; attempt++) {
      const port = this.#nextEphemeral;
      this.#nextEphemeral = port === EPHEMERAL.last ? EPHEMERAL.first : port + 1;
      if (await this.#tryReserve(protocol, hostIp, port, target)) return port;
    }
    throw new ApiError(500, 'all ports are allocated');
  }

  async #tryReserve(protocol: Protocol, hostIp: string, port: number, target: PortTarget): Promise<boolean> {
    const name = key(protocol, hostIp, port);
    if (this.#held.has(name)) return false;
    this.#held.set(name, { close: () => undefined });
    try {
      const holder = await hold(protocol, hostIp, port, target);
      if (holder) this.#held.set(name, holder);
      else this.#held.delete(name);
      return holder !== undefined;
    } catch (error) {
      this.#held.delete(name);
      throw error;
    }
  }
}

/** Undefined when the port is taken. */
async function hold(protocol: Protocol, hostIp: string, port: number, target: PortTarget): Promise<Holder | undefined> {
  try {
    if (protocol === 'tcp') return await listenTcp(hostIp, port, target);
    if (protocol === 'udp') return await holdUdp(hostIp, port, target);
    return { close: () => undefined }; // the kernel's translation alone serves it
  } catch (error) {
    if (hasCode(error, 'EADDRINUSE')) return undefined;
    throw new ApiError(
      500,
      `driver failed programming external connectivity: cannot listen on ${hostIp}:${port}: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/** Of a socket that is in use: a connection that could not be accepted, an answer that could not be sent. */
const told = (error: Error): void => debug('ports', () => error.message);

function listenTcp(host: string, port: number, target: PortTarget): Promise<Holder> {
  return new Promise((resolve, reject) => {
    // Either side may end before the other has said all: each end is passed on by itself.
    const server = createServer({ allowHalfOpen: true }, (client) => {
      const inside = connect({ host: target.address, port: target.port, allowHalfOpen: true });
      const end = (): void => {
        client.destroy();
        inside.destroy();
      };
      client.on('error', end).on('close', end).pipe(inside);
      inside.on('error', end).on('close', end).pipe(client);
    });
    server.once('error', reject);
    server.listen({ host, port, ipv6Only: host.includes(':') }, () => {
      server.off('error', reject).on('error', told);
      server.unref();
      resolve({ close: () => server.close() });
    });
  });
}

function holdUdp(hostIp: string, port: number, target: PortTarget): Promise<Holder> {
  const v6 = hostIp.includes(':');
  return new Promise((resolve, reject) => {
    const socket = v6 ? createSocket({ type: 'udp6', ipv6Only: true }) : createSocket('udp4');
    socket.once('error', reject);
    socket.bind({ port, address: hostIp, exclusive: true }, () => {
      socket.off('error', reject).on('error', told);
      socket.unref();
      const relay = v6 ? relayUdp(socket, target) : undefined;
      resolve({
        close: () => {
          relay?.close();
          socket.close();
        },
      });
    });
  });
}
