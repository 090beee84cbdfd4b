// BuildKit through the buildx plugin, which brings sessions, secrets, ssh, caches and several platforms with it.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { EngineError, messageOf } from '../../../errors.ts';
import type { BuildRequest } from '../../engine.ts';
import type { Client } from '../client.ts';
import { fromWords, interruption } from '../failures.ts';
import { buildxCall } from './arguments.ts';

/** How much of the output's end is kept for the error message. */
const TAIL = 4096;

/** Builds and returns the image's id. */
export async function buildWithBuildx(
  client: Client,
  plugin: string,
  request: BuildRequest,
  onOutput: (text: string) => void,
  signal: AbortSignal | undefined,
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'windlass-build-'));
  try {
    const idFile = join(folder, 'image-id');
    const call = buildxCall(request, idFile);
    const env = {
      ...client.env,
      ...engineEnvironment(client),
      ...call.environment,
      DOCKER_CLI_PLUGIN_ORIGINAL_CLI_COMMAND: undefined,
    };
    const { code, tail } = await run(plugin, call, env, onOutput, signal);
    signal?.throwIfAborted();
    if (code !== 0) throw failure(client, request, code, tail, signal);
    return request.check === true ? '' : (await readFile(idFile, 'utf8')).trim();
  } catch (error) {
    if (signal?.aborted === true) throw interruption(signal);
    throw error;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** buildx finds the engine by itself where the environment or the context named it; it is told of any other. */
function engineEnvironment(client: Client): Record<string, string> {
  return client.target.namedByUser === true ? {} : { DOCKER_HOST: client.endpoint };
}

interface Ended {
  readonly code: number | null;
  readonly tail: string;
}

function run(
  plugin: string,
  call: ReturnType<typeof buildxCall>,
  env: Readonly<Record<string, string | undefined>>,
  onOutput: (text: string) => void,
  signal: AbortSignal | undefined,
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(plugin, call.args, {
      env,
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(signal === undefined ? {} : { signal }),
    });
    let tail = '';
    for (const stream of [child.stdout, child.stderr]) {
      const decoder = new StringDecoder('utf8');
      stream.on('data', (chunk: Buffer) => {
        const text = decoder.write(chunk);
        tail = (tail + text).slice(-TAIL);
        onOutput(text);
      });
    }
    child.stdin.on('error', () => {
      // A build that fails early does not read its Dockerfile; its exit status tells.
    });
    child.stdin.end(call.input ?? '');
    child.on('error', (cause) =>
      reject(
        new EngineError(`cannot run "${plugin}": ${messageOf(cause)}`, {
          kind: 'failed',
          verb: 'buildImage',
          hint: 'reinstall docker-buildx',
          cause,
        }),
      ),
    );
    child.on('close', (code) => resolve({ code, tail }));
  });
}

function failure(
  client: Client,
  request: BuildRequest,
  code: number | null,
  tail: string,
  signal: AbortSignal | undefined,
): EngineError {
  // buildx ends with `ERROR: failed to solve: …`; what the failed command printed is above it, already shown.
  const said =
    /^ERROR: (.+)$/m.exec(tail)?.[1] ?? (tail.trim().split('\n').at(-1) || `buildx ended with status ${code}`);
  return fromWords(said, {
    verb: 'buildImage',
    resource: `the image of service "${request.service}"`,
    endpoint: client.endpoint,
    signal,
  });
}
