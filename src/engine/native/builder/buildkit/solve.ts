// A request to build, from whichever protocol it came: its frontend, then its exporters.
import { GRPC, GrpcFailure } from '../../../../grpc-server.ts';
import type { Credentials } from '../../../../registry/auth.ts';
import { badRequest } from '../../server/api-error.ts';
import type { Made } from '../builder.ts';
import { checkSyntax } from '../dockerfile/syntax.ts';
import type { SessionConnection } from '../session-connection.ts';
import type { Exporter } from './exporter-options.ts';
import { checkExporters, exportResult } from './exporters.ts';
import { type FrontendInput, type FrontendParts, solveDockerfile } from './frontend.ts';
import type { Job } from './jobs.ts';
import { type CacheExport, checkCacheExports, exportCaches } from './remote-caches.ts';

export interface SolveRequest extends FrontendInput {
  readonly ref: string;
  readonly session: string;
  /** Empty where the client brings a frontend of its own, which tells its result to the bridge. */
  readonly frontend: string;
  readonly hasDefinition: boolean;
  readonly exporters: readonly Exporter[];
  readonly cacheExports: readonly CacheExport[];
}

/** Carries a request out, and returns what the client is told of it at the end. */
export async function solve(
  parts: FrontendParts,
  request: SolveRequest,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const job = parts.jobs.open(request.ref, request.session, signal);
  try {
    checkExporters(request.exporters);
    checkCacheExports(request.cacheExports);
    const made = await outcome(parts, job, request);
    const session = (): Promise<SessionConnection> => parts.session(request.session, signal);
    const credentials = async (registry: string): Promise<Credentials> => {
      const sent = request.credentials?.(registry) ?? {};
      if (Object.keys(sent).length > 0 || request.session === '') return sent;
      return (await session()).credentials(registry);
    };
    const exporting = { ...parts, session, credentials };
    if (!made) return new Map();
    const told = await exportResult(exporting, job.progress, made, request.exporters);
    return new Map([...told, ...(await exportCaches(exporting, job.progress, made, request.cacheExports))]);
  } finally {
    await parts.jobs.close(job);
  }
}

/** What a job came to; nothing where a client only wanted to talk. */
async function outcome(parts: FrontendParts, job: Job, request: SolveRequest): Promise<Made | undefined> {
  if (request.hasDefinition)
    throw new GrpcFailure(
      GRPC.unimplemented,
      'graphs of build steps (LLB) are not served by the windlass native engine',
    );
  if (request.frontend !== '') {
    const id = await job.solve(() => solveFrontend(parts, job, request.frontend, request));
    return job.result(id);
  }
  const returned = await Promise.race([job.returned, aborted(job.signal)]);
  if ('failure' in returned) throw returned.failure;
  return returned.result === undefined ? undefined : parts.jobs.result(returned.result);
}

/** Builds with a frontend by name. There is one: images with frontends are images with Dockerfile's syntax, as far as is known. */
export function solveFrontend(parts: FrontendParts, job: Job, frontend: string, input: FrontendInput): Promise<Made> {
  const { attributes } = input;
  const source = attributes.get('source') ?? '';
  if (frontend === 'gateway.v0') checkSyntax(source);
  else if (frontend !== 'dockerfile.v0')
    throw badRequest(
      `frontend "${frontend}" is not served by the windlass native engine: it reads Dockerfiles (dockerfile.v0)`,
    );
  return solveDockerfile(parts, job, input);
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const fail = (): void => reject(signal.reason);
    if (signal.aborted) fail();
    else signal.addEventListener('abort', fail, { once: true });
  });
}
