// Being docker's CLI plugin `compose`: what docker asks, what it passes, and how it says that it is time to stop.
// https://github.com/docker/cli/blob/master/cli-plugins — metadata.go, socket.go
import type { Socket } from 'node:net';
import { COMPOSE_VERSION } from '../names.ts';
import { goJson } from './output/go-json.ts';
import { WINDLASS_VERSION } from './version.ts';

/** docker calls every program in its plugin folders with this one argument. */
const METADATA_COMMAND = 'docker-cli-plugin-metadata';
const PLUGIN = 'compose';
const SOCKET = 'DOCKER_CLI_PLUGIN_SOCKET';

/** The answer to docker's question, or undefined when it is not asked. */
export function pluginMetadata(argv: readonly string[]): string | undefined {
  if (argv.length !== 1 || argv[0] !== METADATA_COMMAND) return undefined;
  return `${goJson({
    SchemaVersion: '0.1.0',
    Vendor: 'windlass',
    Version: `${COMPOSE_VERSION}+windlass.${WINDLASS_VERSION}`,
    ShortDescription: 'Docker Compose',
  })}\n`;
}

export interface PluginCall {
  /** The arguments after `compose`. */
  readonly argv: readonly string[];
  /** What docker's own flags before `compose` mean, as the variables that mean the same. */
  readonly env: Readonly<Record<string, string>>;
}

/** docker's global flags that take a value → the variable that says the same; undefined where there is none. */
const VALUE_FLAGS: Readonly<Record<string, string | undefined>> = {
  '--config': 'DOCKER_CONFIG',
  '--context': 'DOCKER_CONTEXT',
  '-c': 'DOCKER_CONTEXT',
  '--host': 'DOCKER_HOST',
  '-H': 'DOCKER_HOST',
  '--log-level': undefined,
  '-l': undefined,
  '--tlscacert': undefined,
  '--tlscert': undefined,
  '--tlskey': undefined,
};
const SWITCHES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  '--debug': {},
  '-D': {},
  '--tls': { DOCKER_TLS: '1' },
  '--tlsverify': { DOCKER_TLS_VERIFY: '1' },
};

/** docker passes its whole command line: `--context x compose up -d`. Undefined when this is none of docker's. */
export function pluginCall(argv: readonly string[]): PluginCall | undefined {
  const env: Record<string, string> = {};
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at] ?? '';
    if (word === PLUGIN) return { argv: argv.slice(at + 1), env };
    const [flag = '', written] = /^(--[^=]+)=(.*)$/s.exec(word)?.slice(1) ?? [word];
    if (flag in VALUE_FLAGS) {
      const variable = VALUE_FLAGS[flag];
      const value = written ?? argv[++at] ?? '';
      if (variable !== undefined) env[variable] = value;
      // A host that is named wins over a context from the environment, as in docker.
      if (variable === 'DOCKER_HOST') env.DOCKER_CONTEXT = '';
      if (variable === 'DOCKER_CONTEXT') env.DOCKER_HOST = '';
    } else if (SWITCHES[flag] !== undefined) Object.assign(env, SWITCHES[flag]);
    else return undefined;
  }
  return undefined;
}

/**
 * docker keeps a socket open while the plugin may run, and closes it when it was itself told to stop. Without a terminal
 * that is the only way in which an interrupt reaches the plugin.
 */
export function watchCaller(env: Readonly<Record<string, string | undefined>>, onStop: () => void): void {
  const address = env[SOCKET];
  if (address === undefined || address === '') return;
  // Loaded here: few commands start as a plugin.
  void import('node:net').then(({ connect }) => {
    // Go writes the zero byte of an abstract address as `@`.
    watchSocket(connect(address.startsWith('@') ? `\0${address.slice(1)}` : address), onStop);
  });
}

function watchSocket(socket: Socket, onStop: () => void): void {
  socket.unref();
  let connected = false;
  socket.on('connect', () => {
    connected = true;
  });
  socket.on('error', () => {
    // An older docker removes the socket at once: then there is nothing to watch.
  });
  socket.on('close', () => {
    if (connected) onStop();
  });
  socket.resume();
}
