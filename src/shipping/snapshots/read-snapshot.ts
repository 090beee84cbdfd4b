// Reads a snapshot, or the volumes of a bundle, and believes nothing: all of it is read, every digest compared and every archive
// looked through, before anybody acts on any of it.
import { createHash } from 'node:crypto';
import { messageOf, WindlassError } from '../../errors.ts';
import type { BundleVolume } from '../bundle/manifest.ts';
import { type BundleHead, contentsOf, readBundle } from '../bundle/read-bundle.ts';
import { checkVolume, type VolumeFacts } from '../volumes/check-volume.ts';
import { interruptible } from '../volumes/interruptible.ts';
import type { NewContents } from '../volumes/replace-volume.ts';
import { VolumeError } from '../volumes/volume-error.ts';

/** Throws VolumeError for a file that is damaged, cut short, hostile, or no snapshot at all. */
export async function checkSnapshot(file: string, signal?: AbortSignal): Promise<BundleHead> {
  const archives = new Map<string, VolumeFacts>();
  try {
    const head = await readBundle(file, async ({ path }, content) => {
      const bytes = interruptible(content, signal);
      if (path.startsWith('volumes/')) archives.set(path, await checkVolume(bytes));
      else for await (const _ of bytes);
    });
    const { volumes } = head.manifest;
    if (volumes.length === 0) throw new VolumeError('there are no volumes in it');
    const keys = new Set<string>();
    for (const volume of volumes) {
      checkFacts(volume, archives.get(volume.path));
      if (keys.has(volume.key)) throw new VolumeError(`it lists volume "${volume.key}" twice`);
      keys.add(volume.key);
    }
    return head;
  } catch (error) {
    if (!(error instanceof WindlassError)) throw error;
    throw new VolumeError(`the snapshot "${file}" is refused: ${messageOf(error)}`, {
      cause: error,
      hint: 'nothing was changed; use another snapshot, or get this one again from where it came from',
    });
  }
}

function checkFacts({ key, path, entries, unpackedSize }: BundleVolume, found: VolumeFacts | undefined): void {
  if (found === undefined)
    throw new VolumeError(`"${path}", the contents of volume "${key}", is not among its volumes`);
  if (found.entries !== entries || found.unpackedSize !== unpackedSize)
    throw new VolumeError(`the contents of volume "${key}" are not what it says they are`);
}

/** Hands on the archives of the volumes that are wanted, of a snapshot that has been checked. Throws where one is another by now. */
export async function readVolumes(
  file: string,
  volumes: readonly BundleVolume[],
  take: (volume: BundleVolume, contents: NewContents) => Promise<void>,
): Promise<void> {
  for await (const { content, bytes } of contentsOf(file)) {
    const wanted = volumes.find(({ path }) => path === content.path);
    if (wanted === undefined) continue;
    const { entries, unpackedSize } = wanted;
    const archive = unchanged(file, content.digest, bytes());
    await take(wanted, { entries, unpackedSize, size: content.size, archive });
  }
}

async function* unchanged(file: string, digest: string, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  for await (const chunk of bytes) {
    hash.update(chunk);
    yield chunk;
  }
  if (`sha256:${hash.digest('hex')}` !== digest) throw new VolumeError(`"${file}" changed while it was read`);
}
