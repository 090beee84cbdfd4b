// Takes a snapshot: the contents of volumes at one moment, in a file that is there whole or not at all.
import type { Engine } from '../../engine/engine.ts';
import type { Project } from '../../model.ts';
import { Spool } from '../bundle/spool.ts';
import { type SavedVolume, saveVolumes } from '../bundle/volumes.ts';
import { type BundleCompression, type WrittenBundle, writeBundle } from '../bundle/write-bundle.ts';
import type { VolumePlace } from '../volumes/helper-container.ts';

export interface SnapshotToTake {
  readonly engine: Engine;
  readonly project: Project;
  /** Of the volumes. */
  readonly keys: readonly string[];
  readonly placeOf: (volume: string) => VolumePlace;
  /** Absolute. */
  readonly output: string;
  readonly compression: BundleCompression;
  readonly takenAt: Date;
  readonly signal?: AbortSignal;
}

/** Services wait while volumes are read, not while they are compressed. */
export async function takeSnapshot(options: SnapshotToTake): Promise<WrittenBundle> {
  const { engine, project, keys, placeOf, output, compression, takenAt, signal } = options;
  const spool = await Spool.beside(output);
  try {
    const saved = await saveVolumes({ engine, project, spool, placeOf, keys, ...(signal ? { signal } : {}) });
    signal?.throwIfAborted();
    return await writeBundle({
      manifest: {
        takenAt: takenAt.toISOString(),
        project: { name: project.name, directory: '.', composeFiles: [], profiles: [] },
        images: [],
        volumes: saved.map(({ content: _, ...volume }: SavedVolume) => volume),
        needs: { variables: [], secretFiles: [], hostPaths: [], networks: [], volumes: [], images: [] },
        environment: {},
      },
      parts: new Map(saved.map(({ path, content }) => [path, content])),
      ...{ output, compression },
      // Data of services is not for everybody who has an account here.
      mode: 0o600,
      ...(signal ? { signal } : {}),
    });
  } finally {
    await spool.remove();
  }
}
