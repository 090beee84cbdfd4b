// The registry of an artifact: its reference read, the user's credentials found, the client made.
import { configDirectory, readDockerConfig } from '../docker-config.ts';
import { WindlassError } from '../errors.ts';
import type { Host } from '../host.ts';
import { RegistryClient } from '../registry/client.ts';
import { credentialsFor, registryOf } from '../registry/credentials.ts';
import { familiarName, parseReference, type Reference } from '../registry/reference.ts';

export interface RegistrySurroundings {
  readonly host: Host;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Registries that are spoken to without TLS, `host[:port]`; those on loopback always are. */
  readonly insecure: readonly string[];
  readonly signal?: AbortSignal;
}

export interface Repository {
  readonly reference: Reference;
  /** The tag or digest that the reference asks for. */
  readonly version: string;
  /** `registry/repository:tag` as people write it. */
  readonly name: string;
  readonly client: RegistryClient;
}

/** The repository that `text` names. @throws WindlassError where it names none. */
export async function openRepository(text: string, surroundings: RegistrySurroundings): Promise<Repository> {
  const reference = parseReference(text);
  if (!reference)
    throw new WindlassError('OCI_REFERENCE', `"${text}" is no reference to a repository`, {
      hint: 'write it as registry/name:tag, in lower case',
    });
  const { host, env, insecure, signal } = surroundings;
  const config = readDockerConfig(configDirectory(env));
  const key = registryOf(`${reference.registry}/${reference.repository}`);
  const credentials = (await credentialsFor(key, config, host, signal)) ?? {};
  const version = reference.digest ?? reference.tag ?? 'latest';
  return {
    reference,
    version,
    name: `${familiarName(reference)}${reference.digest === undefined ? ':' : '@'}${version}`,
    client: new RegistryClient(reference, credentials, {
      plainHttp: insecure.includes(reference.registry),
      ...(signal === undefined ? {} : { signal }),
    }),
  };
}
