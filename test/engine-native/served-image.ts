// A registry with one small image, which may answer as no registry should.
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { END_OF_ARCHIVE, encodeHeader, padding } from '../../src/archive/tar-header.ts';

export const sha = (data: string | Buffer): string => `sha256:${createHash('sha256').update(data).digest('hex')}`;

/** A layer with one file, and the image made of it. */
export function image(content: string, architecture = 'amd64') {
  const header = {
    path: 'hello',
    type: 'file' as const,
    mode: 0o644,
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
    mtime: 0,
    linkPath: '',
    devMajor: 0,
    devMinor: 0,
    xattrs: new Map(),
  };
  const size = Buffer.byteLength(content);
  const tar = Buffer.concat([
    encodeHeader({ ...header, size }),
    Buffer.from(content),
    Buffer.alloc(padding(size)),
    END_OF_ARCHIVE,
  ]);
  const layer = gzipSync(tar);
  const config = JSON.stringify({
    architecture,
    os: 'linux',
    config: { Cmd: ['x'] },
    rootfs: { type: 'layers', diff_ids: [sha(tar)] },
  });
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.docker.distribution.manifest.v2+json',
    config: { mediaType: 'application/vnd.docker.container.image.v1+json', size: config.length, digest: sha(config) },
    layers: [
      { mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip', size: layer.length, digest: sha(layer) },
    ],
  });
  return { diffId: sha(tar), layer, config, manifest };
}

export type ServedImage = ReturnType<typeof image>;

export interface Served {
  readonly address: string;
  readonly close: () => Promise<unknown>;
}

export type Answer = (request: IncomingMessage, response: ServerResponse, path: string) => boolean;

/** A registry with one image, on a port of its own unless one is named; `first` may answer a request in its place. */
export async function serve(made: ServedImage, first: Answer = () => false, port = 0): Promise<Served> {
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    if (first(request, response, path)) return;
    const blobs: Record<string, string | Buffer> = { [sha(made.layer)]: made.layer, [sha(made.config)]: made.config };
    const blob = blobs[path.split('/blobs/')[1] ?? ''];
    if (path.includes('/manifests/'))
      response.setHeader('content-type', 'application/vnd.docker.distribution.manifest.v2+json').end(made.manifest);
    else if (blob !== undefined) response.end(blob);
    else response.writeHead(404).end('{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}');
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  const close = (): Promise<unknown> => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, close };
}
