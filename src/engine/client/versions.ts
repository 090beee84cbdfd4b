// API versions: choosing one, and which one brings which ability.
import { EngineError } from '../../errors.ts';
import type { Capabilities } from '../engine.ts';
import { apiAtLeast, SINCE } from '../requirements.ts';

/** The newest API this client was written against. */
const NEWEST_API = '1.51';
/** The oldest API this client is meant for. */
const OLDEST_API = '1.41';
/** Below this nothing works: the calls have other shapes. */
const REFUSED_BELOW = '1.24';

/**
 * The version to speak with an engine that offers `offered`.
 * @throws EngineError `unsupported` when the engine is too old.
 */
export function negotiate(offered: string, pinned: string | undefined, endpoint: string): string {
  if (pinned !== undefined) {
    if (!/^\d+\.\d+$/.test(pinned))
      throw new EngineError(`DOCKER_API_VERSION "${pinned}" is not a version such as "1.41"`, {
        kind: 'unsupported',
        verb: 'connect',
        hint: 'unset DOCKER_API_VERSION to negotiate the version',
      });
    return pinned;
  }
  if (!apiAtLeast(offered, REFUSED_BELOW))
    throw new EngineError(`the engine at ${endpoint} speaks API ${offered}, but at least ${REFUSED_BELOW} is needed`, {
      kind: 'unsupported',
      verb: 'connect',
      hint: `upgrade the engine (API ${OLDEST_API}, Docker Engine 20.10, or later is recommended)`,
    });
  return apiAtLeast(offered, NEWEST_API) ? NEWEST_API : offered;
}

type Ability = keyof Capabilities & keyof typeof SINCE;

/** Which abilities an API version has. */
export function abilities(apiVersion: string): Pick<Capabilities, Ability> {
  const has = (ability: Ability): boolean => apiAtLeast(apiVersion, SINCE[ability].api);
  return {
    multiNetworkCreate: has('multiNetworkCreate'),
    startInterval: has('startInterval'),
    endpointMac: has('endpointMac'),
    volumeSubpath: has('volumeSubpath'),
    imageMounts: has('imageMounts'),
    gatewayPriority: has('gatewayPriority'),
    interfaceName: has('interfaceName'),
  };
}
