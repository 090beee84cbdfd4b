// The embedded resolver: one UDP and one TCP socket per network, on the same port of the bridge's address.
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { createServer, type Server, type Socket } from 'node:net';
import { HostError } from '../../errors.ts';
import { debug } from '../../log.ts';
import { forwardQuery, withLength } from './forward.ts';
import { encodeResponse, parseQuery, UDP_LIMIT, udpLimit } from './packet.ts';
import { failureCode, resolve } from './resolve.ts';
import { EMPTY_TABLE, type NameTable } from './table.ts';

const TCP_LIMIT = 65535;
/** A TCP client that says nothing for so long is let go. */
const TCP_IDLE_MS = 10_000;
/**
 * The port on each bridge's address. It is the same whenever it can be, so that a resolver started anew is asked at once by
 * the rules that are loaded already.
 */
const USUAL_PORT = 10053;
/** Otherwise the kernel picks a UDP port; somebody may hold the TCP port of that number. */
const PORT_ATTEMPTS = 10;

export interface ResolverOptions {
  /** Addresses of the resolvers that know all other names, for the container at `asker`. */
  readonly upstream: (asker: string) => readonly string[];
}

interface Listener {
  readonly udp: UdpSocket;
  readonly tcp: Server;
  readonly port: number;
}

export class EmbeddedDns {
  readonly #options: ResolverOptions;
  readonly #listeners = new Map<string, Listener>();
  #table: NameTable = EMPTY_TABLE;
  #turn = 0;

  constructor(options: ResolverOptions) {
    this.#options = options;
  }

  /** From now on every answer comes from this table. */
  swap(table: NameTable): void {
    this.#table = table;
  }

  /** Listens on an address that is on this host already. Returns the port. */
  async listen(address: string): Promise<number> {
    const known = this.#listeners.get(address);
    if (known) return known.port;
    for (let attempt = 0; attempt < PORT_ATTEMPTS; attempt++) {
      const listener = await this.#tryListen(address, attempt === 0 ? USUAL_PORT : 0);
      if (!listener) continue;
      this.#listeners.set(address, listener);
      return listener.port;
    }
    throw new HostError(`cannot find a port for the resolver on ${address}`);
  }

  stop(address: string): void {
    const listener = this.#listeners.get(address);
    this.#listeners.delete(address);
    listener?.udp.close();
    listener?.tcp.close();
  }

  close(): void {
    for (const address of [...this.#listeners.keys()]) this.stop(address);
  }

  async #tryListen(address: string, wanted: number): Promise<Listener | undefined> {
    const udp = createSocket('udp4');
    const bound = await new Promise<boolean>((resolve) => {
      udp.once('error', () => resolve(false));
      udp.bind(wanted, address, () => resolve(true));
    });
    if (!bound) {
      udp.close();
      return undefined;
    }
    const { port } = udp.address();
    const tcp = createServer((socket) => this.#serveTcp(socket));
    const listening = await new Promise<boolean>((resolve) => {
      tcp.once('error', () => resolve(false));
      tcp.listen(port, address, () => resolve(true));
    });
    if (!listening) {
      udp.close();
      return undefined;
    }
    udp.on('error', (error) => debug('dns', () => `udp socket on ${address}: ${error.message}`));
    udp.on('message', (message, from) => {
      void this.#answer(message, from.address, false).then((answer) => {
        if (answer) udp.send(answer, from.port, from.address);
      });
    });
    return { udp, tcp, port };
  }

  #serveTcp(socket: Socket): void {
    const asker = socket.remoteAddress ?? '';
    let received = Buffer.alloc(0);
    socket.setTimeout(TCP_IDLE_MS, () => socket.destroy());
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      while (received.length >= 2 && received.length >= received.readUInt16BE(0) + 2) {
        const end = received.readUInt16BE(0) + 2;
        const message = received.subarray(2, end);
        received = received.subarray(end);
        void this.#answer(message, asker, true).then((answer) => {
          if (answer && !socket.destroyed) socket.write(withLength(answer));
        });
      }
    });
  }

  async #answer(message: Buffer, asker: string, tcp: boolean): Promise<Buffer | undefined> {
    const question = parseQuery(message);
    if (!question) return undefined;
    const limit = tcp ? TCP_LIMIT : udpLimit(message, question);
    this.#turn = (this.#turn + 1) % 0x10000;
    const resolution = resolve(this.#table, question, { asker, limit, turn: this.#turn });
    if (resolution.kind === 'answer') return resolution.message;
    const answer = await forwardQuery(message, this.#options.upstream(asker), tcp);
    return answer ?? encodeResponse(question, failureCode(question), [], UDP_LIMIT);
  }
}

/** The name servers in the text of a resolv.conf. */
export const nameservers = (resolvConf: string): string[] =>
  resolvConf.split('\n').flatMap((line) => /^\s*nameserver\s+(\S+)/.exec(line)?.[1] ?? []);
