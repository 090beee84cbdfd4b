// Registries that answer what no registry should, and places that not every client reaches.
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { realNativeHost } from '../../src/engine/native/host.ts';
import { parseImageConfig } from '../../src/engine/native/images/image-config.ts';
import { pullImage, resolveManifest } from '../../src/engine/native/images/pull.ts';
import { ImageStore } from '../../src/engine/native/images/store.ts';
import { pathsUnder } from '../../src/engine/native/paths.ts';
import type { Credentials } from '../../src/registry/auth.ts';
import { RegistryClient, RegistryError } from '../../src/registry/client.ts';
import { parseReference } from '../../src/registry/reference.ts';
import { type Answer, image, type Served, type ServedImage, serve, sha } from './served-image.ts';

const host = realNativeHost();
let folder: string;
let store: ImageStore;
const served: Served[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'windlass-hostile-'));
  store = new ImageStore(host, pathsUnder(join(folder, 'lib'), join(folder, 'run')));
  await store.open();
});
afterEach(async () => {
  for (const { close } of served.splice(0)) await close();
  await rm(folder, { recursive: true, force: true });
});

interface Circumstances {
  readonly first?: Answer;
  readonly port?: number;
  readonly credentials?: Credentials;
  readonly signal?: AbortSignal;
}

async function pulled(made: ServedImage, { first, port, credentials = {}, signal }: Circumstances = {}) {
  const registry = await serve(made, first, port);
  served.push(registry);
  const ref = parseReference(`${registry.address}/shop/web:1`);
  if (!ref) throw new Error('not a reference');
  const client = new RegistryClient(ref, credentials, signal ? { signal } : {});
  const resolved = await resolveManifest(client, { reference: ref, platform: undefined, architecture: 'amd64' });
  return pullImage(host, store, [async () => client], resolved, ref, () => undefined);
}

const withManifest = (change: (manifest: Record<string, unknown>) => unknown): ServedImage => {
  const made = image('hello');
  return { ...made, manifest: JSON.stringify(change(JSON.parse(made.manifest) as Record<string, unknown>)) };
};

const answers =
  (status: number, headers: Readonly<Record<string, string>> = {}): Answer =>
  (_, response) => {
    response.writeHead(status, headers).end();
    return true;
  };

test('ports that browsers refuse are ports like others', async () => {
  // Some of fetch's list; one of them is free.
  for (const port of [10080, 6697, 6669, 6667, 4190]) {
    const done = await pulled(image(`port ${port}`), { port }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE') throw error;
    });
    if (done) return expect(done.fresh).toBe(true);
  }
  throw new Error('all of the ports are in use');
});

test('credentials do not follow a redirection to somebody else', async () => {
  const made = image('elsewhere');
  const seen: (string | undefined)[] = [];
  const storage = await serve(made, (request) => {
    seen.push(request.headers.authorization);
    return false;
  });
  served.push(storage);
  const first: Answer = (request, response, path) => {
    if (request.headers.authorization === undefined)
      response.writeHead(401, { 'www-authenticate': 'Basic realm="r"' }).end();
    else if (path.includes('/blobs/')) response.writeHead(307, { location: `http://${storage.address}${path}` }).end();
    else return false;
    return true;
  };
  await pulled(made, { first, credentials: { username: 'me', password: 'secret' } });
  expect(seen).toEqual([undefined, undefined]);
});

test('a token service that cannot be reached is told', async () => {
  const challenge = { 'www-authenticate': 'Bearer realm="http://127.0.0.1:1/token",service="r"' };
  const failed = pulled(image('token'), { first: answers(401, challenge) });
  await expect(failed).rejects.toMatchObject({
    code: 'REGISTRY',
    message: expect.stringMatching(/^Get "http:\/\/127\.0\.0\.1:1\/token": .*ECONNREFUSED/),
  });
});

