// A stand-in for an engine's HTTP side: answers what a test tells it to, on a socket of its own, and keeps what it was asked.

import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

export interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export type Answer = (asked: Asked, response: ServerResponse, socket: Socket) => void;

export interface EngineServer {
  readonly socket: string;
  readonly asked: Asked[];
  /** Connections opened so far. */
  connections(): number;
}

/** Answers `/_ping` by itself; everything else goes to `answer`, by method and path without the version. */
export async function engineServer(
  answer: Readonly<Record<string, Answer>>,
  apiVersion = '1.41',
  server = 'Docker/20.10.24 (linux)',
): Promise<EngineServer> {
  const folder = await mkdtemp(join(tmpdir(), 'windlass-engine-'));
  const socket = join(folder, 'e.sock');
  const asked: Asked[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const http = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const url = request.url ?? '';
      const entry = {
        method: request.method ?? '',
        url,
        headers: request.headers,
        body: Buffer.concat(chunks).toString(),
      };
      if (url === '/_ping') {
        response.writeHead(200, { 'Api-Version': apiVersion, Ostype: 'linux', Server: server }).end('OK');
        return;
      }
      asked.push(entry);
      const path = url.replace(/^\/v[\d.]+/, '').split('?')[0];
      const handler = answer[`${entry.method} ${path}`];
      if (handler) handler(entry, response, request.socket);
      else
        response.writeHead(500).end(JSON.stringify({ message: `the test has no answer to ${entry.method} ${path}` }));
    });
  });
  http.on('connection', (connection) => {
    connections += 1;
    sockets.add(connection);
    connection.on('close', () => sockets.delete(connection));
  });
  await new Promise<void>((resolve) => http.listen(socket, resolve));
  onTestFinished(async () => {
    for (const connection of sockets) connection.destroy();
    await new Promise((resolve) => http.close(resolve));
    await rm(folder, { recursive: true, force: true });
  });
  return { socket, asked, connections: () => connections };
}

/** Answers with JSON. */
export const json =
  (value: unknown, status = 200): Answer =>
  (_asked, response) => {
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(value));
  };
