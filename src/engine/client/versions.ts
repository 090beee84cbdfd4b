// API versions: comparing them, choosing one, and which one brings which ability.
import { EngineError } from '../../errors.ts';
import type { Capabilities } from '../engine.ts';

/** The newest API this client was written against. */
export const NEWEST_API = '1.51';
/** The oldest API this client is meant for. */
export const OLDEST_API = '1.41';
/** Below this nothing works: the calls have other shapes. */
export const REFUSED_BELOW = '1.24';

/** Is `version` at least `wanted`? Both as `1.41`. */
export function atLeast(version: string, wanted: string): boolean {
  const [a, b] = [version.split('.').map(Number), wanted.split('.').map(Number)];
  const [major, otherMajor] = [a[0] ?? 0, b[0] ?? 0];
  return major !== otherMajor ? major > otherMajor : (a[1] ?? 0) >= (b[1] ?? 0);
}

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
  if (!atLeast(offered, REFUSED_BELOW))
    throw new EngineError(`the engine at ${endpoint} speaks API ${offered}, but at least ${REFUSED_BELOW} is needed`, {
      kind: 'unsupported',
      verb: 'connect',
      hint: `upgrade the engine (API ${OLDEST_API}, Docker Engine 20.10, or later is recommended)`,
    });
  return atLeast(offered, NEWEST_API) ? NEWEST_API : offered;
}

type Ability =
  | 'multiNetworkCreate'
  | 'startInterval'
  | 'endpointMac'
  | 'volumeSubpath'
  | 'imageMounts'
  | 'gatewayPriority'
  | 'interfaceName';

/** The API version that brought each ability, from the engine's API history. */
export const SINCE: Readonly<Record<Ability, string>> = {
  multiNetworkCreate: '1.44',
  startInterval: '1.44',
  endpointMac: '1.44',
  volumeSubpath: '1.45',
  imageMounts: '1.48',
  gatewayPriority: '1.48',
  interfaceName: '1.49',
};

/** Which abilities an API version has. */
export function abilities(apiVersion: string): Pick<Capabilities, Ability> {
  const has = (ability: Ability): boolean => atLeast(apiVersion, SINCE[ability]);
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
