import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { realHost } from '../../src/host.ts';
import { RegistryClient } from '../../src/registry/client.ts';
import { parseReference } from '../../src/registry/reference.ts';
import { artifactOf, composeFileLayer, digestOfBytes, envFileLayer, type Layer } from '../../src/remote/artifact.ts';
import { RemoteSource } from '../../src/remote/index.ts';
import { fetchFromOci } from '../../src/remote/oci.ts';
import { publish } from '../../src/remote/publish.ts';
import { type Registry, startRegistry } from '../support/registry.ts';

let registry: Registry;
let folder: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'windlass-oci-'));
  registry = await startRegistry();
});
afterEach(async () => {
  await registry.close();
  rmSync(folder, { recursive: true, force: true });
});

const around = (docker = folder) => ({ host: realHost, env: { DOCKER_CONFIG: docker }, insecure: [], cache: folder });
const FILES: readonly Layer[] = [
  composeFileLayer('/home/me/compose.yaml', Buffer.from('services: {a: {image: one}}')),
  composeFileLayer('/home/me/over.yaml', Buffer.from('services: {a: {init: true}}')),
  composeFileLayer('b.yaml', Buffer.from('services: {base: {}}'), true),
  envFileLayer('c.env', Buffer.from('A=1')),
];
const client = (name: string): RegistryClient => {
  const reference = parseReference(`${registry.host}/${name}`);
  if (!reference) throw new Error(`${name} is no reference`);
  return new RegistryClient(reference, {});
};
async function put(name: string, manifest: object, blobs: readonly Buffer[] = []): Promise<void> {
  for (const blob of blobs) await client(name).putBlob(digestOfBytes(blob), () => Readable.from([blob]));
  await client(name).putManifest('latest', 'application/vnd.oci.image.manifest.v1+json', JSON.stringify(manifest));
}

describe('a published project', () => {
  it.each([undefined, '1.0', '1.1'] as const)('comes back as one folder (OCI %s)', async (version) => {
    await publish(`${registry.host}/shop:v1`, { layers: FILES, version, images: [] }, around());
    const file = await fetchFromOci(`oci://${registry.host}/shop:v1`, around());
    expect(readFileSync(file, 'utf8')).toBe('services: {a: {image: one}}\n---\nservices: {a: {init: true}}');
    const others = readdirSync(dirname(file)).sort();
    expect(others).toEqual(['b.yaml', 'c.env', 'compose.yaml']);
    expect(readFileSync(join(dirname(file), 'c.env'), 'utf8')).toBe('A=1');
    expect(readdirSync(folder)).toHaveLength(1);
  });

  it('has the manifest that docker compose writes', () => {
    const { manifest } = artifactOf(FILES, '1.1', '2026-01-02T03:04:05Z');
    expect(JSON.parse(manifest)).toMatchObject({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      artifactType: 'application/vnd.docker.compose.project',
      config: { mediaType: 'application/vnd.oci.empty.v1+json', size: 2 },
      layers: [
        {
          mediaType: 'application/vnd.docker.compose.file+yaml',
          annotations: { 'com.docker.compose.file': 'compose.yaml' },
        },
        { annotations: { 'com.docker.compose.file': 'over.yaml' } },
        { annotations: { 'com.docker.compose.file': 'b.yaml', 'com.docker.compose.extends': 'true' } },
        { mediaType: 'application/vnd.docker.compose.envfile', annotations: { 'com.docker.compose.envfile': 'c.env' } },
      ],
      annotations: { 'org.opencontainers.image.created': '2026-01-02T03:04:05Z' },
    });
    const older = JSON.parse(artifactOf(FILES, '1.0', '').manifest);
    expect(older).not.toHaveProperty('artifactType');
    expect(older.config.mediaType).toBe('application/vnd.docker.compose.config.empty.v1+json');
  });

  it('named by its digest is read without a registry once it is in the cache', async () => {
    const digest = await publish(`${registry.host}/shop`, { layers: FILES, version: undefined, images: [] }, around());
    const reference = `oci://${registry.host}/shop@${digest}`;
    const first = await fetchFromOci(reference, around());
    registry.fail({ status: 500, code: 'UNKNOWN', message: 'gone' });
    expect(await fetchFromOci(reference, around())).toBe(first);
    await expect(fetchFromOci(`oci://${registry.host}/shop`, around())).rejects.toThrow(/500/);
  });

  it('takes its images along as an application', async () => {
    const layer = Buffer.from('layer');
    const config = Buffer.from('{}');
    const blob = (bytes: Buffer) => ({ digest: digestOfBytes(bytes), size: bytes.length });
    await put('image', { schemaVersion: 2, config: blob(config), layers: [blob(layer)] }, [layer, config]);
    await publish(
      `${registry.host}/shop:app`,
      { layers: FILES, version: undefined, images: [`${registry.host}/image`] },
      around(),
    );
    expect(await client('shop').hasBlob(digestOfBytes(layer))).toBe(true);
    expect(await fetchFromOci(`oci://${registry.host}/shop:app`, around())).toMatch(/compose\.yaml$/);
  });

  it('needs the credentials of docker login, and tells without them', async () => {
    const locked = await startRegistry({ user: 'me', password: 's3cret' });
    try {
      const push = () => publish(`${locked.host}/x`, { layers: FILES, version: undefined, images: [] }, around());
      await expect(push()).rejects.toThrow(/denied/);
      const auth = Buffer.from('me:s3cret').toString('base64');
      writeFileSync(join(folder, 'config.json'), JSON.stringify({ auths: { [locked.host]: { auth } } }));
      await push();
      expect(await fetchFromOci(`oci://${locked.host}/x`, around())).toMatch(/compose\.yaml$/);
    } finally {
      await locked.close();
    }
  });
});

