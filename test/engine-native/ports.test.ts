// Ports of the host: who has one, and what is carried over them where the kernel's translation does not.
import { once } from 'node:events';
import { connect, createServer, type Server } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, expect, test } from 'vitest';
import { PortReservations } from '../../src/engine/native/networks/ports.ts';
import { realHost } from '../../src/host.ts';

const ports = new PortReservations(realHost);
const servers: Server[] = [];
afterEach(async () => {
  ports.close();
  for (const server of servers.splice(0)) await new Promise((done) => server.close(done));
});

/** What stands in the container: answers when the client has said all. */
async function inside(): Promise<{ readonly address: string; readonly port: number }> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    void text(socket).then((said) => socket.end(`${said.length} bytes`));
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no address');
  return { address: '127.0.0.1', port: address.port };
}

test('a client that has said all still gets its answer', async () => {
  const port = await ports.reserve('tcp', '127.0.0.1', 0, 0, await inside());
  const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  client.end('x'.repeat(100_000));
  expect(await text(client)).toBe('100000 bytes');
});

test('a port is one container’s until it gives it back; of a range the next one is taken', async () => {
  const target = await inside();
  const port = await ports.reserve('tcp', '127.0.0.1', 0, 0, target);
  await expect(ports.reserve('tcp', '127.0.0.1', port, port, target)).rejects.toThrow('port is already allocated');
  expect(await ports.reserve('udp', '127.0.0.1', port, port, target)).toBe(port);
  expect(await ports.reserve('tcp', '127.0.0.1', port, port + 50, target)).toBeGreaterThan(port);
  ports.release('tcp', '127.0.0.1', port);
  expect(await ports.reserve('tcp', '127.0.0.1', port, port, target)).toBe(port);
});
