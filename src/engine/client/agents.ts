// How bytes get to an engine: a keep-alive agent per kind of address.
import { http } from './builtin.ts';
import type { Wire } from './modem.ts';
import type { EngineTarget } from './target.ts';

/** Idle connections are kept for reuse and do not keep the process alive. */
const KEEP_ALIVE = { keepAlive: true, maxFreeSockets: 32 } as const;

/** Makes the wire for a target. TLS and ssh are loaded only where they are used. */
export async function openWire(target: EngineTarget): Promise<Wire> {
  const { address, tls } = target;
  switch (address.type) {
    case 'unix':
      return { agent: new http.Agent(KEEP_ALIVE), options: { socketPath: address.path } };
    case 'ssh': {
      const { SshAgent } = await import('./ssh.ts');
      return { agent: new SshAgent(address), options: { host: 'docker' } };
    }
    case 'tcp': {
      const options = { host: address.host, port: address.port };
      if (tls === undefined) return { agent: new http.Agent(KEEP_ALIVE), options, pathPrefix: address.pathPrefix };
      const https = await import('node:https');
      const agent = new https.Agent({
        ...KEEP_ALIVE,
        rejectUnauthorized: tls.verify,
        ...(tls.ca === undefined ? {} : { ca: tls.ca }),
        ...(tls.cert === undefined ? {} : { cert: tls.cert }),
        ...(tls.key === undefined ? {} : { key: tls.key }),
      });
      return { agent, options, request: https.request, pathPrefix: address.pathPrefix };
    }
  }
}
