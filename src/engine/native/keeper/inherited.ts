// What an engine has from its keeper: descriptors of sockets that are bound and outlive it.
import type { BoundSockets } from '../../../network/dns/server.ts';
import { KEPT_VARIABLE } from './program.ts';

export interface Kept {
  /** Listening socket of the API. */
  readonly api: number;
  readonly resolver: BoundSockets;
}

/** Undefined where no keeper started this process. Takes the variable away, so that no child believes it too. */
export function takeKept(env: NodeJS.ProcessEnv): Kept | undefined {
  const text = env[KEPT_VARIABLE];
  delete env[KEPT_VARIABLE];
  const match = /^lock=\d+,api=(\d+),udp=(\d+),tcp=(\d+)$/.exec(text ?? '');
  if (!match) return undefined;
  const [, api, udp, tcp] = match.map(Number);
  return { api: api ?? -1, resolver: { udp: udp ?? -1, tcp: tcp ?? -1 } };
}
