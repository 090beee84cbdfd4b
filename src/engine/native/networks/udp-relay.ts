// Datagrams of IPv6 clients to a container's IPv4 address and back: each client gets a socket of its own, so that answers
// find their way. What address translation carries never comes here.
import { createSocket, type Socket } from 'node:dgram';

/** A client that is silent for so long is forgotten; as long as the kernel remembers a stream of datagrams. */
const IDLE_MS = 120_000;
/** More clients at once are not served: each costs a socket. */
const MAX_CLIENTS = 1024;

export interface UdpRelay {
  close(): void;
}

/** Serves `socket`, which is bound. Closing the relay leaves the socket open. */
export function relayUdp(socket: Socket, target: { readonly address: string; readonly port: number }): UdpRelay {
  const clients = new Map<string, { readonly inside: Socket; readonly timer: NodeJS.Timeout }>();
  const forget = (key: string): void => {
    const client = clients.get(key);
    if (!client) return;
    clients.delete(key);
    clearTimeout(client.timer);
    client.inside.close();
  };
  socket.on('message', (message, from) => {
    const key = `${from.address} ${from.port}`;
    const known = clients.get(key);
    known?.timer.refresh();
    const inside = known?.inside ?? open(key, from);
    inside?.send(message, target.port, target.address);
  });
  const open = (key: string, from: { readonly address: string; readonly port: number }): Socket | undefined => {
    if (clients.size >= MAX_CLIENTS) return undefined;
    const inside = createSocket('udp4');
    const timer = setTimeout(() => forget(key), IDLE_MS);
    timer.unref();
    inside.unref();
    inside.on('error', () => forget(key));
    inside.on('message', (answer, sender) => {
      if (sender.address === target.address && sender.port === target.port)
        socket.send(answer, from.port, from.address);
    });
    clients.set(key, { inside, timer });
    return inside;
  };
  return {
    close: () => {
      for (const key of [...clients.keys()]) forget(key);
    },
  };
}
