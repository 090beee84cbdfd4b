// `cachefrom`: images whose history and layers stand for a cache, where they begin as the stage does.
import { findImage } from '../images/lookup.ts';
import type { ImageLayer } from '../images/store.ts';
import type { BuildFacts } from './build-facts.ts';
import type { StageState } from './stage-state.ts';

/** What the next step led to in one of those images. */
export function layerOfOther(
  build: Pick<BuildFacts, 'images' | 'options'>,
  state: StageState,
  createdBy: string,
): { readonly layer: ImageLayer | undefined; readonly created: string } | undefined {
  for (const name of build.options.cacheFrom) {
    const image = findImage(build.images, name);
    const history = image?.config.history ?? [];
    const entry = history[state.history.length];
    if (!image || entry?.created_by !== createdBy) continue;
    const same =
      state.history.every(({ created_by }, index) => history[index]?.created_by === created_by) &&
      state.chain.every(({ diffId }, index) => image.layers[index]?.diffId === diffId);
    const layer = entry.empty_layer ? undefined : image.layers[state.chain.length];
    if (same && (entry.empty_layer || layer)) return { layer, created: entry.created ?? '' };
  }
  return undefined;
}
