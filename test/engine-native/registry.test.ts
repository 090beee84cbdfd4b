// Pulling from registries that ask for tokens, break off, lie, or hold several platforms.
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { realNativeHost } from '../../src/engine/native/host.ts';
import { loadArchive } from '../../src/engine/native/images/archive-load.ts';
import { saveArchive } from '../../src/engine/native/images/archive-save.ts';
import { findForPlatform, findImage } from '../../src/engine/native/images/lookup.ts';
import { parsePlatform } from '../../src/engine/native/images/platforms.ts';
import { choosePlatform, namePulled, pullImage, resolveManifest } from '../../src/engine/native/images/pull.ts';
import { pushImage } from '../../src/engine/native/images/push.ts';
import { ImageStore } from '../../src/engine/native/images/store.ts';
import { pathsUnder } from '../../src/engine/native/paths.ts';
import { parseChallenge, parseRegistryAuth } from '../../src/registry/auth.ts';
import { baseAddress, RegistryClient } from '../../src/registry/client.ts';
import { parseReference, type Reference } from '../../src/registry/reference.ts';
import { startRegistry } from '../support/registry.ts';
import { type Answer, image, type ServedImage, serve as serveImage, sha } from './served-image.ts';

const host = realNativeHost();
let folder: string;
let store: ImageStore;
const closing: (() => Promise<unknown>)[] = [];

const openStore = async (name: string): Promise<ImageStore> => {
  const opened = new ImageStore(host, pathsUnder(join(folder, name), join(folder, 'run')));
  await opened.open();
  return opened;
};

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'windlass-registry-'));
  store = await openStore('lib');
});
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  await rm(folder, { recursive: true, force: true });
});

const reference = (text: string): Reference => {
  const parsed = parseReference(text);
  if (!parsed) throw new Error(`not a reference: ${text}`);
  return parsed;
};

const serve = async (made: ServedImage, first?: Answer): Promise<string> => {
  const { address, close } = await serveImage(made, first);
  closing.push(close);
  return address;
};

/** `origin` is asked where the first address cannot go on, as after a mirror. */
async function pull(address: string, into = store, credentials = {}, origin?: string): Promise<string[]> {
  const ref = reference(`${address}/shop/web:1`);
  const client = new RegistryClient(ref, credentials);
  const lines: string[] = [];
  const resolved = await resolveManifest(client, { reference: ref, platform: undefined, architecture: 'amd64' });
  const next = origin === undefined ? [] : [new RegistryClient(ref, {}, { base: `http://${origin}` })];
  const sources = [client, ...next].map((one) => async () => one);
  const pulled = await pullImage(host, into, sources, resolved, ref, (line) => lines.push(String(line.status)));
  await namePulled(into, ref, pulled.image);
  return lines;
}

test('an image arrives unpacked, with its name and digest', async () => {
  const made = image('hello\n');
  const address = await serve(made);
  expect(await pull(address)).toEqual([
    'Pulling fs layer',
    ...Array(1).fill('Downloading'),
    'Download complete',
    'Pull complete',
  ]);
  const found = findImage(store, `${address}/shop/web:1`);
  expect(found?.id).toBe(sha(made.config));
  expect(found?.repoDigests).toEqual([`${address}/shop/web@${sha(made.manifest)}`]);
  expect(findImage(store, `${address}/shop/web@${sha(made.manifest)}`)).toBe(found);
  expect(await readFile(join(store.layerDiff(made.diffId), 'hello'), 'utf8')).toBe('hello\n');
});

test('one image, pulled under several names at once, is known by all of them', async () => {
  const made = image('shared');
  await pull(await serve(made));
  const [found] = store.images();
  if (!found) throw new Error('nothing was pulled');
  const names = ['a', 'b', 'c'].map((name) => `registry.example/${name}@${sha(made.manifest)}`);
  await Promise.all(names.map((name) => store.addImage(made.config, found.layers, [name])));
  for (const known of [store, await openStore('lib')])
    expect(known.images().map(({ repoDigests }) => [...repoDigests].sort())).toEqual([
      [...found.repoDigests, ...names].sort(),
    ]);
});

test('a download that breaks off goes on where it was', async () => {
  const made = image('x'.repeat(200_000) + createHash('sha512').update('noise').digest('hex').repeat(400));
  const ranges: (string | undefined)[] = [];
  const half = Math.floor(made.layer.length / 2);
  const address = await serve(made, (request, response, path) => {
    if (!path.endsWith(sha(made.layer))) return false;
    ranges.push(request.headers.range);
    if (ranges.length === 1) {
      response.setHeader('content-length', made.layer.length);
      response.write(made.layer.subarray(0, half), () => response.destroy());
    } else response.writeHead(206).end(made.layer.subarray(half));
    return true;
  });
  await pull(address);
  expect(ranges).toEqual([undefined, `bytes=${half}-`]);
  expect(await store.hasBlob(sha(made.layer))).toBe(true);
});

