// `cachefrom`: images whose history and layers stand for a cache, where they begin as the stage does.
import type { ImageLayer } from '../images/store.ts';
import type { BuildFacts } from './build-facts.ts';
import type { CacheImage } from './caches/import-caches.ts';
import type { StageState } from './stage-state.ts';

/** What a step led to in another image, whose layer may have to be fetched. */
export interface FoundElsewhere {
  readonly layer: ImageLayer | undefined;
  readonly created: string;
  readonly image: CacheImage;
}

/** What the next step led to in one of those images. */
export function layerOfOther(
  build: Pick<BuildFacts, 'cacheImages'>,
  state: StageState,
  createdBy: string,
): FoundElsewhere | undefined {
  for (const image of build.cacheImages) {
    const history = image.config.history ?? [];
    const entry = history[state.history.length];
    if (entry?.created_by !== createdBy) continue;
    const same =
      state.history.every(({ created_by }, index) => history[index]?.created_by === created_by) &&
      state.chain.every(({ diffId }, index) => image.layers[index]?.diffId === diffId);
    const layer = entry.empty_layer ? undefined : image.layers[state.chain.length];
    if (same && (entry.empty_layer || layer)) return { layer, image, created: entry.created ?? '' };
  }
  return undefined;
}
