// The build cache as clients of BuildKit list and empty it: `docker buildx du`, `docker buildx prune`.
import { decode, encode, numberOf } from '../../../../protobuf.ts';
import { pruneCache } from '../prune.ts';
import { buildCacheUsage } from '../usage.ts';
import { timestampOf } from './progress.ts';

type Parts = Parameters<typeof pruneCache>[0];

/** A `DiskUsageResponse`. */
export async function diskUsage(parts: Parts): Promise<Buffer> {
  const records = (await buildCacheUsage(parts)).map((usage) =>
    encode({
      ...{ 1: String(usage.ID), 3: usage.InUse === true, 4: Number(usage.Size ?? 0), 6: time(usage.CreatedAt) },
      ...{ 7: time(usage.LastUsedAt), 8: Number(usage.UsageCount ?? 0), 9: String(usage.Description ?? '') },
      ...{ 10: String(usage.Type ?? ''), 11: usage.Shared === true },
    }),
  );
  return encode({ 1: records });
}

/** Carries a `PruneRequest` out; returns a `UsageRecord` for everything that went. */
export async function prune(parts: Parts, request: Buffer): Promise<Buffer[]> {
  const message = decode(request);
  // Nanoseconds.
  const kept = numberOf(message, 3) / 1e6;
  const pruned = await pruneCache(parts, {
    all: numberOf(message, 2) === 1,
    before: kept > 0 ? Date.now() - kept : undefined,
  });
  const layers = pruned.entries.flatMap((entry) => (entry.layer ? [{ entry, size: entry.layer.blobSize }] : []));
  return layers.map(({ entry, size }) => encode({ 1: entry.key.slice(0, 25), 4: size, 9: entry.text, 10: 'regular' }));
}

function time(value: unknown): Buffer | undefined {
  const milliseconds = Date.parse(String(value));
  return Number.isNaN(milliseconds) ? undefined : timestampOf(milliseconds);
}
