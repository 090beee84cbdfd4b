// Puts an image into a registry over plain HTTP, byte by byte as given: for images that no honest client would push.
import { digestOf, type ImageParts } from './tar.ts';

export async function pushImage(
  host: string,
  name: string,
  tag: string,
  { config, layers }: ImageParts,
): Promise<void> {
  for (const blob of [Buffer.from(config), ...layers]) {
    const begun = await fetch(`http://${host}/v2/${name}/blobs/uploads/`, { method: 'POST' });
    const place = new URL(begun.headers.get('location') ?? '', `http://${host}`);
    place.searchParams.set('digest', digestOf(blob));
    const put = await fetch(place, {
      method: 'PUT',
      body: new Uint8Array(blob),
      headers: { 'content-type': 'application/octet-stream' },
    });
    if (put.status !== 201) throw new Error(`the registry refused a blob: ${put.status} ${await put.text()}`);
  }
  const type = 'application/vnd.docker.distribution.manifest.v2+json';
  const describe = (mediaType: string, bytes: Buffer) => ({ mediaType, size: bytes.length, digest: digestOf(bytes) });
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: type,
    config: describe('application/vnd.docker.container.image.v1+json', Buffer.from(config)),
    layers: layers.map((layer) => describe('application/vnd.docker.image.rootfs.diff.tar', layer)),
  });
  const put = await fetch(`http://${host}/v2/${name}/manifests/${tag}`, {
    method: 'PUT',
    body: manifest,
    headers: { 'content-type': type },
  });
  if (put.status !== 201) throw new Error(`the registry refused the manifest: ${put.status} ${await put.text()}`);
}
