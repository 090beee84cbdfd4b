// docker's config.json: where credentials come from, proxies for containers, the current context, extra headers.
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { reasonOf, WindlassError } from './errors.ts';

type Env = Readonly<Record<string, string | undefined>>;

export interface StoredAuth {
  readonly auth?: string;
  readonly username?: string;
  readonly password?: string;
  readonly identitytoken?: string;
  readonly registrytoken?: string;
}

interface ProxySettings {
  readonly httpProxy?: string;
  readonly httpsProxy?: string;
  readonly noProxy?: string;
  readonly ftpProxy?: string;
  readonly allProxy?: string;
}

export interface DockerConfig {
  readonly auths?: Readonly<Record<string, StoredAuth>>;
  readonly credsStore?: string;
  readonly credHelpers?: Readonly<Record<string, string>>;
  readonly currentContext?: string;
  readonly HttpHeaders?: Readonly<Record<string, string>>;
  readonly proxies?: Readonly<Record<string, ProxySettings>>;
  readonly cliPluginsExtraDirs?: readonly string[];
}

/** DOCKER_CONFIG, else `~/.docker`. */
export const configDirectory = (env: Env): string => env.DOCKER_CONFIG || join(env.HOME || homedir(), '.docker');

/**
 * Reads config.json of a directory; empty where there is none.
 * @throws WindlassError when it is there but is not JSON. Its contents are secrets: they never enter a message.
 */
export function readDockerConfig(directory: string): DockerConfig {
  const path = join(directory, 'config.json');
  if (!existsSync(path)) return {};
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new WindlassError('DOCKER_CONFIG', `cannot read "${path}": ${reasonOf(cause)}`, {
      hint: 'make it readable, or point DOCKER_CONFIG elsewhere',
    });
  }
  try {
    const parsed: unknown = text.trim() === '' ? {} : JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed;
  } catch {
    // Falls through: the parser's message would quote the file.
  }
  throw new WindlassError('DOCKER_CONFIG', `"${path}" is not a JSON object`, {
    hint: 'repair it, or move it away and run "docker login" again',
  });
}

const PROXY_VARIABLES = {
  HTTP_PROXY: 'httpProxy',
  HTTPS_PROXY: 'httpsProxy',
  NO_PROXY: 'noProxy',
  FTP_PROXY: 'ftpProxy',
  ALL_PROXY: 'allProxy',
} as const;

/** The proxy variables that config.json gives to every container: in capitals and in small letters. */
export function proxyEnvironment(config: DockerConfig, endpoint: string): Record<string, string> {
  const settings = config.proxies?.[endpoint] ?? config.proxies?.default ?? {};
  const environment: Record<string, string> = {};
  for (const [variable, key] of Object.entries(PROXY_VARIABLES)) {
    const value = settings[key];
    if (value === undefined || value === '') continue;
    environment[variable] = value;
    environment[variable.toLowerCase()] = value;
  }
  return environment;
}
