import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { expect, test } from 'vitest';
import { EventBus } from '../../../src/engine/native/events.ts';
import { eventRoutes } from '../../../src/engine/native/server/events.ts';
import { createExchange } from '../../../src/engine/native/server/exchange.ts';

test('a client that does not read its events is left, one that reads gets them all', async () => {
  const events = new EventBus();
  const route = eventRoutes({ events })['GET /events'];
  const left: string[] = [];
  const server = createServer((request, response) => {
    const query = new URL(request.url ?? '', 'http://engine').searchParams;
    const exchange = createExchange({
      ...{ request, response, body: request, upgradeSocket: undefined, version: 47, params: {}, query },
    });
    exchange.gone.addEventListener('abort', () => left.push(query.get('who') ?? ''));
    void route?.(exchange);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const ask = async (who: string) => {
    const socket = connect(port, '127.0.0.1');
    socket.write(`GET /events?who=${who} HTTP/1.1\r\nHost: engine\r\n\r\n`);
    await once(socket, 'readable');
    return socket;
  };
  const [reader, sleeper] = await Promise.all([ask('reader'), ask('sleeper')]);
  try {
    let told = 0;
    reader.on('data', (data) => {
      told += data.toString('latin1').split('"Type":"container"').length - 1;
    });
    // Twice what is held, and what the kernel's buffers take besides.
    const attributes = { padding: 'x'.repeat(1024 * 1024) };
    for (let sent = 1; sent <= 64; sent++) {
      events.emit('container', 'start', 'id', attributes);
      while (told < sent) await once(reader, 'data');
    }
    expect(left).toEqual(['sleeper']);
  } finally {
    for (const socket of [reader, sleeper]) socket.destroy();
    server.close();
  }
});
