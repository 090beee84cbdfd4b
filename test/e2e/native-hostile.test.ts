// Hostile input to the native engine: layers that want out, by archive and from a registry; and requests made of noise.
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ApiClient } from '../support/api-client.ts';
import { startDebianRegistry } from '../support/debian-registry.ts';
import { Fuzz } from '../support/fuzz-requests.ts';
import { type NativeEngineUnderTest, startNativeEngine } from '../support/native-engine.ts';
import { pushImage } from '../support/push-image.ts';
import { archiveOf, type Entry, imageOf, savedImage } from '../support/tar.ts';

let engine: NativeEngineUnderTest;
let api: ApiClient;
/** A folder of the host's that every attack aims at. */
let victim: string;

beforeAll(async () => {
  engine = await startNativeEngine();
  api = new ApiClient(join(engine.folder, 'engine.sock'), '1.47');
  victim = await mkdtemp(join(tmpdir(), 'windlass-victim-'));
  await writeFile(join(victim, 'canary'), 'alive');
});
afterAll(async () => {
  expect(await engine.tearDown()).toEqual([]);
  await rm(victim, { recursive: true, force: true });
});

/** Layers, from below. What they are after is `victim`, from the root or from where layers are unpacked. */
const ATTACKS: Readonly<Record<string, (victim: string) => Entry[][]>> = {
  'a name that climbs': (v) => [[{ path: `../../../../../../../..${v}/canary`, content: 'dead' }]],
  'an absolute name': (v) => [[{ path: `${v}/canary`, content: 'dead' }]],
  'a file through an absolute link': (v) => [
    [
      { path: 'out', type: 'symlink', linkPath: v },
      { path: 'out/canary', content: 'dead' },
    ],
  ],
  'a file through a relative link': (v) => [
    [
      { path: 'out', type: 'symlink', linkPath: `../../../../../../../../../..${v}` },
      { path: 'out/canary', content: 'dead' },
    ],
  ],
  'a file through a link of the layer below': (v) => [
    [{ path: 'out', type: 'symlink', linkPath: v }],
    [{ path: 'out/canary', content: 'dead' }],
  ],
  'a hard link to a file outside, then written': (v) => [
    [
      { path: 'hard', type: 'link', linkPath: `../../../../../../../..${v}/canary` },
      { path: 'hard', content: 'dead' },
    ],
  ],
  'a hard link through a link outside': (v) => [
    [
      { path: 'out', type: 'symlink', linkPath: v },
      { path: 'hard', type: 'link', linkPath: 'out/canary' },
      { path: 'hard', content: 'dead' },
    ],
  ],
  'a folder replaced by a link while it is filled': (v) => [
    [
      { path: 'd/', type: 'directory' },
      { path: 'd', type: 'symlink', linkPath: v },
      { path: 'd/canary', content: 'dead' },
    ],
  ],
  'a whiteout of the folder above': () => [[{ path: '.wh...' }], [{ path: 'a/.wh...' }]],
  'a whiteout through a link outside': (v) => [
    [{ path: 'out', type: 'symlink', linkPath: v }, { path: 'out/.wh.canary' }],
  ],
  'an opaque marker behind a link outside': (v) => [
    [{ path: 'out', type: 'symlink', linkPath: v }, { path: 'out/.wh..wh..opq' }],
  ],
  'attributes that tell overlayfs where to look': (v) => [
    [{ path: 'r/', type: 'directory', xattrs: new Map([['trusted.overlay.redirect', Buffer.from(v)]]) }],
  ],
  'links that lead to themselves': () => [
    [
      { path: 'a', type: 'symlink', linkPath: 'b' },
      { path: 'b', type: 'symlink', linkPath: 'a' },
      { path: 'a/x', content: '' },
    ],
  ],
};

async function expectUnharmed(): Promise<void> {
  expect(await readFile(join(victim, 'canary'), 'utf8')).toBe('alive');
  expect((await stat(join(victim, 'canary'))).nlink).toBe(1);
  expect((await api.get('/_ping')).text).toBe('OK');
}

