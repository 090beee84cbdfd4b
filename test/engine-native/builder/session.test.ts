import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readTar } from '../../../src/archive/tar-reader.ts';
import { sessionMethods } from '../../../src/engine/client/build/session.ts';
import type { BuildRequest } from '../../../src/engine/engine.ts';
import { SessionConnection } from '../../../src/engine/native/builder/session-connection.ts';
import { serveGrpc } from '../../../src/grpc-server.ts';
import { memoryConnection } from '../../support/memory-connection.ts';

let folder: string;
const closing: (() => void)[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'windlass-session-'));
});
afterEach(() => {
  for (const close of closing.splice(0)) close();
  rmSync(folder, { recursive: true, force: true });
});

/** The engine's side of a session that windlass serves for a request. */
function session(
  more: Partial<BuildRequest>,
  env: Record<string, string> = {},
): { engine: SessionConnection; client: Duplex } {
  const request: BuildRequest = {
    ...{ service: 'web', build: {}, tags: [], labels: {}, args: {}, platforms: [], secrets: [] },
    ...{ noCache: false, pull: false, push: false, quiet: false },
    ...more,
  };
  const host = { run: () => Promise.reject(new Error('no helper may run here')) };
  const [here, there] = memoryConnection();
  serveGrpc(there, sessionMethods({ host, env }, { auths: { 'r:5000': { username: 'u', password: 'p' } } }, request));
  const engine = new SessionConnection(here);
  closing.push(() => engine.close());
  return { engine, client: there };
}

test('secrets by id; none of an id that nobody gave', async () => {
  const { engine } = session(
    {
      secrets: [
        { id: 'a', content: 'x\n' },
        { id: 'b', environment: 'B' },
      ],
    },
    { B: 'from b' },
  );
  expect((await engine.secret('a'))?.toString()).toBe('x\n');
  expect((await engine.secret('b'))?.toString()).toBe('from b');
  expect(await engine.secret('c')).toBeUndefined();
  expect(await session({}).engine.secret('a')).toBeUndefined();
});

test('a secret that is no secret by its size is refused', async () => {
  const { engine } = session({ secrets: [{ id: 'a', content: 'x'.repeat(600_000) }] });
  await expect(engine.secret('a')).rejects.toThrow('secret a is larger than');
});

test('credentials of registries', async () => {
  const { engine } = session({});
  expect(await engine.credentials('r:5000')).toEqual({ username: 'u', password: 'p' });
  expect(await engine.credentials('other')).toEqual({});
});

test('a connection to the ssh agent carries both ways', async () => {
  const path = join(folder, 'agent');
  const agent = createServer((connection) => {
    connection.on('data', (data) => connection.write(`answer to ${data.toString()}`));
  });
  await new Promise<void>((resolve) => agent.listen(path, resolve));
  closing.push(() => agent.close());
  const { engine } = session({ ssh: ['default'] }, { SSH_AUTH_SOCK: path });
  const connection = await engine.agent('default');
  connection?.write('question');
  const [answer] =
    (await new Promise<[Buffer]>((resolve) => connection?.once('data', (data: Buffer) => resolve([data])))) ?? [];
  expect(answer.toString()).toBe('answer to question');
  connection?.destroy();
  expect(await engine.agent('other')).toBeUndefined();
});

test('a further context comes as an archive, without what it ignores', async () => {
  writeFileSync(join(folder, 'kept'), 'k'.repeat(300_000));
  writeFileSync(join(folder, 'dropped'), 'd');
  writeFileSync(join(folder, '.dockerignore'), 'dropped\n.dockerignore\n');
  const { engine } = session({ build: { additional_contexts: { extra: folder } } });
  const archive = await engine.context('extra');
  const found: [string, number][] = [];
  if (!archive) throw new Error('no archive came');
  for await (const entry of readTar(archive)) found.push([entry.path, entry.size]);
  expect(found).toEqual([['kept', 300_000]]);
  expect(await engine.context('other')).toBeUndefined();
  expect(await session({}).engine.context('extra')).toBeUndefined();
});

test('a client that has left is told', async () => {
  const { engine, client } = session({ secrets: [{ id: 'a', content: 'x' }] });
  client.destroy();
  const left = new Promise<void>((resolve) => engine.onClose(resolve));
  engine.close();
  await left;
  await expect(engine.secret('a')).rejects.toThrow('the client has left');
});