test('content with another digest is refused, and nothing of it is kept', async () => {
  const made = image('right');
  const address = await serve(made, (_, response, path) => {
    if (!path.endsWith(sha(made.layer))) return false;
    response.end(Buffer.from(made.layer).fill(0, 10, 12));
    return true;
  });
  await expect(pull(address)).rejects.toThrow(/filesystem layer verification failed for digest/);
  expect(findImage(store, `${address}/shop/web:1`)).toBeUndefined();
  expect((await readdir(store.blobFolder)).filter((name) => name.startsWith('.'))).toEqual([]);
  expect(await store.hasBlob(sha(made.layer))).toBe(false);
});

test('where a mirror breaks off and cannot go on, the registry itself sends the rest', async () => {
  const made = image('y'.repeat(200_000) + createHash('sha512').update('other').digest('hex').repeat(400));
  const half = Math.floor(made.layer.length / 2);
  let asked = 0;
  const mirror = await serve(made, (_, response, path) => {
    if (!path.endsWith(sha(made.layer))) return false;
    asked += 1;
    if (asked > 1) response.writeHead(503).end();
    else {
      response.setHeader('content-length', made.layer.length);
      response.write(made.layer.subarray(0, half), () => response.destroy());
    }
    return true;
  });
  const ranges: (string | undefined)[] = [];
  const origin = await serve(made, (request, response, path) => {
    if (!path.endsWith(sha(made.layer))) return false;
    ranges.push(request.headers.range);
    response.writeHead(206).end(made.layer.subarray(half));
    return true;
  });
  await pull(mirror, store, {}, origin);
  expect(ranges).toEqual([`bytes=${half}-`]);
  expect(await store.hasBlob(sha(made.layer))).toBe(true);
});

test.each([
  ['other bytes', (layer: Buffer) => Buffer.from(layer).fill(0, 10, 12)],
  ['more than there is', (layer: Buffer) => Buffer.concat([layer, layer])],
])('of a mirror that sends %s nothing is kept: the registry itself is asked from the start', async (_, spoil) => {
  const made = image('honest');
  const mirror = await serve(made, (_request, response, path) => {
    if (!path.endsWith(sha(made.layer))) return false;
    response.end(spoil(made.layer));
    return true;
  });
  const ranges: (string | undefined)[] = [];
  const origin = await serve(made, (request, _response, path) => {
    if (path.endsWith(sha(made.layer))) ranges.push(request.headers.range);
    return false;
  });
  await pull(mirror, store, {}, origin);
  expect(ranges).toEqual([undefined]);
  expect(await store.hasBlob(sha(made.layer))).toBe(true);
  expect((await readdir(store.blobFolder)).filter((name) => name.startsWith('.'))).toEqual([]);
});

test('what is wanted while it is removed is not found half gone, and can be made anew', async () => {
  const made = image('wanted');
  const layer = { diffId: made.diffId, blob: sha(made.layer), blobSize: made.layer.length, mediaType: '' };
  const put = () => store.putBlob(Readable.from([made.layer]));
  await put();
  await store.ensureLayer(layer.diffId, layer.blob);
  const dropping = store.dropLayers([layer]);
  // From here on somebody brings an image that has the layer.
  store.keep(() => [layer]);
  if (!(await store.hasBlob(layer.blob))) await put();
  await store.ensureLayer(layer.diffId, layer.blob);
  await dropping;
  expect(await store.hasBlob(layer.blob)).toBe(true);
  expect(await readFile(join(store.layerDiff(layer.diffId), 'hello'), 'utf8')).toBe('wanted');
  expect(await store.dropLayers([layer])).toEqual([]);
});

test('a layer that unpacks to something else than its image says is refused', async () => {
  const made = image('one');
  const lying = { ...made, config: made.config.replace(made.diffId, sha('other')) };
  lying.manifest = made.manifest.replace(sha(made.config), sha(lying.config));
  await expect(pull(await serve(lying))).rejects.toThrow(/layer unpacks to/);
  expect((await readdir(join(folder, 'lib/images/layers'))).filter((name) => name.startsWith('.'))).toEqual([]);
});

test('a token is fetched for the repository, and the registry is asked again', async () => {
  const made = image('secret');
  const asked: string[] = [];
  const address = await serve(made, (request, response, path) => {
    if (path.startsWith('/token')) {
      asked.push(`${path} ${Buffer.from((request.headers.authorization ?? '').slice(6), 'base64')}`);
      response.end('{"token":"abc"}');
      return true;
    }
    if (request.headers.authorization === 'Bearer abc') return false;
    const realm = `http://${request.headers.host}/token`;
    response.writeHead(401, { 'www-authenticate': `Bearer realm="${realm}",service="reg"` }).end();
    return true;
  });
  await pull(address, store, { username: 'me', password: 'pw' });
  expect(asked).toEqual([`/token?service=reg&scope=${encodeURIComponent('repository:shop/web:pull')} me:pw`]);
});

test('what is not there is told in Docker’s words', async () => {
  const address = await serve(image('x'), (_, response, path) => {
    if (!path.includes('/manifests/')) return false;
    response.writeHead(404).end('{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}');
    return true;
  });
  await expect(pull(address)).rejects.toThrow(
    `manifest for ${address}/shop/web:1 not found: manifest unknown: manifest unknown`,
  );
});