describe('an artifact is refused', () => {
  const project = (layers: readonly object[]) => ({
    schemaVersion: 2,
    artifactType: 'application/vnd.docker.compose.project',
    layers,
  });
  const text = Buffer.from('services: {}');
  const file = (annotations: object) => ({
    mediaType: 'application/vnd.docker.compose.file+yaml',
    digest: digestOfBytes(text),
    size: text.length,
    annotations,
  });

  it.each([
    ['of another kind', { schemaVersion: 2, artifactType: 'x/y', layers: [] }, /no Compose project but x\/y/],
    ['without a Compose file', project([]), /it has no Compose file/],
    [
      'whose file leaves its folder',
      project([file({ 'com.docker.compose.file': '../evil.yaml', 'com.docker.compose.extends': 'true' })]),
      /would leave its folder/,
    ],
    ['with too large a file', project([{ ...file({}), size: 1e9 }]), /1000000000 bytes/],
    [
      'with a file of no size',
      project([{ ...file({}), size: undefined }]),
      /its manifest\.layers\[0\]\.size is not a number/,
    ],
    ['whose files are no list', { ...project([]), layers: { length: 1 } }, /its manifest\.layers is not a list/],
    ['with a file that is none', project([null as unknown as object]), /its manifest\.layers\[0\] is not a mapping/],
    ['whose file is longer than it says', project([{ ...file({}), size: 3 }]), /says 3 bytes/],
  ])('%s', async (_, manifest, message) => {
    await put('evil', manifest, [text]);
    await expect(fetchFromOci(`oci://${registry.host}/evil`, around())).rejects.toThrow(message);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('when its reference is none, or artifacts are switched off', async () => {
    await expect(fetchFromOci('oci://Not A Reference', around())).rejects.toThrow(/no reference to a repository/);
    const source = new RemoteSource({ ...around(), env: { COMPOSE_EXPERIMENTAL_OCI_REMOTE: 'false' } });
    await expect(source.fetch('oci://r/x')).rejects.toThrow(/COMPOSE_EXPERIMENTAL_OCI_REMOTE says so/);
    await expect(source.fetch('https://host/compose.yaml')).rejects.toThrow(/neither an artifact nor a repository/);
  });
});
