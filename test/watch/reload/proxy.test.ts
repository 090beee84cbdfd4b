// The proxy in front of a real HTTP server.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterEach, expect, test } from 'vitest';
import { ReloadProxy } from '../../../src/watch/reload/proxy.ts';
import { eventually } from '../../support/eventually.ts';

const PAGE = '<!doctype html><html><body><h1>Hello</h1></body></html>';
const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function listening(handle: (request: IncomingMessage, response: ServerResponse) => void): Promise<Server> {
  const server = createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return server;
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

/** A proxy in front of a server; resolves with where it is. */
async function proxied(server: Server | undefined, patienceMs = 5000) {
  const proxy = new ReloadProxy({
    upstream: async () => (server === undefined ? undefined : { host: '127.0.0.1', port: portOf(server) }),
    port: 0,
    insist: false,
    patienceMs,
  });
  closing.push(() => proxy.close());
  const port = await proxy.start();
  return { proxy, port, url: `http://127.0.0.1:${port}` };
}

test.each([
  ['as it is', undefined, (text: string) => Buffer.from(text)],
  ['gzip', 'gzip', gzipSync],
  ['deflate', 'deflate', deflateSync],
  ['br', 'br', brotliCompressSync],
] as const)('a page gets the script, encoded %s', async (_, encoding, encode) => {
  const server = await listening((_request, response) => {
    response.setHeader('content-type', 'text/html; charset=utf-8');
    if (encoding !== undefined) response.setHeader('content-encoding', encoding);
    response.end(encode(PAGE));
  });
  const { url } = await proxied(server);
  const text = await (await fetch(url)).text();
  expect(text).toMatch(/<h1>Hello<\/h1><script>.*EventSource.*<\/script><\/body><\/html>$/s);
});

test('what is no page passes byte by byte, with its encoding', async () => {
  const packed = gzipSync('{"a":1}');
  const server = await listening((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end(packed);
  });
  const { url } = await proxied(server);
  const response = await fetch(url);
  expect(response.headers.get('content-encoding')).toBe('gzip');
  expect(await response.json()).toEqual({ a: 1 });
});

test('a fragment that a script fetches is left alone', async () => {
  const server = await listening((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end(PAGE);
  });
  const { url } = await proxied(server);
  const text = await (await fetch(url, { headers: { 'sec-fetch-dest': 'empty' } })).text();
  expect(text).toBe(PAGE);
});

test('a stream arrives while it is being written', async () => {
  let more: () => void = () => {};
  const server = await listening((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('data: 1\n\n');
    more = () => response.end('data: 2\n\n');
  });
  const { url } = await proxied(server);
  const reader = (await fetch(url)).body?.getReader();
  expect(String(Buffer.from((await reader?.read())?.value ?? []))).toBe('data: 1\n\n');
  more();
  expect(String(Buffer.from((await reader?.read())?.value ?? []))).toBe('data: 2\n\n');
});

test('a form is passed on with its body', async () => {
  const server = await listening((request, response) => {
    response.setHeader('x-method', request.method ?? '');
    request.pipe(response);
  });
  const { url } = await proxied(server);
  const response = await fetch(url, { method: 'POST', body: 'a=b' });
  expect(response.headers.get('x-method')).toBe('POST');
  expect(await response.text()).toBe('a=b');
});

test('an upgraded connection carries bytes in both directions', async () => {
  const server = await listening(() => {});
  server.on('upgrade', (request, socket) => {
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: ${request.headers.upgrade}\r\nConnection: Upgrade\r\n\r\n`,
    );
    socket.on('data', (data: Buffer) => socket.write(data.toString().toUpperCase()));
  });
  const { port } = await proxied(server);
  const socket = connect(port, '127.0.0.1');
  closing.push(() => socket.destroy());
  let heard = '';
  socket.on('data', (data) => {
    heard += data;
  });
  socket.write('GET /live HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
  await eventually(
    'the upgrade',
    () => heard.includes('101 Switching Protocols') && heard.includes('Upgrade: websocket'),
  );
  socket.write('ahoy');
  await eventually('an answer', () => heard.endsWith('AHOY'));
});

test('open pages are told to reload', async () => {
  const { proxy, url } = await proxied(await listening(() => {}));
  const reader = (await fetch(`${url}/.windlass/reload`)).body?.getReader();
  const next = async (): Promise<string> => String(Buffer.from((await reader?.read())?.value ?? []));
  const first = await next();
  expect(first).toMatch(/event: state\ndata: \S+-0\n/);
  proxy.reload();
  expect(await next()).toMatch(/event: state\ndata: \S+-1\n/);
});

test('a page waits for a program that is being started', async () => {
  const server = createServer((_request, response) => response.end('up'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const port = portOf(server);
  await new Promise((resolve) => server.close(resolve));
  closing.push(() => server.close());
  const proxy = new ReloadProxy({ upstream: async () => ({ host: '127.0.0.1', port }), port: 0, insist: false });
  closing.push(() => proxy.close());
  const asked = fetch(`http://127.0.0.1:${await proxy.start()}`, { headers: { connection: 'close' } });
  server.listen(port, '127.0.0.1');
  expect(await (await asked).text()).toBe('up');
});

test('what does not come back is told, on a page that goes on trying', async () => {
  const { url } = await proxied(undefined, 0);
  const response = await fetch(url);
  expect(response.status).toBe(502);
  expect(await response.text()).toMatch(/no published port.*EventSource/s);
});

test('a port that is taken: another one, unless it was asked for', async () => {
  const server = await listening(() => {});
  const options = { upstream: async () => undefined, port: portOf(server) };
  const other = new ReloadProxy({ ...options, insist: false });
  closing.push(() => other.close());
  expect(await other.start()).not.toBe(portOf(server));
  await expect(new ReloadProxy({ ...options, insist: true }).start()).rejects.toMatchObject({ code: 'EADDRINUSE' });
});
