// The first words with an engine: what it is, which API version both speak, how it builds.
import { EngineError } from '../../errors.ts';
import type { Capabilities, EngineKind } from '../engine.ts';
import type { Answer } from './answer-reader.ts';
import { toEngineError } from './failures.ts';
import { answerMessage, EngineAnswer, type Modem } from './modem.ts';
import type { EngineTarget } from './target.ts';
import { abilities, negotiate } from './versions.ts';

export interface Greeting {
  readonly kind: EngineKind;
  readonly capabilities: Omit<Capabilities, 'builder'>;
  /** The engine can build with BuildKit. */
  readonly hasBuildKit: boolean;
}

interface HandshakeOptions {
  readonly target: EngineTarget;
  readonly endpoint: string;
  readonly signal?: AbortSignal | undefined;
}

/** Node's names of processor architectures → the engine's. */
const ARCHITECTURE: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' };

/**
 * Leaves the negotiated version with the modem. Asks `/_ping`, which takes half a millisecond; `/version`, which starts
 * programs in the engine and takes ten, is asked only of remote engines, whose architecture is not this machine's.
 */
export async function handshake(modem: Modem, options: HandshakeOptions): Promise<Greeting> {
  const { endpoint, target, signal } = options;
  try {
    const ping = await ask(modem, '/_ping', signal);
    const offered = header(ping, 'api-version');
    if (offered === '') throw notAnEngine(endpoint);
    const apiVersion = negotiate(offered, target.apiVersion, endpoint);
    modem.version = apiVersion;
    const server = header(ping, 'server');
    const kind = kindOf(ping, server);
    return {
      kind,
      capabilities: {
        kind,
        engineVersion: /\/(\S+)/.exec(server)?.[1] ?? '',
        apiVersion,
        os: header(ping, 'ostype') || 'linux',
        architecture:
          target.address.type === 'unix'
            ? (ARCHITECTURE[process.arch] ?? process.arch)
            : await remoteArchitecture(modem, signal),
        ...abilities(apiVersion),
      },
      // BuildKit is in every Docker Engine from API 1.38 on Linux, chosen or not; Podman has its own builder.
      hasBuildKit: kind === 'docker' && header(ping, 'ostype') !== 'windows',
    };
  } catch (error) {
    throw toEngineError(error, { verb: 'connect', endpoint, signal });
  }
}

const notAnEngine = (endpoint: string): EngineError =>
  new EngineError(`what answers at ${endpoint} is not a container engine`, {
    ...{ kind: 'unavailable', verb: 'connect' },
    hint: 'check the address in DOCKER_HOST or the docker context',
  });

const header = ({ headers }: Answer, name: string): string => headers[name] ?? '';

async function ask(modem: Modem, path: string, signal: AbortSignal | undefined): Promise<Answer> {
  const answer = await modem.look(path, signal);
  if (answer.status !== 200) throw new EngineAnswer(answer.status, answerMessage(answer));
  return answer;
}

async function remoteArchitecture(modem: Modem, signal: AbortSignal | undefined): Promise<string> {
  const answer: unknown = JSON.parse((await ask(modem, '/version', signal)).text);
  return typeof answer === 'object' && answer !== null && 'Arch' in answer ? String(answer.Arch) : '';
}

/** The `Server` header is `Docker/20.10.24 (linux)`, `Libpod/5.0.0 (linux)` or `windlass/…`. */
function kindOf(ping: Answer, server: string): EngineKind {
  if (header(ping, 'libpod-api-version') !== '' || server.startsWith('Libpod')) return 'podman';
  return server.toLowerCase().startsWith('windlass') ? 'native' : 'docker';
}
