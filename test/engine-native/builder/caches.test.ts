// Caches that travel: what is written is read again, what misleads is refused, and what is missing is no failure.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cacheSources, checkCacheExports } from '../../../src/engine/native/builder/buildkit/remote-caches.ts';
import { BuildCache } from '../../../src/engine/native/builder/cache.ts';
import { cacheDocuments, readCacheConfig } from '../../../src/engine/native/builder/caches/cache-document.ts';
import { exportCache } from '../../../src/engine/native/builder/caches/export-cache.ts';
import { importCaches } from '../../../src/engine/native/builder/caches/import-caches.ts';
import { StepCache } from '../../../src/engine/native/builder/caches/step-cache.ts';
import { fromNothing } from '../../../src/engine/native/builder/stage-state.ts';
import { type NativeHost, realNativeHost } from '../../../src/engine/native/host.ts';
import { type ImageLayer, ImageStore, LAYER_TAR } from '../../../src/engine/native/images/store.ts';
import { pathsUnder } from '../../../src/engine/native/paths.ts';
import { Registries } from '../../../src/registry/registries.ts';
import { startRegistry } from '../../support/registry.ts';
import { archiveOf, digestOf } from '../../support/tar.ts';

let folder: string;
let host: NativeHost;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'windlass-caches-'));
  host = realNativeHost();
});
afterEach(async () => {
  host.kernel.close();
  await rm(folder, { recursive: true, force: true });
});

async function opened(name: string): Promise<{ readonly store: ImageStore; readonly cache: BuildCache }> {
  const store = new ImageStore(host, pathsUnder(join(folder, name), join(folder, `${name}-run`)));
  await store.open();
  return { store, cache: new BuildCache(host, store, join(folder, `${name}.json`)) };
}

const owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };

async function layerOf(store: ImageStore, content: string): Promise<ImageLayer> {
  const archive = archiveOf([{ path: 'file', content, ...owner }]);
  const { digest, size } = await store.putBlob(Readable.from([archive]));
  await store.ensureLayer(digest, digest);
  return { diffId: digestOf(archive), blob: digest, blobSize: size, mediaType: LAYER_TAR };
}

describe('a cache that travels', () => {
  it('brings its steps to another engine, with the layers that are wanted', async () => {
    const registry = await startRegistry();
    try {
      const here = await opened('here');
      const [first, second] = [await layerOf(here.store, 'one'), await layerOf(here.store, 'two')];
      const steps = new StepCache(here.cache);
      steps.put('a', { created: 'then', text: 'RUN a', layer: first });
      steps.put('b', { created: 'later', text: 'RUN b', layer: second });
      steps.put('c', { created: '', text: 'digest', layer: undefined });
      const state = { ...fromNothing({ os: 'linux', architecture: 'amd64', variant: '' }), chain: [second] };
      const registries = new Registries({ mirrors: [], insecure: [], certificates: [] });
      for (const mode of ['min', 'max'] as const) {
        const reference = { registry: registry.host, repository: 'cache', tag: mode, digest: undefined };
        const client = await registries.client(reference, {});
        await exportCache(here.store, { steps: steps.used, states: [state] }, mode, {
          has: (digest) => client.hasBlob(digest),
          put: (digest, _, open) => client.putBlob(digest, open),
          manifest: async ({ descriptor, text }) => {
            await client.putManifest(mode, descriptor.mediaType, text);
          },
        });
      }
      const there = await opened('there');
      const parts = { images: there.store, registries, architecture: 'amd64', credentials: async () => ({}) };
      const said: string[] = [];
      const found = async (tag: string) => {
        const sources = [{ type: 'registry' as const, reference: `${registry.host}/cache:${tag}` }];
        const { caches } = await importCaches(parts, sources, (text) => said.push(text));
        return new StepCache(there.cache, caches);
      };
      const held: ImageLayer[] = [];
      const hold = (layer: ImageLayer): number => held.push(layer);
      const least = await found('min');
      expect(await least.find('a', hold)).toBeUndefined();
      expect(await least.find('b', hold)).toMatchObject({ created: 'later', layer: { diffId: second.diffId } });
      expect(await there.store.layerSize(second.diffId)).toBe(3);
      const most = await found('max');
      expect(most.get('c')?.text).toBe('digest');
      expect(await most.find('a', hold)).toMatchObject({ text: 'RUN a', layer: { diffId: first.diffId } });
      expect(held.map(({ diffId }) => diffId)).toEqual([second.diffId, first.diffId]);
      // From now on the engine knows it by itself.
      expect(there.cache.get('a')?.layer?.diffId).toBe(first.diffId);
      expect(said).toEqual([]);
      expect(await (await found('none')).find('b', hold)).toBeDefined();
      expect(said).toEqual([expect.stringContaining('/cache:none" is not used')]);
    } finally {
      await registry.close();
    }
  });

  it('is not used where it misleads', () => {
    const layer = { diffId: digestOf('d'), blob: digestOf('b'), blobSize: 1, mediaType: LAYER_TAR };
    const entry = { key: 'k', created: 'c', text: 't' };
    const { config } = cacheDocuments([{ ...entry, layer }, entry]);
    expect(readCacheConfig(config.text)).toEqual([{ ...entry, layer }, entry]);
    const changed = (from: string, to: string) => (): unknown => readCacheConfig(config.text.replaceAll(from, to));
    expect(changed(layer.blob, '../../etc/passwd')).toThrow('invalid digest');
    expect(changed(`"layer": "${layer.diffId}"`, '"layer": "x"')).toThrow('a layer that it does not have');
    expect(changed('windlass', 'other')).toThrow('another kind');
  });
});

describe('caches as clients name them', () => {
  it('come from registries and from folders', () => {
    const imports = JSON.stringify([
      { Type: 'registry', Attrs: { ref: 'r/a' } },
      { Type: 'local', Attrs: { src: '/x', digest: 'sha256:d' } },
      { Type: 'gha', Attrs: {} },
    ]);
    const attributes = new Map([
      ['cache-from', 'r/b,r/c'],
      ['cache-imports', imports],
    ]);
    const sources = cacheSources(attributes, async () => undefined);
    expect(sources.map((source) => (source.type === 'registry' ? source.reference : source.digest))).toEqual([
      ...['r/b', 'r/c', 'r/a', 'sha256:d'],
    ]);
    expect(() => cacheSources(new Map([['cache-imports', '{']]), async () => undefined)).toThrow('cache-imports');
  });
  it.each([
    ['s3', {}, 'type "s3" is not supported'],
    ['local', {}, 'requires dest'],
    ['registry', {}, 'requires ref'],
    ['registry', { ref: 'a', mode: 'all' }, 'invalid mode "all"'],
  ])('%s with %j is refused', (type, attributes, message) => {
    expect(() => checkCacheExports([{ type, attributes: new Map(Object.entries(attributes)) }])).toThrow(message);
  });
});
