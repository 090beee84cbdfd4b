// How bytes get to an engine: a keep-alive agent per kind of address, and a quicker way for what is short.
import type { Agent } from 'node:http';
import { http } from './builtin.ts';
import type { Wire } from './modem.ts';
import { QuickExchange } from './quick-exchange.ts';
import type { EngineTarget } from './target.ts';

/** Idle connections are kept for reuse and do not keep the process alive. */
const KEEP_ALIVE = { keepAlive: true, maxFreeSockets: 32 } as const;

/** Makes the wire for a target. TLS and ssh are loaded only where they are used. */
export async function openWire(target: EngineTarget): Promise<Wire> {
  const { address, tls } = target;
  switch (address.type) {
    case 'unix': {
      const quick = new QuickExchange(address.path);
      // node:http is loaded for calls that stream.
      let made: Agent | undefined;
      const agent = (): Agent => {
        made ??= new (http().Agent)(KEEP_ALIVE);
        return made;
      };
      const close = (): void => {
        quick.close();
        made?.destroy();
      };
      return { quick, agent, options: { socketPath: address.path }, close };
    }
    case 'ssh': {
      const { SshAgent } = await import('./ssh.ts');
      return { ...kept(new SshAgent(address)), options: { host: 'docker' } };
    }
    case 'tcp': {
      const options = { host: address.host, port: address.port };
      if (tls === undefined)
        return { ...kept(new (http().Agent)(KEEP_ALIVE)), options, pathPrefix: address.pathPrefix };
      const https = await import('node:https');
      const agent = new https.Agent({
        ...KEEP_ALIVE,
        rejectUnauthorized: tls.verify,
        ...(tls.ca === undefined ? {} : { ca: tls.ca }),
        ...(tls.cert === undefined ? {} : { cert: tls.cert }),
        ...(tls.key === undefined ? {} : { key: tls.key }),
      });
      return { ...kept(agent), options, request: https.request, pathPrefix: address.pathPrefix };
    }
  }
}

const kept = (agent: Agent): Pick<Wire, 'agent' | 'close'> => ({ agent: () => agent, close: () => agent.destroy() });
