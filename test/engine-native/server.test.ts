// The HTTP side of the engine: bodies, refusals, hijacked connections.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { decompressed } from '../../src/archive/compression.ts';
import { readTar } from '../../src/archive/tar-reader.ts';
import { conflict } from '../../src/engine/native/server/api-error.ts';
import { bodyOf, CREATE_CONTAINER, CREATE_NETWORK, checkShape } from '../../src/engine/native/server/body.ts';
import { listenOnPath } from '../../src/engine/native/server/listeners.ts';
import type { Routes } from '../../src/engine/native/server/router.ts';
import { createApiServer } from '../../src/engine/native/server/server.ts';
import { archiveOf } from '../support/tar.ts';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function serve(routes: Routes): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'windlass-api-'));
  const socket = join(folder, 's');
  const server = createApiServer(routes);
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  closing.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await rm(folder, { recursive: true });
  });
  return socket;
}

async function ask(
  socketPath: string,
  method: string,
  path: string,
  body?: string | Buffer,
): Promise<{ status: number | undefined; text: string }> {
  const asked = request({ socketPath, method, path });
  asked.end(body);
  const answered = once(asked, 'response');
  asked.on('error', () => undefined); // a refused upload may be cut off after its answer
  const [response] = (await answered) as [import('node:http').IncomingMessage];
  let text = '';
  for await (const chunk of response) text += chunk;
  return { status: response.statusCode, text };
}

/** Sends bytes as they are and reads until the other side ends. */
async function raw(socketPath: string, head: string, after = ''): Promise<string> {
  const socket = connect({ path: socketPath, allowHalfOpen: true });
  socket.write(head);
  if (after !== '') {
    await once(socket, 'readable');
    socket.write(after);
  }
  socket.end();
  let text = '';
  for await (const chunk of socket) text += chunk;
  return text;
}