test('credentials do not follow an upload to somebody else', async () => {
  const seen: (string | undefined)[] = [];
  const storage = await serve(image('upload'), (request, response) => {
    seen.push(request.headers.authorization);
    request.resume();
    response.writeHead(request.method === 'PATCH' ? 202 : 201, { location: '/upload' }).end();
    return true;
  });
  const registry = await serve(image('upload'), (request, response) => {
    if (request.headers.authorization === undefined)
      response.writeHead(401, { 'www-authenticate': 'Basic realm="r"' }).end();
    else response.writeHead(202, { location: `http://${storage.address}/upload` }).end();
    return true;
  });
  served.push(storage, registry);
  const ref = parseReference(`${registry.address}/shop/web:1`);
  if (!ref) throw new Error('not a reference');
  const client = new RegistryClient(ref, { username: 'me', password: 'secret' });
  await client.putBlob(sha('upload'), () => Readable.from([Buffer.from('upload')]));
  expect(seen).toEqual([undefined, undefined]);
});

test('a circle of redirections ends', async () => {
  const first: Answer = (_, response, path) => {
    response.writeHead(302, { location: path }).end();
    return true;
  };
  await expect(pulled(image('round'), { first })).rejects.toThrow('answered 302');
});

test.each<[string, ServedImage, string]>([
  ['no JSON', { ...image('a'), manifest: '<html>' }, 'sent something else than a manifest'],
  ['a list', { ...image('a'), manifest: '[]' }, 'sent something else than a manifest'],
  ['of the first kind', withManifest(() => ({ schemaVersion: 1, fsLayers: [] })), 'is of a kind that is not served'],
  ['with a layer that is none', withManifest((m) => ({ ...m, layers: [null] })), 'an invalid digest or size'],
  [
    'with a digest that is a path',
    withManifest((m) => ({ ...m, layers: [{ digest: '../x', size: 1 }] })),
    'an invalid',
  ],
  [
    'with a configuration of a gigabyte',
    withManifest((m) => ({ ...m, config: { ...(m.config as object), size: 2 ** 30 } })),
    'is larger than 16777216 bytes',
  ],
  [
    'without an image for this machine',
    withManifest(() => ({
      manifests: [{ digest: sha('x'), size: 1, platform: { os: 'plan9', architecture: 'mips' } }],
    })),
    'no matching manifest for linux/amd64 in the manifest list entries',
  ],
])('a manifest %s is refused', async (_, made, message) => {
  await expect(pulled(made)).rejects.toThrow(message);
  expect(await readdir(store.blobFolder)).toEqual([]);
});

test.each<[string, Answer, string]>([
  ['a status that is none', answers(777), 'status 777, which is none'],
  [
    'a place for tokens that is none',
    answers(401, { 'www-authenticate': 'Bearer realm="nowhere"' }),
    'sends for a token to "nowhere"',
  ],
  [
    'a refusal without an end',
    (_, response) => {
      response.writeHead(500);
      const more = (): void => void (response.destroyed || response.write(Buffer.alloc(65536, 'x'), more));
      more();
      return true;
    },
    'answered 500',
  ],
])('%s is told', async (_, first, message) => {
  const failure = await pulled(image('a'), { first }).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(RegistryError);
  expect(String(failure)).toContain(message);
});

test('a pull whose client has gone ends at once and leaves no file on its way', async () => {
  const made = image('slow');
  const leaving = new AbortController();
  const first: Answer = (_, response, path) => {
    if (!path.endsWith(sha(made.layer))) return false;
    response.writeHead(200, { 'content-length': made.layer.length });
    response.write(made.layer.subarray(0, 10), () => leaving.abort());
    return true; // and never ends
  };
  await expect(pulled(made, { first, signal: leaving.signal })).rejects.toMatchObject({ name: 'AbortError' });
  expect((await readdir(store.blobFolder)).filter((name) => name.startsWith('.'))).toEqual([]);
});

test.each<[string, unknown]>([
  ['Env', 'A=1'],
  ['Env', [1]],
  ['Labels', { a: 1 }],
  ['Volumes', []],
  ['Cmd', { 0: 'sh' }],
  ['Healthcheck', { Test: 'sh' }],
  ['Healthcheck', { Interval: '1s' }],
  ['User', 0],
])('a configuration with "%s": %j is refused', (name, value) => {
  const text = JSON.stringify({ config: { [name]: value }, rootfs: { diff_ids: [] } });
  expect(() => parseImageConfig(text)).toThrow(`"config.${name}" of the wrong kind`);
});

test('a command may be one text', () => {
  const text = JSON.stringify({ config: { Cmd: 'sh', Entrypoint: null, Env: null }, rootfs: { diff_ids: [] } });
  expect(parseImageConfig(text).config).toEqual({ Cmd: ['sh'], Entrypoint: null, Env: null });
});
