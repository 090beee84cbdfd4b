// `moby.buildkit.v1.frontend.LLBBridge`: a client that brings its own frontend, as `docker buildx` does, asks for builds in here
// and tells at last which of them is the result.
import { GRPC, GrpcFailure, type Methods, type Unary } from '../../../../grpc-server.ts';
import {
  bytesOf,
  decode,
  encode,
  mapEntries,
  mapOf,
  messagesOf,
  numberOf,
  textMapOf,
  textOf,
} from '../../../../protobuf.ts';
import { imageDocument } from '../stage-state.ts';
import { type ControlParts, workerRecord } from './control.ts';
import { grpcFailure } from './failure.ts';
import type { Job, Returned } from './jobs.ts';
import { definitionOf, isDefinition } from './result.ts';
import { solveFrontend } from './solve.ts';

const BRIDGE = '/moby.buildkit.v1.frontend.LLBBridge';
/** The header that says which build a call belongs to. */
const BUILD_ID = 'buildkit-controlapi-buildid';
/** What clients may expect of these methods. */
const CAPABILITIES = [
  'solve.base',
  'return',
  'returnmap',
  'proto.refarray',
  'reference.output',
  'frontend.inputs',
  'gateway.evaluate',
];
/** What builds may hold, so far as clients look before they ask. */
const BUILD_CAPABILITIES = ['source.image', 'source.local', 'exec.meta.base', 'file.base', 'constraints', 'platform'];

export function bridgeMethods(parts: ControlParts): Methods {
  const capabilities = (names: readonly string[]): Buffer[] => names.map((name) => encode({ 1: name, 2: true }));
  /** A method that belongs to a build. */
  const within =
    (method: (job: Job, request: Buffer) => Promise<Buffer> | Buffer): Unary =>
    async (request, { headers, signal }) => {
      const job = await parts.jobs.find(String(headers[BUILD_ID] ?? ''), signal);
      try {
        return await method(job, request);
      } catch (error) {
        throw grpcFailure(error, job.signal);
      }
    };
  const pong = encode({
    1: capabilities(CAPABILITIES),
    2: capabilities(BUILD_CAPABILITIES),
    3: [workerRecord(parts)],
  });
  return {
    unary: {
      [`${BRIDGE}/Ping`]: within(() => pong),
      [`${BRIDGE}/Inputs`]: within(() => encode({})),
      // Results are complete from the start.
      [`${BRIDGE}/Evaluate`]: within(() => encode({})),
      [`${BRIDGE}/Warn`]: within(() => encode({})),
      [`${BRIDGE}/Solve`]: within((job, bytes) => solve(parts, job, bytes)),
      [`${BRIDGE}/Return`]: within((job, bytes) => {
        job.finish(returned(bytes));
        return encode({});
      }),
    },
    streaming: {},
  };
}

async function solve(parts: ControlParts, job: Job, bytes: Buffer): Promise<Buffer> {
  const request = decode(bytes);
  const frontend = textOf(request, 2);
  if (frontend === '' || isDefinition(bytesOf(request, 1)))
    throw new GrpcFailure(
      GRPC.unimplemented,
      'graphs of build steps (LLB) are not served by the windlass native engine',
    );
  const input = { attributes: textMapOf(request, 3), inputs: mapOf(request, 13) };
  const id = await job.solve(() => solveFrontend(parts, job, frontend, input));
  const made = job.result(id);
  const metadata = made ? mapEntries([['containerimage.config', imageDocument(made.states[0])]]) : [];
  return encode({ 3: encode({ 3: encode({ 1: id, 2: definitionOf(id) }), 10: metadata }) });
}

/** A `ReturnRequest`. */
function returned(bytes: Buffer): Returned {
  const request = decode(bytes);
  const error = bytesOf(request, 2);
  if (error.length > 0) {
    const status = decode(error);
    return { failure: new GrpcFailure(numberOf(status, 1), textOf(status, 2), error) };
  }
  const result = decode(bytesOf(request, 1));
  // One result as it is, or the only one of several platforms.
  const refs = [...messagesOf(result, 3), ...[...mapOf(decode(bytesOf(result, 4)), 1).values()].map(decode)];
  const ids = [textOf(result, 1), ...refs.map((ref) => textOf(ref, 1))].filter((id) => id !== '');
  if (ids.length > 1)
    return { failure: new GrpcFailure(GRPC.unimplemented, 'several results in one build are not supported') };
  return { result: ids[0] };
}