const upgrade = (path: string, body = ''): string =>
  `POST ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

test('an answer, a refusal with its status, and a place that is not there', async () => {
  const socket = await serve({
    'GET /fine': (exchange) => exchange.reply(200, { version: exchange.version }),
    'GET /taken': () => {
      throw conflict('it is taken');
    },
  });
  expect(await ask(socket, 'GET', '/v1.41/fine')).toEqual({ status: 200, text: '{"version":41}\n' });
  expect(await ask(socket, 'GET', '/taken')).toEqual({ status: 409, text: '{"message":"it is taken"}\n' });
  expect(await ask(socket, 'POST', '/nowhere', '{}')).toEqual({ status: 404, text: '{"message":"page not found"}\n' });
});

test('bodies that are no JSON, or of another kind, are a 400', async () => {
  const socket = await serve({
    'POST /networks/create': async (exchange) => exchange.reply(201, await bodyOf(exchange, CREATE_NETWORK)),
  });
  expect((await ask(socket, 'POST', '/networks/create', '{')).status).toBe(400);
  expect((await ask(socket, 'POST', '/networks/create', '[]')).text).toContain('the body must be an object');
  expect((await ask(socket, 'POST', '/networks/create', '{"Name":5}')).text).toContain('\\"Name\\" must be a string');
  expect(await ask(socket, 'POST', '/networks/create', '')).toEqual({ status: 201, text: '{}\n' });
  expect((await ask(socket, 'POST', '/networks/create', `{"Name":"${'x'.repeat(9 * 1024 * 1024)}"}`)).status).toBe(400);
});

test('who stops reading an upload early still answers it', async () => {
  const socket = await serve({
    'POST /unpack': async (exchange) => {
      const { stream } = await decompressed(exchange.body);
      for await (const _ of readTar(stream)) throw conflict('no such entries here');
    },
  });
  const upload = Buffer.concat([archiveOf([{ path: 'a', content: 'A' }]), Buffer.alloc(4 * 1024 * 1024)]);
  const refused = { status: 409, text: '{"message":"no such entries here"}\n' };
  expect(await ask(socket, 'POST', '/unpack', upload)).toEqual(refused);
  expect(await ask(socket, 'POST', '/unpack', gzipSync(upload))).toEqual(refused);
});

test('a hijacked connection carries bytes both ways, after its body has been read', async () => {
  const socket = await serve({
    'POST /echo': async (exchange) => {
      const given = JSON.stringify(await exchange.json());
      const { input, output, upgraded } = exchange.hijack('application/x');
      output.write(`${given} ${upgraded}:`);
      for await (const chunk of input) output.write(chunk);
      output.end();
    },
  });
  const answer = await raw(socket, upgrade('/echo', '{"a":1}'), 'hello');
  expect(answer).toMatch(/^HTTP\/1\.1 101 UPGRADED\r\n/);
  expect(answer.endsWith('\r\n\r\n{"a":1} true:hello')).toBe(true);
  const together = await raw(socket, `${upgrade('/echo', '{"a":2}')}at once`);
  expect(together.endsWith('{"a":2} true:at once')).toBe(true);
});

test('a refused upgrade is a plain answer that ends the connection', async () => {
  const socket = await serve({
    'POST /never': () => {
      throw conflict('not now');
    },
  });
  const answer = await raw(socket, upgrade('/never'));
  expect(answer).toMatch(/^HTTP\/1\.1 409 /);
  expect(answer).toMatch(/\r\nConnection: close\r\n/i);
  expect(answer).toContain('{"message":"not now"}');
});

describe('shapes', () => {
  const refused = (value: unknown): string => {
    try {
      checkShape(value, CREATE_CONTAINER);
    } catch (error) {
      return error instanceof Error ? error.message.replace('invalid request: ', '') : 'not an error';
    }
    return 'accepted';
  };
  test.each<[unknown, string]>([
    [{}, 'accepted'],
    [{ Cmd: null, HostConfig: null, Labels: null, Unknown: 5 }, 'accepted'],
    [{ Cmd: ['a'], ExposedPorts: { '80/tcp': {} }, HostConfig: { Binds: ['a:b'], Memory: 5 } }, 'accepted'],
    [null, 'the body must be an object'],
    [{ Cmd: 'a' }, 'accepted'],
    [{ Cmd: [1] }, '"Cmd" must be a string or a list of strings'],
    [{ Env: ['A=1', 2] }, '"Env" must be a list of strings'],
    [{ Labels: { a: 1 } }, '"Labels" must be an object of strings'],
    [{ HostConfig: 5 }, '"HostConfig" must be an object'],
    [{ HostConfig: { Memory: 'x' } }, '"HostConfig.Memory" must be a number'],
    [{ HostConfig: { Mounts: [null] } }, '"HostConfig.Mounts" must be a list of objects'],
    [{ Healthcheck: { Test: 'x' } }, '"Healthcheck.Test" must be a list of strings'],
    [
      { NetworkingConfig: { EndpointsConfig: { a: 5 } } },
      '"NetworkingConfig.EndpointsConfig" must be an object of objects',
    ],
  ])('%j', (value, message) => {
    expect(refused(value)).toBe(message);
  });
});

test('a command may be one text, and no text may hold a null character', async () => {
  const socket = await serve({
    'POST /containers/create': async (exchange) => exchange.reply(201, await bodyOf(exchange, CREATE_CONTAINER)),
  });
  const create = (body: object) => ask(socket, 'POST', '/containers/create', JSON.stringify(body));
  expect(JSON.parse((await create({ Cmd: 'sh', Entrypoint: ['a', 'b'], Shell: null })).text)).toEqual({
    Cmd: ['sh'],
    Entrypoint: ['a', 'b'],
  });
  for (const body of [{ Cmd: ['e\0cho'] }, { Env: ['A=\0'] }, { Labels: { 'a\0': '' } }, { User: '\0' }])
    expect((await create(body)).status).toBe(400);
});

test('a file of somebody else where the socket is to be is left alone; a dead socket is replaced', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'windlass-api-'));
  const [path, dead] = [join(folder, 'file'), join(folder, 'dead')];
  const server = createServer();
  try {
    await writeFile(path, 'precious');
    const own = process.getgid?.() ?? 0;
    await expect(listenOnPath(server, path, own)).rejects.toThrow(`"${path}" is no socket`);
    expect(await readFile(path, 'utf8')).toBe('precious');
    // Bound by a process that ends without taking its socket along.
    await promisify(execFile)('perl', [
      '-MSocket',
      '-e',
      'socket(my $s, PF_UNIX, SOCK_STREAM, 0); bind($s, sockaddr_un($ARGV[0])) or die',
      dead,
    ]);
    await listenOnPath(server, dead, own);
    const facts = await stat(dead);
    expect([facts.isSocket(), facts.mode % 0o1000]).toEqual([true, 0o660]);
  } finally {
    await new Promise((resolve) => server.close(resolve));
    await rm(folder, { recursive: true });
  }
});