describe('hostile layers', () => {
  test.each(Object.entries(ATTACKS))('%s, loaded and pulled', async (name, layersFor) => {
    const parts = imageOf(layersFor(victim).map(archiveOf));
    const slug = name.replace(/[^a-z]+/g, '-');
    await api.post('/images/load', savedImage(parts, `hostile/${slug}:loaded`));
    await expectUnharmed();
    const registry = await startDebianRegistry();
    await pushImage(registry, slug, 'pulled', parts);
    await api.post('/images/create', undefined, { fromImage: `${registry}/${slug}`, tag: 'pulled' });
    await expectUnharmed();
    // Where it was taken after all, a container of it sees nothing of the host either.
    for (const image of [`hostile/${slug}:loaded`, `${registry}/${slug}:pulled`]) {
      const made = await api.post('/containers/create', { Image: image, Cmd: ['/x'] });
      if (made.status !== 201) continue;
      const { Id } = made.json as { Id: string };
      const seen = await api.get(`/containers/${Id}/archive`, { path: `${victim}/canary` });
      if (seen.status === 200) expect(seen.text).not.toContain('alive');
      await api.delete(`/containers/${Id}`, { force: true });
      await api.delete(`/images/${image}`, { force: true });
    }
    await expectUnharmed();
  });

  test('a digest that is not the content’s is refused, and nothing of it is kept', async () => {
    const honest = imageOf([archiveOf([{ path: 'f', content: 'honest' }])]);
    const forged = { ...honest, layers: [archiveOf([{ path: 'f', content: 'forged' }])] };
    const answer = await api.post('/images/load', savedImage(forged, 'hostile/forged:1'));
    expect(answer.text).toMatch(/layer unpacks to sha256:[0-9a-f]+, its image says sha256:/);
    expect((await api.get('/images/hostile/forged:1/json')).status).toBe(404);
  });

  test('devices of the host do not open, whatever a layer says', async () => {
    const busybox = Buffer.from((await api.get('/images/busybox/get')).body);
    expect(busybox.length).toBeGreaterThan(1_000_000);
    const answer = await api.post('/containers/create', { Image: 'busybox', Cmd: ['sleep', '600'] });
    const { Id } = answer.json as { Id: string };
    await api.post(`/containers/${Id}/start`);
    // 1:1 is the machine's memory, 8:0 a disk, 10:229 FUSE.
    const nodes = [
      { path: 'mem', type: 'char' as const, devMajor: 1, devMinor: 1, mode: 0o666 },
      { path: 'disk', type: 'block' as const, devMajor: 8, devMinor: 0, mode: 0o666 },
      { path: 'fuse', type: 'char' as const, devMajor: 10, devMinor: 229, mode: 0o666 },
    ];
    await api.ask('PUT', `/containers/${Id}/archive`, { query: { path: '/tmp' }, body: archiveOf(nodes) });
    const script = 'for f in mem disk fuse; do head -c 1 /tmp/$f; done 2>&1; ls /tmp';
    const { stdout } = await engine.docker(['exec', Id, 'sh', '-c', script]);
    expect(stdout.match(/Operation not permitted/g)).toHaveLength(3);
    await api.delete(`/containers/${Id}`, { force: true });
  });
});

describe('requests made of noise', () => {
  const REQUESTS = 20_000;

  test(`${REQUESTS} of them, and the engine serves on`, async () => {
    const memory = async (): Promise<number> =>
      Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${engine.pid}/status`, 'utf8'))?.[1]) * 1024;
    const descriptors = async (): Promise<number> => (await stat(`/proc/${engine.pid}/fd`)).size;
    // It runs throughout, so that its image stays.
    await engine.docker(['run', '-d', '--name', 'holder', 'busybox', 'sleep', '3600']);
    const fuzz = new Fuzz({ socket: join(engine.folder, 'engine.sock'), seed: 20_260_101, victim });
    const send = (count: number): Promise<void> =>
      fuzz.send(count).catch((error: Error) => {
        throw new Error(`the engine does not answer; it said: ${engine.said.slice(-2000)}`, { cause: error });
      });
    await send(REQUESTS / 10);
    const before = { memory: await memory(), descriptors: await descriptors() };
    await send(REQUESTS - REQUESTS / 10);
    await fuzz.malformed(500);
    await fuzz.abandoned(300);
    // Faults of the engine's own, not refusals: words of the language that nobody would write into a message.
    expect(fuzz.faults).toEqual([]);
    expect(fuzz.answers).toBe(REQUESTS);
    // The noise reaches beyond the first check: some of it is taken, most is refused for a reason.
    for (const status of [200, 201, 400, 404, 409])
      expect([status, fuzz.statuses.get(status) ?? 0]).not.toEqual([status, 0]);
    await expectUnharmed();
    expect((await memory()) - before.memory).toBeLessThan(150 * 1024 * 1024);
    expect(await descriptors()).toBeLessThan(before.descriptors + 100);
    // The image has perhaps no name by now.
    const { stdout: image } = await engine.docker(['inspect', '-f', '{{.Image}}', 'holder']);
    const ran = await engine.docker(['run', '--rm', image.trim(), 'echo', 'still here']);
    expect(ran.stdout).toBe('still here\n');
  });
});
