// The one Engine implementation: dockerode against anything that speaks the Docker Engine API.

import { readDockerConfig } from '../../docker-config.ts';
import { type Host, realHost } from '../../host.ts';
import type { Capabilities, Engine, EngineKind } from '../engine.ts';
import { openWire } from './agents.ts';
import { archiveVerbs } from './archives.ts';
import { builderOf, buildVerbs } from './build/index.ts';
import type { Client } from './client.ts';
import { containerVerbs } from './containers.ts';
import { eventVerbs } from './events.ts';
import { handshake } from './handshake.ts';
import { imageVerbs } from './images.ts';
import { Modem } from './modem.ts';
import { networkVerbs } from './networks.ts';
import { observeVerbs } from './observe.ts';
import { streamVerbs } from './streams.ts';
import { type EngineTarget, formatAddress } from './target.ts';
import { volumeVerbs } from './volumes.ts';

export interface ConnectOptions {
  readonly host?: Host;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal;
}

/**
 * Connects to the engine at a target: pings it and negotiates the API version.
 * @throws EngineError `unavailable` when nothing answers there, `unsupported` when its API is too old.
 */
export async function connectDockerEngine(target: EngineTarget, options: ConnectOptions = {}): Promise<Engine> {
  const env = options.env ?? process.env;
  const config = readDockerConfig(target.configDirectory);
  const endpoint = formatAddress(target.address);
  const wire = await openWire(target);
  const modem = new Modem(wire, { ...config.HttpHeaders, ...target.headers });
  const greeting = await handshake(modem, { target, endpoint, signal: options.signal });
  const { kind } = greeting;
  const capabilities: Capabilities = {
    ...greeting.capabilities,
    builder: builderOf(greeting, target.configDirectory, config, env),
  };
  const client: Client = { kind, endpoint, target, modem, env, capabilities, host: options.host ?? realHost };
  return {
    kind: kind satisfies EngineKind,
    endpoint,
    capabilities: (): Promise<Capabilities> => Promise.resolve(capabilities),
    ...observeVerbs(client),
    ...containerVerbs(client, config),
    ...networkVerbs(client),
    ...volumeVerbs(client),
    ...imageVerbs(client, config),
    ...buildVerbs(client, config),
    ...streamVerbs(client),
    ...archiveVerbs(client),
    ...eventVerbs(client),
    close(): Promise<void> {
      wire.close();
      return Promise.resolve();
    },
  };
}
