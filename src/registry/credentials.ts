// Credentials for a registry, where docker keeps them: config.json, a credential store, or a helper per registry.

import type { DockerConfig, StoredAuth } from '../docker-config.ts';
import { EngineError, HostError, messageOf } from '../errors.ts';
import type { Host } from '../host.ts';
import { text } from '../json.ts';
import { debug } from '../log.ts';

/** What the engine takes in X-Registry-Auth. A secret: never logged, never in a message. */
export interface RegistryAuth {
  readonly username?: string;
  readonly password?: string;
  readonly identitytoken?: string;
  readonly registrytoken?: string;
  readonly serveraddress: string;
}

/** The key under which docker stores credentials of Docker Hub. */
export const DOCKER_HUB = 'https://index.docker.io/v1/';

/** The registry of a reference: `localhost:5000`, `ghcr.io`, or Docker Hub's key. */
export function registryOf(reference: string): string {
  const slash = reference.indexOf('/');
  const first = slash < 0 ? '' : reference.slice(0, slash);
  const isHost = first.includes('.') || first.includes(':') || first === 'localhost';
  if (!isHost || first === 'docker.io' || first === 'index.docker.io') return DOCKER_HUB;
  return first;
}

/**
 * Credentials for a registry; undefined when none are kept.
 * @throws EngineError when a credential helper is configured and fails for another reason than having none.
 */
export async function credentialsFor(
  registry: string,
  config: DockerConfig,
  host: Host,
  signal?: AbortSignal,
): Promise<RegistryAuth | undefined> {
  const helper = config.credHelpers?.[hostOf(registry)] ?? config.credHelpers?.[registry] ?? config.credsStore ?? '';
  if (helper !== '') {
    const found = await fromHelper(helper, registry, host, signal);
    if (found !== undefined) return found;
  }
  return fromFile(registry, config.auths ?? {});
}

/** `https://ghcr.io/v2/` → `ghcr.io`: how registries are compared, as docker does. */
const hostOf = (key: string): string => key.replace(/^https?:\/\//, '').split('/')[0] ?? '';

function fromFile(registry: string, auths: Readonly<Record<string, StoredAuth>>): RegistryAuth | undefined {
  const key =
    Object.keys(auths).find((name) => name === registry) ??
    Object.keys(auths).find((name) => hostOf(name) === hostOf(registry));
  const stored = key === undefined ? undefined : auths[key];
  if (stored === undefined) return undefined;
  const [username, password] = decode(stored);
  const auth = {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(stored.identitytoken === undefined ? {} : { identitytoken: stored.identitytoken }),
    ...(stored.registrytoken === undefined ? {} : { registrytoken: stored.registrytoken }),
  };
  // `docker login` with a store leaves an empty entry behind.
  return Object.keys(auth).length === 0 ? undefined : { ...auth, serveraddress: registry };
}

function decode(stored: StoredAuth): [string | undefined, string | undefined] {
  if (stored.auth === undefined || stored.auth === '') return [stored.username, stored.password];
  const plain = Buffer.from(stored.auth, 'base64').toString();
  const colon = plain.indexOf(':');
  return colon < 1 ? [undefined, undefined] : [plain.slice(0, colon), plain.slice(colon + 1).replace(/^\0+|\0+$/g, '')];
}

/** The protocol of docker-credential-*: the registry on standard input, JSON on standard output. */
async function fromHelper(
  helper: string,
  registry: string,
  host: Host,
  signal: AbortSignal | undefined,
): Promise<RegistryAuth | undefined> {
  const program = `docker-credential-${helper}`;
  const refuse = (why: string, cause?: unknown): EngineError =>
    new EngineError(`cannot get the credentials for registry "${hostOf(registry)}": ${why}`, {
      ...{ kind: 'failed', verb: 'credentials', cause },
      hint: `docker's config.json names the helper "${helper}": install ${program}, or remove that entry and run "docker login"`,
    });
  try {
    const { exitCode, stdout, stderr } = await host.run(program, ['get'], {
      input: registry,
      ...(signal === undefined ? {} : { signal }),
    });
    if (exitCode === 0) return parseHelper(stdout, registry);
    const said = `${stdout} ${stderr}`;
    // Helpers report an unknown registry as a failure with these words.
    if (/credentials not found|no credentials server URL|no credentials username/i.test(said)) return undefined;
    throw refuse(`${program} ended with status ${exitCode}`);
  } catch (error) {
    if (error instanceof EngineError) throw error;
    if (error instanceof HostError && /ENOENT/.test(messageOf(error)))
      throw refuse(`${program} is not installed`, error);
    throw refuse(`${program} cannot be run`, error);
  }
}

function parseHelper(output: string, registry: string): RegistryAuth | undefined {
  let answer: { readonly Username?: unknown; readonly Secret?: unknown } | null;
  try {
    answer = JSON.parse(output);
  } catch {
    debug('credentials', () => `the helper for ${hostOf(registry)} answered with something that is not JSON`);
    return undefined;
  }
  const [username, secret] = [text(answer?.Username), text(answer?.Secret)];
  if (secret === '') return undefined;
  // A user name of "<token>" marks an identity token.
  if (username === '<token>') return { identitytoken: secret, serveraddress: registry };
  return { username, password: secret, serveraddress: registry };
}

/** Every credential in config.json's own entries, keyed by registry: what a build may need for any base image. */
export async function allCredentials(
  config: DockerConfig,
  host: Host,
  signal?: AbortSignal,
): Promise<Record<string, RegistryAuth>> {
  const registries = new Set([...Object.keys(config.auths ?? {}), ...Object.keys(config.credHelpers ?? {})]);
  const found: Record<string, RegistryAuth> = {};
  for (const registry of registries) {
    // A helper that fails must not stop a build that may not need it.
    const auth = await credentialsFor(registry, config, host, signal).catch(() => undefined);
    if (auth !== undefined) found[registry] = auth;
  }
  return found;
}
