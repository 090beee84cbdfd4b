// A container on a volume that only the engine reaches: made for a moment from an image that the engine has.
import type { Engine } from '../../engine/engine.ts';
import { isNotFound } from '../../errors.ts';

/** A volume, and what it takes to reach it through the engine. */
export interface VolumePlace {
  readonly engine: Engine;
  /** Its real name. */
  readonly volume: string;
  /** Images of the project, of which the engine has at least one. */
  readonly images: readonly [string, ...string[]];
  /** Labels of the container that is made for a moment: those by which a later `down` finds it. */
  readonly labels: Readonly<Record<string, string>>;
  /** What its driver mounts is not in its folder while nobody uses it: only the engine knows the way. */
  readonly throughEngine?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Where the container has the volume. */
export const MOUNT = '/windlass-volume';

export interface HelperOptions {
  /** The first of the place's images that the engine has unless given. */
  readonly image?: string;
  readonly program?: readonly string[];
  /** Its standard input stays open, and has nothing in it. */
  readonly input?: boolean;
}

/** A copy has two at a time, and they may be made within a millisecond. */
let helpers = 0;

/** Made, not started. Returns its id; whoever made it removes it. */
export async function createHelper(place: VolumePlace, options: HelperOptions = {}): Promise<string> {
  const [first, ...others] = options.image === undefined ? place.images : [options.image];
  try {
    return await createFrom(first, place, options);
  } catch (error) {
    // A service whose profile was never active has an image that nobody has pulled.
    for (const image of isNotFound(error) ? others : []) {
      const id = await createFrom(image, place, options).catch(() => undefined);
      if (id !== undefined) return id;
    }
    throw error;
  }
}

const createFrom = (
  image: string,
  { engine, volume, labels, signal }: VolumePlace,
  { program = ['true'], input = false }: HelperOptions,
): Promise<string> =>
  engine.createContainer(
    {
      name: `windlass-volume-${process.pid}-${Date.now().toString(36)}-${++helpers}`,
      image,
      labels,
      service: {
        name: 'volume',
        image,
        command: [],
        entrypoint: program,
        user: '0:0',
        network_mode: 'none',
        volumes: [{ type: 'volume', source: 'volume', target: MOUNT, volume: { nocopy: true } }],
      },
      attachments: [],
      volumeNames: { volume },
      inheritedVolumes: {},
      fileMounts: [],
      oneOff: true,
      ...(input ? { openStdin: true } : {}),
    },
    signal,
  );
