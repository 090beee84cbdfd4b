// What the native engine's builder takes beyond the classic one: the client's session, further contexts, stages that are built
// anew. Pure.
import { resolve } from 'node:path';
import { EngineError } from '../../../errors.ts';
import type { Build } from '../../../model.ts';
import type { BuildRequest } from '../../engine.ts';
import { isRemoteContext } from './context.ts';

/** Method of a session by which the engine asks for a context: its name in, its archive out in pieces. */
export const CONTEXT_METHOD = '/windlass.build.v1.Contexts/Archive';

const IMAGE = 'docker-image://';

/** Further parts of the query of `POST /build`. */
export function nativeQuery(request: BuildRequest, session: string): Record<string, unknown> {
  const { build } = request;
  const contexts = Object.entries(build.additional_contexts ?? {}).map(([name, source]): [string, string] => {
    if (source.startsWith(IMAGE) || isRemoteContext(source)) return [name, source];
    if (/^[a-z][a-z0-9+.-]*:\/\//i.test(source))
      throw new EngineError(
        `service "${request.service}": additional context "${name}" is of a kind that the native engine does not fetch ("${source}")`,
        {
          ...{ kind: 'unsupported', verb: 'buildImage', resource: `the image of service "${request.service}"` },
          hint: 'name a folder, an image (docker-image://), a git repository or the address of an archive, or use a Docker Engine',
        },
      );
    return [name, 'client'];
  });
  return {
    session,
    ...(request.platforms.length > 1 ? { platform: request.platforms.join(',') } : {}),
    ...(contexts.length === 0 ? {} : { buildcontexts: JSON.stringify(Object.fromEntries(contexts)) }),
    ...(build.cache_to?.length ? { cacheto: JSON.stringify(build.cache_to) } : {}),
    ...(build.no_cache_filter === undefined ? {} : { nocachefilter: JSON.stringify(build.no_cache_filter) }),
  };
}

/** Folders among the further contexts, absolute, by name. */
export const localContexts = (build: Build): ReadonlyMap<string, string> =>
  new Map(
    Object.entries(build.additional_contexts ?? {})
      .filter(([, source]) => !/^[a-z][a-z0-9+.-]*:\/\//i.test(source))
      .map(([name, source]) => [name, resolve(source)]),
  );
