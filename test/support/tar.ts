// Archives made for tests, good ones and hostile ones.
import { createHash } from 'node:crypto';
import { END_OF_ARCHIVE, encodeHeader, padding, type TarHeader } from '../../src/archive/tar-header.ts';

/** An entry in a few words: what is not said is a plain file of root's, mode 644. */
export type Entry = Partial<Omit<TarHeader, 'size'>> & { readonly path: string; readonly content?: string | Buffer };

export function archiveOf(entries: readonly Entry[]): Buffer {
  return Buffer.concat([...entries.flatMap(encoded), END_OF_ARCHIVE]);
}

function encoded({ content = '', ...entry }: Entry): Buffer[] {
  const data = Buffer.from(content);
  const folder = entry.type === 'directory';
  const header: TarHeader = {
    type: 'file',
    mode: folder ? 0o755 : 0o644,
    uid: 0,
    gid: 0,
    mtime: 1_700_000_000,
    linkPath: '',
    devMajor: 0,
    devMinor: 0,
    xattrs: new Map(),
    ...entry,
    size: data.length,
  };
  return [encodeHeader(header), data, Buffer.alloc(padding(data.length))];
}

export const digestOf = (bytes: Buffer | string): string =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

export interface ImageParts {
  readonly config: string;
  readonly layers: readonly Buffer[];
}

/** An image of these layers (each an uncompressed archive). */
export function imageOf(layers: readonly Buffer[], config: Readonly<Record<string, unknown>> = {}): ImageParts {
  return {
    layers,
    config: JSON.stringify({
      architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
      os: 'linux',
      created: '2024-01-02T03:04:05Z',
      config: { Cmd: ['/bin/sh'], ...config },
      rootfs: { type: 'layers', diff_ids: layers.map(digestOf) },
      history: layers.map((_, index) => ({ created: '2024-01-02T03:04:05Z', created_by: `layer ${index + 1}` })),
    }),
  };
}

/** The image as `docker save` writes it. */
export function savedImage({ config, layers }: ImageParts, tag: string): Buffer {
  const name = `${digestOf(config).slice('sha256:'.length)}.json`;
  const files = layers.map((layer, index) => ({ path: `${index}/layer.tar`, content: layer }));
  const manifest = [{ Config: name, RepoTags: [tag], Layers: files.map(({ path }) => path) }];
  return archiveOf([
    { path: name, content: config },
    ...files,
    { path: 'manifest.json', content: JSON.stringify(manifest) },
  ]);
}
