// Bundles made by hand, to be spoilt by hand: one image of one layer, a Compose file, and every document in agreement until a
// test changes something.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { TarHeader } from '../../../src/archive/tar-header.ts';
import { plainHeader, writeTar } from '../../../src/archive/tar-writer.ts';
import { blobPath, layoutOf } from '../../../src/shipping/bundle/image-layout.ts';
import { type BundleManifest, byBytes, digestOfText, encodeManifest } from '../../../src/shipping/bundle/manifest.ts';

export type TestEntry = Partial<TarHeader> & { readonly path: string; readonly text?: string };

/** The bytes of an archive of small entries. */
export async function tarOf(entries: readonly TestEntry[]): Promise<Buffer> {
  const sources = entries.map(({ text = '', ...header }) => ({
    header: plainHeader({ size: Buffer.byteLength(text), ...header }),
    content: () => [Buffer.from(text)],
  }));
  const chunks: Uint8Array[] = [];
  for await (const chunk of writeTar(sources)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

export interface Handmade {
  manifest: Omit<BundleManifest, 'contents'>;
  /** Path → content; listed in the manifest as it is when the bundle is written. */
  readonly parts: Map<string, Buffer>;
}

const COMPOSE = 'name: tiny\nservices:\n  web:\n    image: tiny:1\n';

export async function handmade(
  files: readonly TestEntry[] = [{ path: 'compose.yaml', text: COMPOSE }],
): Promise<Handmade> {
  const layer = await tarOf([{ path: 'hello', text: 'hello' }]);
  const config = JSON.stringify({
    architecture: 'amd64',
    os: 'linux',
    rootfs: { type: 'layers', diff_ids: [digestOfText(layer)] },
  });
  const blob = (content: string | Buffer) => ({ digest: digestOfText(content), size: Buffer.byteLength(content) });
  const layout = layoutOf([
    { reference: 'tiny:1', platforms: [{ platform: 'linux/amd64', config: blob(config), layers: [blob(layer)] }] },
  ]);
  const manifest = layout.manifests.get('tiny:1 linux/amd64') ?? '';
  return {
    manifest: {
      version: 1,
      project: { name: 'tiny', directory: '.', composeFiles: ['compose.yaml'], profiles: [] },
      images: [
        {
          reference: 'tiny:1',
          services: ['web'],
          platforms: [{ platform: 'linux/amd64', id: digestOfText(config), manifest }],
        },
      ],
      volumes: [],
      needs: { variables: [], secretFiles: [], hostPaths: [], networks: [], volumes: [], images: [] },
      environment: {},
    },
    parts: new Map([
      ...[...layout.documents].map(([path, text]) => [path, Buffer.from(text)] as const),
      [blobPath(digestOfText(config)), Buffer.from(config)],
      [blobPath(digestOfText(layer)), layer],
      ['files.tar', await tarOf(files)],
    ]),
  };
}

/** The manifest that lists the parts as they are. */
export const listed = ({ manifest, parts }: Handmade): BundleManifest => ({
  ...manifest,
  contents: [...parts]
    .sort(([a], [b]) => byBytes(a, b))
    .map(([path, content]) => ({ path, size: content.length, digest: digestOfText(content) })),
});

/** The bundle's entries, bundle.json first. */
export const entriesOf = (made: Handmade, manifest: unknown = listed(made)): TestEntry[] => [
  { path: 'bundle.json', text: typeof manifest === 'string' ? manifest : encodeManifest(manifest as BundleManifest) },
  ...[...made.parts]
    .sort(([a], [b]) => byBytes(a, b))
    .map(([path, content]) => ({ path, text: content.toString('latin1') })),
];

/** The bytes of a bundle. */
export async function bytesOf(entries: readonly TestEntry[]): Promise<Buffer> {
  const sources = entries.map(({ text = '', ...header }) => {
    // bundle.json is text; everything else was bytes.
    const content = Buffer.from(text, header.path === 'bundle.json' ? 'utf8' : 'latin1');
    return { header: plainHeader({ size: content.length, ...header }), content: () => [content] };
  });
  const chunks: Uint8Array[] = [];
  for await (const chunk of writeTar(sources)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** A folder that is gone when the test is over. */
export async function testFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'windlass-bundle-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export async function fileOf(bytes: Buffer, folder: string, name = 'app.windlass.tar'): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, bytes);
  return file;
}
