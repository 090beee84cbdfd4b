// The digest by which two definitions are told to be equal, kept as a label on what was made from them. The bytes are docker
// compose 2.40.3's (compose-reference §2.9), so that a project is adopted, either way, without recreating anything.
import { createHash } from 'node:crypto';
import { JSON_NOTATION, layOut } from './compose-layout.ts';
import { NETWORK, SERVICE, type Shape, VOLUME } from './compose-shapes.ts';
import { goJson } from './go-json.ts';
import type { Network, Service, Volume } from './model.ts';

/**
 * Digest of what a service's containers are made from: everything but how its image is got, how many replicas run, what it
 * waits for and which profiles enable it. The label of a container wants
 * `env_file` folded into the environment and dropped, `label_file` folded into the labels but kept, as docker compose has it.
 */
export function serviceHash(service: Service): string {
  const { build, pull_policy, scale, depends_on, profiles, deploy, ...rest } = service;
  if (deploy === undefined) return digest(rest, SERVICE);
  const { replicas, ...deployed } = deploy;
  return digest({ ...rest, deploy: deployed }, SERVICE);
}

/** Digest of a network's definition. */
export const networkHash = (network: Network): string => digest(network, NETWORK);

/** Digest of a volume's definition; a volume without a driver counts as one of driver `local`. */
export const volumeHash = (volume: Volume): string => digest({ ...volume, driver: volume.driver || 'local' }, VOLUME);

function digest(value: object, shape: Shape): string {
  return createHash('sha256')
    .update(goJson(layOut(value, shape, JSON_NOTATION)))
    .digest('hex');
}
