// The options of network drivers (`driver_opts`, `docker network create -o`), read and checked. Pure. As in Docker, options
// that are not known are kept and do nothing; those that ask for what is not served are refused.
import { isIPv4 } from 'node:net';
import { badRequest } from '../server/api-error.ts';

export type Driver = 'bridge' | 'macvlan' | 'ipvlan';

/** Ways in which interfaces on one parent see one another, the driver's own default first. */
const LINK_MODES: Readonly<Record<'macvlan' | 'ipvlan', readonly string[]>> = {
  macvlan: ['bridge', 'private', 'vepa', 'passthru'],
  ipvlan: ['l2', 'l3', 'l3s'],
};

const BRIDGE = 'com.docker.network.bridge.';
const MTU = 'com.docker.network.driver.mtu';
const INTERFACE_PREFIX = 'com.docker.network.container_iface_prefix';

export interface DriverOptions {
  /** Name for the bridge, where one was given. */
  readonly bridgeName: string | undefined;
  readonly mtu: number | undefined;
  readonly masquerade: boolean;
  /** Containers reach one another. */
  readonly interContainer: boolean;
  /** Where ports are published that name no address of the host. */
  readonly hostBinding: string | undefined;
  /** Interfaces inside are called this and a number. */
  readonly interfacePrefix: string;
  /** macvlan and ipvlan: the host's interface, and how those on it see one another. */
  readonly parent: string | undefined;
  readonly mode: string;
}

export function driverOptions(driver: Driver, options: Readonly<Record<string, string>>): DriverOptions {
  const name = options[`${BRIDGE}name`] || undefined;
  if (name !== undefined && !isInterfaceName(name)) throw badRequest(`invalid bridge name "${name}"`);
  if (flag(options, `${BRIDGE}inhibit_ipv4`, false))
    throw badRequest(`option "${BRIDGE}inhibit_ipv4" is not served: the resolver answers at the bridge's address`);
  for (const family of ['ipv4', 'ipv6']) {
    const mode = options[`${BRIDGE}gateway_mode_${family}`];
    if (mode !== undefined && mode !== 'nat')
      throw badRequest(`option "${BRIDGE}gateway_mode_${family}": "${mode}" is not served, only "nat"`);
  }
  const binding = options[`${BRIDGE}host_binding_ipv4`] || undefined;
  if (binding !== undefined && !isIPv4(binding))
    throw badRequest(`option "${BRIDGE}host_binding_ipv4": invalid IPv4 address "${binding}"`);
  const prefix = options[INTERFACE_PREFIX] || 'eth';
  if (!/^[a-zA-Z][a-zA-Z0-9_.-]{0,11}$/.test(prefix))
    throw badRequest(`option "${INTERFACE_PREFIX}": invalid interface name "${prefix}"`);
  return {
    bridgeName: name,
    mtu: mtuOf(options[MTU] ?? options.mtu),
    masquerade: flag(options, `${BRIDGE}enable_ip_masquerade`, true),
    interContainer: flag(options, `${BRIDGE}enable_icc`, true),
    hostBinding: binding,
    interfacePrefix: prefix,
    ...linkOptions(driver, options),
  };
}

function linkOptions(
  driver: Driver,
  options: Readonly<Record<string, string>>,
): Pick<DriverOptions, 'parent' | 'mode'> {
  if (driver === 'bridge') return { parent: undefined, mode: '' };
  const known = LINK_MODES[driver];
  const mode = options[`${driver}_mode`] || (known[0] ?? '');
  if (!known.includes(mode))
    throw badRequest(
      `requested ${driver} mode '${mode}' is not valid, '${known[0]}' mode is the ${driver} driver default`,
    );
  const parent = options.parent || undefined;
  if (parent !== undefined && !isInterfaceName(parent)) throw badRequest(`invalid parent interface "${parent}"`);
  return { parent, mode };
}

const isInterfaceName = (name: string): boolean => /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,14}$/.test(name);

function mtuOf(text: string | undefined): number | undefined {
  if (text === undefined || text === '' || text === '0') return undefined;
  const value = Number(text);
  // 68 bytes is the least that IPv4 allows (RFC 791).
  if (!/^\d{1,5}$/.test(text) || value < 68 || value > 65535)
    throw badRequest(`option "${MTU}": invalid MTU "${text}"`);
  return value;
}

/** Go's idea of a boolean, for that is what clients were written for. */
function flag(options: Readonly<Record<string, string>>, name: string, fallback: boolean): boolean {
  const text = options[name];
  if (text === undefined || text === '') return fallback;
  if (/^(?:1|t|true)$/i.test(text)) return true;
  if (/^(?:0|f|false)$/i.test(text)) return false;
  throw badRequest(`option "${name}": invalid value "${text}", expected true or false`);
}
