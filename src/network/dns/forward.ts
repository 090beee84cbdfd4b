// Passing a question on to the host's own resolvers, one after the other, and their answer back untouched.
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';

/** How long one server may take before the next is asked. */
const TIMEOUT_MS = 2500;
const PORT = 53;

/** The first answer; undefined when no server gives one in time. */
export async function forwardQuery(
  message: Buffer,
  servers: readonly string[],
  tcp: boolean,
  port = PORT,
): Promise<Buffer | undefined> {
  for (const server of servers) {
    const answer = await (tcp ? askTcp(message, server, port) : askUdp(message, server, port));
    if (answer !== undefined) return answer;
  }
  return undefined;
}

function askUdp(message: Buffer, server: string, port: number): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket(server.includes(':') ? 'udp6' : 'udp4');
    let over = false;
    const finish = (answer: Buffer | undefined): void => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      socket.close();
      resolve(answer);
    };
    const timer = setTimeout(() => finish(undefined), TIMEOUT_MS);
    socket.on('error', () => finish(undefined));
    socket.on('message', (answer) => {
      // Another id would be a forged answer.
      if (answer.length >= 12 && answer.readUInt16BE(0) === message.readUInt16BE(0)) finish(answer);
    });
    // Connected: the kernel drops what comes from elsewhere, and tells at once where nobody listens.
    // Where there is no way to a server, this is told here and not as an event.
    socket.connect(port, server, (failure?: Error) => {
      if (failure) finish(undefined);
      else if (!over) socket.send(message);
    });
  });
}

function askTcp(message: Buffer, server: string, port: number): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: server, port });
    let received = Buffer.alloc(0);
    const finish = (answer: Buffer | undefined): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(TIMEOUT_MS, () => finish(undefined));
    socket.once('error', () => finish(undefined));
    socket.once('end', () => finish(undefined));
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      const length = received.length >= 2 ? received.readUInt16BE(0) : Number.POSITIVE_INFINITY;
      if (received.length >= length + 2) finish(received.subarray(2, length + 2));
    });
    socket.write(withLength(message));
  });
}

/** DNS over TCP: each message has its length before it. */
export function withLength(message: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length);
  return Buffer.concat([length, message]);
}
