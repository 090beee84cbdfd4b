// Emptying the build cache: everything, or what no image uses and nobody has used for a while.
import type { NativeEngine } from '../engine.ts';
import type { CacheEntry } from './cache.ts';

export interface Pruned {
  readonly entries: readonly CacheEntry[];
  /** Bytes that are free now. */
  readonly freed: number;
}

/** `before`: what was last used then or earlier, in milliseconds; folders of cache mounts go where it is not given. */
export async function pruneCache(
  engine: Pick<NativeEngine, 'builder' | 'images'>,
  { all, before }: { readonly all: boolean; readonly before: number | undefined },
): Promise<Pruned> {
  const { cache, cacheMounts } = engine.builder;
  const used = new Set(engine.images.images().flatMap((image) => image.config.rootfs.diff_ids));
  const sizes = new Map<string, number>();
  const entries = await cache.prune((entry) => {
    if (before !== undefined && entry.used > before) return false;
    if (!all && entry.layer && used.has(entry.layer.diffId)) return false;
    if (entry.layer && !used.has(entry.layer.diffId)) sizes.set(entry.layer.diffId, entry.layer.blobSize);
    return true;
  });
  const freed = before === undefined ? await cacheMounts.prune() : 0;
  return { entries, freed: [...sizes.values()].reduce((sum, size) => sum + size, freed) };
}