test('pushed with a password, pulled again, refused without', async () => {
  const registry = await startRegistry({ user: 'me', password: 'pw' });
  closing.push(() => registry.close());
  const made = image('round trip');
  await pull(await serve(made));
  const ref = reference(`${registry.host}/shop/web:1`);
  const pushed = await pushImage(
    store,
    new RegistryClient(ref, { username: 'me', password: 'pw' }),
    store.images(),
    ref,
    () => undefined,
  );
  const other = await openStore('other');
  await expect(pull(registry.host, other)).rejects.toThrow(/pull access denied/);
  await pull(registry.host, other, { username: 'me', password: 'pw' });
  expect(other.images()[0]?.repoDigests).toEqual([`${registry.host}/shop/web@${pushed.digest}`]);
});

test('a saved image is loaded again, with its name', async () => {
  const made = image('saved');
  await pull(await serve(made));
  const [saved] = store.images();
  if (!saved) throw new Error('nothing was pulled');
  const other = await openStore('other');
  const archive = Readable.from(saveArchive(store, [{ image: saved, tags: ['shop/web:2'] }]));
  const loaded = await loadArchive(host, other, archive, 'amd64');
  expect(loaded.map(({ image: { id }, tags }) => [id, tags])).toEqual([[saved.id, ['shop/web:2']]]);
  expect(await readFile(join(other.layerDiff(made.diffId), 'hello'), 'utf8')).toBe('saved');
});

test('an image for two platforms is pushed as an index, saved, and loaded as one', async () => {
  const registry = await startRegistry();
  closing.push(() => registry.close());
  await pull(await serve(image('here')));
  await pull(await serve(image('there', 'arm64')));
  const [own, other] = store.images();
  if (!own || !other) throw new Error('not pulled');
  await store.setReference('both:1', own.id, [own.id, other.id]);
  const ref = reference(`${registry.host}/shop/both:1`);
  const client = new RegistryClient(ref, {});
  const { digest } = await pushImage(store, client, store.imagesOf('both:1'), ref, () => undefined);
  for (const [platform, id] of [
    ['linux/amd64', own.id],
    ['linux/arm64', other.id],
  ] as const) {
    const found = await resolveManifest(client, { reference: ref, platform, architecture: 'amd64' });
    expect([found.digest, JSON.parse(found.manifest.text).config.digest]).toEqual([digest, id]);
  }
  const loaded = await openStore('loaded');
  const archive = Readable.from(saveArchive(store, [{ image: own, tags: ['both:1'], others: [other] }]));
  expect((await loadArchive(host, loaded, archive, 'arm64')).map(({ tags }) => tags)).toEqual([['both:1']]);
  // This machine's first.
  expect(loaded.imagesOf('both:1').map(({ id }) => id)).toEqual([other.id, own.id]);
  expect(findForPlatform(loaded, 'both:1', parsePlatform('linux/amd64', 'arm64'))?.id).toBe(own.id);
  expect(findForPlatform(loaded, 'both:1', parsePlatform('linux/s390x', 'arm64'))).toBeUndefined();
  const again = await openStore('loaded');
  expect([again.imagesOf('both:1').length, again.isVariant(own.id), again.isVariant(other.id)]).toEqual([
    2,
    true,
    false,
  ]);
  await again.deleteReference('both:1');
  expect([again.imagesOf('both:1'), again.isVariant(own.id)]).toEqual([[], false]);
});

test('the platform is chosen from a list', () => {
  const entry = (digest: string, architecture: string, variant?: string) => ({
    mediaType: '',
    digest,
    size: 1,
    platform: { os: 'linux', architecture, ...(variant === undefined ? {} : { variant }) },
  });
  const list = [entry('a', 'amd64'), entry('6', 'arm', 'v6'), entry('7', 'arm', 'v7')];
  expect(
    ['linux/amd64', 'linux/arm/v7', 'linux/arm', 'windows/amd64'].map(
      (platform) => choosePlatform(list, platform)?.digest,
    ),
  ).toEqual(['a', '7', '7', undefined]);
});

test('challenges, credentials and addresses', () => {
  expect(parseChallenge('Basic realm="x"')).toEqual({ scheme: 'basic' });
  expect(parseChallenge('Bearer realm="https://a/t",service="s"')).toEqual({
    scheme: 'bearer',
    realm: 'https://a/t',
    parameters: { service: 's' },
  });
  expect([null, 'Digest x', 'Bearer service="s"'].map(parseChallenge)).toEqual([undefined, undefined, undefined]);
  expect(parseRegistryAuth(Buffer.from('{"username":"u"}').toString('base64url'))).toEqual({ username: 'u' });
  expect([undefined, '', '%%%'].map(parseRegistryAuth)).toEqual([{}, {}, {}]);
  expect(['docker.io', 'localhost:5000', '127.0.0.1', 'ghcr.io', '127.0.0.1.evil.example'].map(baseAddress)).toEqual([
    'https://registry-1.docker.io',
    'http://localhost:5000',
    'http://127.0.0.1',
    'https://ghcr.io',
    'https://127.0.0.1.evil.example',
  ]);
});
