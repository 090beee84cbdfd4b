// Caches as clients of BuildKit name them: where they come from, and where they go.
import { WindlassError } from '../../../../errors.ts';
import { badRequest } from '../../server/api-error.ts';
import type { Made } from '../builder.ts';
import { type CacheMode, type CacheTarget, exportCache } from '../caches/export-cache.ts';
import type { CacheSource } from '../caches/import-caches.ts';
import { registryTarget } from '../caches/registry-target.ts';
import type { SessionConnection } from '../session-connection.ts';
import { ContentStore } from './content-store.ts';
import type { ExportParts } from './exporters.ts';
import type { Progress } from './progress.ts';

/** A `CacheOptionsEntry`. */
export interface CacheExport {
  readonly type: string;
  readonly attributes: ReadonlyMap<string, string>;
}

const KINDS = new Set(['inline', 'local', 'registry']);

/** Looked at before anything is built. @throws ApiError */
export function checkCacheExports(exports: readonly CacheExport[]): void {
  for (const { type, attributes } of exports) {
    if (!KINDS.has(type))
      throw badRequest(
        `cache export of type "${type}" is not supported by the windlass native engine: inline, local or registry`,
      );
    const mode = attributes.get('mode') || 'min';
    if (mode !== 'min' && mode !== 'max') throw badRequest(`invalid mode "${mode}" of a cache export: min or max`);
    const needed = type === 'local' ? 'dest' : type === 'registry' ? 'ref' : undefined;
    if (needed !== undefined && !attributes.get(needed)) throw badRequest(`${type} cache exporter requires ${needed}`);
  }
}

/** Sends the cache of a build to all of them. Returns what the client is told. */
export async function exportCaches(
  parts: ExportParts,
  progress: Progress,
  made: Made,
  exports: readonly CacheExport[],
): Promise<ReadonlyMap<string, string>> {
  const told = new Map<string, string>();
  for (const { type, attributes } of exports) {
    // An image's own history is what is read of it: nothing has to be put into it.
    if (type === 'inline') continue;
    const vertex = progress.vertex(`exporting cache to ${type === 'local' ? 'client directory' : 'registry'}`);
    try {
      const mode = (attributes.get('mode') || 'min') as CacheMode;
      const target = await targetOf(parts, type, attributes);
      const { descriptor } = await exportCache(parts.images, made, mode, target);
      told.set('cache.manifest', JSON.stringify(descriptor));
      vertex.done();
    } catch (error) {
      vertex.done({ error: error instanceof Error ? error.message : String(error) });
      if (!['1', 'true'].includes(attributes.get('ignore-error') ?? '')) throw error;
    }
  }
  return told;
}

async function targetOf(
  parts: ExportParts,
  type: string,
  attributes: ReadonlyMap<string, string>,
): Promise<CacheTarget> {
  if (type === 'local') {
    const store = new ContentStore(await parts.session(), `local:${attributes.get('dest') ?? ''}`);
    return store.target(() => Promise.resolve());
  }
  return registryTarget(parts, attributes.get('ref') ?? '');
}

/** The caches that a build may look into. `store` opens a folder of the client. */
export function cacheSources(
  attributes: ReadonlyMap<string, string>,
  session: () => Promise<SessionConnection | undefined>,
): CacheSource[] {
  const named = (attributes.get('cache-from') ?? '').split(',').filter((name) => name !== '');
  const text = attributes.get('cache-imports') ?? '';
  let imports: unknown = [];
  try {
    if (text !== '') imports = JSON.parse(text);
  } catch (error) {
    throw new WindlassError('BUILD_REQUEST', 'failed to unmarshal cache-imports', { cause: error });
  }
  const entries = (Array.isArray(imports) ? imports : []) as readonly {
    readonly Type?: string;
    readonly Attrs?: Readonly<Record<string, string>>;
  }[];
  return [
    ...named.map((reference): CacheSource => ({ type: 'registry', reference })),
    ...entries.flatMap(({ Type, Attrs = {} }): CacheSource[] => {
      if (Type === 'registry' && Attrs.ref) return [{ type: 'registry', reference: Attrs.ref }];
      if (Type !== 'local' || !Attrs.digest) return [];
      const read: CacheSource & { type: 'local' } = {
        type: 'local',
        digest: Attrs.digest,
        read: async (digest) => {
          const open = await session();
          if (!open) throw new WindlassError('BUILD_CACHE', 'the build has no session that could give its cache');
          return new ContentStore(open, `local:${Attrs.src ?? ''}`).read(digest);
        },
      };
      return [read];
    }),
  ];
}
