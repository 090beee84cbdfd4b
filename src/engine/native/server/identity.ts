// What every answer says of the engine: clients negotiate by it, also after a refusal.
import { MAX_VERSION } from './router.ts';

export const ENGINE_VERSION = '0.1.0';

export const IDENTITY: Readonly<Record<string, string>> = {
  'Api-Version': `1.${MAX_VERSION}`,
  'Docker-Experimental': 'false',
  Ostype: 'linux',
  Server: `windlass/${ENGINE_VERSION} (linux)`,
};
