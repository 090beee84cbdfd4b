// The build cache as `system df` lists it: layers of steps, and the folders of cache mounts.
import type { NativeEngine } from '../engine.ts';

type Record = Readonly<{ [field: string]: unknown }>;

export async function buildCacheUsage(engine: Pick<NativeEngine, 'builder' | 'images'>): Promise<Record[]> {
  const { cache, cacheMounts } = engine.builder;
  const shared = new Set(engine.images.images().flatMap((image) => image.config.rootfs.diff_ids));
  const seen = new Set<string>();
  const steps = await Promise.all(
    cache.all().flatMap((entry) => {
      const { layer } = entry;
      // Steps without a layer take no room worth a line; a layer of two steps is told once.
      if (!layer || seen.has(layer.diffId)) return [];
      seen.add(layer.diffId);
      return [
        engine.images.layerSize(layer.diffId).then((size) => ({
          ...{ ID: entry.key.slice(0, 25), Parents: null, Type: 'regular', Description: entry.text },
          ...{ InUse: false, Shared: shared.has(layer.diffId), Size: size, CreatedAt: entry.created },
          ...{ LastUsedAt: new Date(entry.used).toISOString(), UsageCount: entry.count },
        })),
      ];
    }),
  );
  const size = await cacheMounts.size();
  if (size === 0) return steps;
  const now = new Date().toISOString();
  const mounts = {
    ...{ ID: 'cache-mounts', Parents: null, Type: 'exec.cachemount', Description: 'RUN --mount=type=cache' },
    ...{ InUse: false, Shared: false, Size: size, CreatedAt: now, LastUsedAt: now, UsageCount: 1 },
  };
  return [...steps, mounts];
}
