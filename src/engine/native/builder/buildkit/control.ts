// `moby.buildkit.v1.Control`: what clients of BuildKit ask of its daemon.
import type { Duplex } from 'node:stream';
import { GRPC, GrpcFailure, type Methods } from '../../../../grpc-server.ts';
import {
  bytesOf,
  decode,
  encode,
  type Message,
  mapEntries,
  mapOf,
  messagesOf,
  textMapOf,
  textOf,
} from '../../../../protobuf.ts';
import { badRequest } from '../../server/api-error.ts';
import type { Made } from '../builder.ts';
import { diskUsage, prune } from './cache-records.ts';
import { checkExporters, type Exporter, exportResult } from './exporters.ts';
import { grpcFailure } from './failure.ts';
import { type FrontendParts, solveDockerfile } from './frontend.ts';
import type { Job } from './jobs.ts';
import { messageConnection } from './message-connection.ts';
import { isDefinition } from './result.ts';

const CONTROL = '/moby.buildkit.v1.Control';

export interface ControlParts extends FrontendParts {
  /** Name of this engine and its version. */
  readonly version: string;
  readonly architecture: string;
  /** The host's address as commands of builds see it. */
  hostGateway(): string;
  /** Takes over a session's connection. */
  adoptSession(id: string, connection: Duplex): void;
}

export function controlMethods(parts: ControlParts): Methods {
  return {
    unary: {
      [`${CONTROL}/ListWorkers`]: () => encode({ 1: [workerRecord(parts)] }),
      [`${CONTROL}/DiskUsage`]: () => diskUsage(parts),
      [`${CONTROL}/Info`]: () => encode({ 1: versionRecord(parts) }),
      [`${CONTROL}/Solve`]: (bytes, { signal }) =>
        parts.builder.during(signal, async (ending) => {
          try {
            return await solve(parts, solveRequest(decode(bytes)), ending);
          } catch (error) {
            throw grpcFailure(error, ending);
          }
        }),
    },
    streaming: {
      // A session that several builds share is opened in here, on the same connection as they are.
      [`${CONTROL}/Session`]: async ({ messages, send, headers }) => {
        const connection = messageConnection(messages, send);
        parts.adoptSession(String(headers['x-docker-expose-session-uuid'] ?? ''), connection);
        await new Promise<void>((resolve) => {
          connection.once('close', resolve);
        });
      },
      [`${CONTROL}/Prune`]: async ({ messages, send }) => {
        const { value } = await messages[Symbol.asyncIterator]().next();
        for (const record of await prune(parts, value ?? Buffer.alloc(0))) await send(record);
      },
      [`${CONTROL}/Status`]: async ({ messages, send, signal }) => {
        const { value } = await messages[Symbol.asyncIterator]().next();
        const progress = await parts.jobs.progress(value ? textOf(decode(value), 1) : '', signal);
        for await (const message of progress.follow(signal)) await send(message);
      },
    },
  };
}

/** A `WorkerRecord`: the one that builds here. */
export const workerRecord = (parts: ControlParts): Buffer =>
  encode({
    1: 'windlass',
    2: mapEntries([
      ['org.mobyproject.buildkit.worker.executor', 'windlass'],
      ['org.mobyproject.buildkit.worker.moby.host-gateway-ip', parts.hostGateway()],
    ]),
    3: [encode({ 1: parts.architecture, 2: 'linux' })],
    5: versionRecord(parts),
  });

const versionRecord = ({ version }: ControlParts): Buffer => encode({ 1: 'windlass', 2: `v${version}` });

interface SolveRequest {
  readonly ref: string;
  readonly session: string;
  /** Empty where the client brings a frontend of its own, which tells its result to the bridge. */
  readonly frontend: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly inputs: ReadonlyMap<string, Buffer>;
  readonly hasDefinition: boolean;
  readonly exporters: readonly Exporter[];
  readonly cacheExports: readonly string[];
}

function solveRequest(message: Message): SolveRequest {
  const exporters = messagesOf(message, 13).map((one) => ({ type: textOf(one, 1), attributes: textMapOf(one, 2) }));
  // As clients before BuildKit 0.13 name their only one.
  const only = { type: textOf(message, 3), attributes: textMapOf(message, 4) };
  return {
    ref: textOf(message, 1),
    session: textOf(message, 5),
    frontend: textOf(message, 6),
    attributes: textMapOf(message, 7),
    inputs: mapOf(message, 10),
    hasDefinition: isDefinition(bytesOf(message, 2)),
    exporters: exporters.length === 0 && only.type !== '' ? [only] : exporters,
    cacheExports: messagesOf(decode(bytesOf(message, 8)), 4).map((one) => textOf(one, 1)),
  };
}

async function solve(parts: ControlParts, request: SolveRequest, signal: AbortSignal): Promise<Buffer> {
  const job = parts.jobs.open(request.ref, request.session, signal);
  try {
    checkExporters(request.exporters);
    // An image's own history is what `cache_from` reads here: nothing has to be put into it.
    const refused = request.cacheExports.find((type) => type !== 'inline');
    if (refused !== undefined)
      throw badRequest(`cache export of type "${refused}" is not supported by the windlass native engine`);
    const made = await outcome(parts, job, request);
    const exporting = { ...parts, session: () => parts.session(request.session, signal) };
    const told = made ? await exportResult(exporting, job.progress, made, request.exporters) : new Map();
    return encode({ 1: mapEntries(told) });
  } finally {
    await parts.jobs.close(job);
  }
}

/** What a job came to; nothing where a client only wanted to talk. */
async function outcome(parts: ControlParts, job: Job, request: SolveRequest): Promise<Made | undefined> {
  if (request.hasDefinition)
    throw new GrpcFailure(
      GRPC.unimplemented,
      'graphs of build steps (LLB) are not served by the windlass native engine',
    );
  if (request.frontend !== '') {
    const id = await job.solve(() => solveFrontend(parts, job, request.frontend, request.attributes, request.inputs));
    return job.result(id);
  }
  const returned = await Promise.race([job.returned, aborted(job.signal)]);
  if ('failure' in returned) throw returned.failure;
  return returned.result === undefined ? undefined : parts.jobs.result(returned.result);
}

/** Builds with a frontend by name. There is one: images with frontends are images with Dockerfile's syntax, as far as is known. */
export function solveFrontend(
  parts: FrontendParts,
  job: Job,
  frontend: string,
  attributes: ReadonlyMap<string, string>,
  inputs: ReadonlyMap<string, Buffer>,
): Promise<Made> {
  const source = attributes.get('source') ?? '';
  const isDockerfile =
    frontend === 'dockerfile.v0' || /^(?:docker\.io\/)?docker\/dockerfile(?:-upstream)?(?::|@|$)/.test(source);
  if (!isDockerfile)
    throw badRequest(
      `frontend ${frontend === 'gateway.v0' ? source : frontend} is not served by the windlass native engine`,
    );
  return solveDockerfile(parts, job, attributes, inputs);
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const fail = (): void => reject(signal.reason);
    if (signal.aborted) fail();
    else signal.addEventListener('abort', fail, { once: true });
  });
}
