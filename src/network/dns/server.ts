// The embedded resolver of all networks: one UDP and one TCP socket, on the same port. Who asks is told by the source address.
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { createServer, type Server, type Socket } from 'node:net';
import { HostError, messageOf } from '../../errors.ts';
import { debug } from '../../log.ts';
import { forwardQuery, withLength } from './forward.ts';
import { encodeResponse, parseQuery, UDP_LIMIT, udpLimit } from './packet.ts';
import { failureCode, resolve } from './resolve.ts';
import { EMPTY_TABLE, type NameTable } from './table.ts';

const TCP_LIMIT = 65535;
/** A TCP client that says nothing for so long is let go. */
const TCP_IDLE_MS = 10_000;
/**
 * The port is the same whenever it can be, so that a resolver started anew is asked at once by the rules that are loaded
 * already.
 */
export const USUAL_PORT = 10053;
/** Otherwise the kernel picks a UDP port; somebody may hold the TCP port of that number. */
const PORT_ATTEMPTS = 10;

export interface ResolverOptions {
  /** Addresses of the resolvers that know all other names, for the container at `asker`. */
  readonly upstream: (asker: string) => readonly string[] | Promise<readonly string[]>;
}

/** Sockets that are bound already, as file descriptors; questions that came before anybody read them wait there. */
export interface BoundSockets {
  readonly udp: number;
  readonly tcp: number;
}

interface Listener {
  readonly udp: UdpSocket;
  readonly tcp: Server;
  readonly port: number;
}

export class EmbeddedDns {
  readonly #options: ResolverOptions;
  #listener: Promise<Listener> | undefined;
  #build: () => NameTable = () => EMPTY_TABLE;
  /** Undefined until the next question. */
  #table: NameTable | undefined;
  #turn = 0;

  constructor(options: ResolverOptions) {
    this.#options = options;
  }

  /**
   * From now on every answer comes from the table that `build` makes: when the next question comes, for while a hundred
   * containers start nobody asks anything.
   */
  swap(build: () => NameTable): void {
    this.#build = build;
    this.#table = undefined;
  }

  /** Listens on an address of this host, or on sockets that are bound. Returns the port, the same at every call. */
  async listen(where: string | BoundSockets): Promise<number> {
    this.#listener ??= typeof where === 'string' ? this.#bind(where) : this.#open(where);
    return (await this.#listener).port;
  }

  close(): void {
    void this.#listener?.then(
      ({ udp, tcp }) => {
        udp.close();
        tcp.close();
      },
      () => undefined, // who asked for it was told
    );
    this.#listener = undefined;
  }

  async #bind(address: string): Promise<Listener> {
    for (let attempt = 0; attempt < PORT_ATTEMPTS; attempt++) {
      const port = attempt === 0 ? USUAL_PORT : 0;
      const udp = await this.#udp((socket, ready) => socket.bind(port, address, ready));
      if (!udp) continue;
      const tcp = await this.#tcp((server, ready) => server.listen(udp.address().port, address, ready));
      if (tcp) return { udp, tcp, port: udp.address().port };
      udp.close();
    }
    throw new HostError(`cannot find a port for the resolver on ${address}`);
  }

  async #open(bound: BoundSockets): Promise<Listener> {
    const udp = await this.#udp((socket, ready) => socket.bind({ fd: bound.udp }, ready));
    const tcp = await this.#tcp((server, ready) => server.listen({ fd: bound.tcp }, ready));
    if (!udp || !tcp) throw new HostError('the sockets that were kept for the resolver cannot be read');
    return { udp, tcp, port: udp.address().port };
  }

  /** Undefined when it cannot be bound. */
  async #udp(bind: (socket: UdpSocket, ready: () => void) => void): Promise<UdpSocket | undefined> {
    const udp = createSocket('udp4');
    const bound = await new Promise<boolean>((done) => {
      udp.once('error', () => done(false));
      bind(udp, () => done(true));
    });
    if (!bound) {
      udp.close();
      return undefined;
    }
    udp.on('error', (error) => debug('dns', () => `udp socket: ${error.message}`));
    udp.on('message', (message, from) => {
      // Closed meanwhile, it throws: another server may have taken its time.
      const send = (answer: Buffer): void => udp.send(answer, from.port, from.address);
      void this.#answerTo(message, from.address, false, send);
    });
    return udp;
  }

  async #tcp(listen: (server: Server, ready: () => void) => void): Promise<Server | undefined> {
    const tcp = createServer((socket) => this.#serveTcp(socket));
    const listening = await new Promise<boolean>((done) => {
      tcp.once('error', () => done(false));
      listen(tcp, () => done(true));
    });
    if (!listening) return undefined;
    tcp.on('error', (error) => debug('dns', () => `tcp socket: ${error.message}`));
    return tcp;
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
        void this.#answerTo(message, asker, true, (answer) => socket.write(withLength(answer)));
      }
    });
  }

  /** Never rejects: who gets no answer asks again. */
  async #answerTo(message: Buffer, asker: string, tcp: boolean, send: (answer: Buffer) => void): Promise<void> {
    try {
      const answer = await this.answer(message, asker, tcp);
      if (answer) send(answer);
    } catch (error) {
      debug('dns', () => messageOf(error));
    }
  }

  /** The answer to one question, from a container at `asker`; undefined for what is no question. */
  async answer(message: Buffer, asker: string, tcp: boolean): Promise<Buffer | undefined> {
    const question = parseQuery(message);
    if (!question) return undefined;
    const limit = tcp ? TCP_LIMIT : udpLimit(message, question);
    this.#turn = (this.#turn + 1) % 0x10000;
    this.#table ??= this.#build();
    const resolution = resolve(this.#table, question, { asker, limit, turn: this.#turn });
    if (resolution.kind === 'answer') return resolution.message;
    const answer = await forwardQuery(message, await this.#options.upstream(asker), tcp);
    return answer ?? encodeResponse(question, failureCode(question), [], UDP_LIMIT);
  }
}

/** The name servers in the text of a resolv.conf. */
export const nameservers = (resolvConf: string): string[] =>
  resolvConf.split('\n').flatMap((line) => /^\s*nameserver\s+(\S+)/.exec(line)?.[1] ?? []);
