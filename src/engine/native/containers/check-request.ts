// What a container may not be made or updated with: mistakes that are told before anything is kept, in Docker's own words, since
// clients match on them. Logging has rules of its own in log-config.ts. Pure.
import { isIP } from 'node:net';
import type { HealthConfig } from '../images/image-config.ts';
import { badRequest, notFound } from '../server/api-error.ts';
import { ALL_CAPABILITIES, chooseCapabilities } from './capabilities.ts';
import { checkLimits } from './check-limits.ts';
import type { LimitFacts } from './limit-features.ts';
import { signalNumber } from './process.ts';
import { checkSecurityOptions } from './security-options.ts';
import type { ContainerConfig, HostConfig } from './types.ts';

/** Throws a 400 for the first mistake. */
export function checkRequest(config: ContainerConfig, host: HostConfig, machine: Pick<LimitFacts, 'cpus'>): void {
  checkConfig(config);
  checkModes(config, host);
  checkLimits(host, machine);
  checkRestartPolicy(host);
  checkSecurity(host);
}

function checkConfig(config: ContainerConfig): void {
  for (const entry of config.Env ?? [])
    if (entry === '' || entry.startsWith('=')) throw badRequest(`invalid environment variable: ${entry}`);
  if (config.WorkingDir && !config.WorkingDir.startsWith('/'))
    throw badRequest(`the working directory '${config.WorkingDir}' is invalid, it needs to be an absolute path`);
  if (config.StopSignal && signalNumber(config.StopSignal) === undefined)
    throw badRequest(`Invalid signal: ${config.StopSignal}`);
  if (config.MacAddress && !/^([0-9a-f]{2}[:-]){5}[0-9a-f]{2}$/i.test(config.MacAddress))
    throw badRequest(`invalid MAC address: address ${config.MacAddress}: invalid MAC address`);
  if (config.Healthcheck) checkHealth(config.Healthcheck);
}

const MILLISECOND = 1_000_000;

function checkHealth(health: HealthConfig): void {
  for (const name of ['Interval', 'Timeout', 'StartPeriod', 'StartInterval'] as const) {
    const value = health[name] ?? 0;
    if (value !== 0 && value < MILLISECOND) throw badRequest(`${name} in Healthcheck cannot be less than 1ms`);
  }
  if ((health.Retries ?? 0) < 0) throw badRequest('Retries in Healthcheck cannot be negative');
}

/** Which namespaces may be named how. */
function checkModes(config: ContainerConfig, host: HostConfig): void {
  const { IpcMode: ipc = '', PidMode: pid = '', UTSMode: uts = '', NetworkMode: network = '' } = host;
  const shared = (mode: string): boolean => /^container:.+$/.test(mode);
  if (!['', 'none', 'private', 'shareable', 'host'].includes(ipc) && !shared(ipc))
    throw badRequest(`invalid IPC mode: ${ipc}`);
  if (!['', 'host', 'private'].includes(pid) && !shared(pid)) throw badRequest(`invalid PID mode: ${pid}`);
  if (!['', 'host'].includes(uts)) throw badRequest(`invalid UTS mode: ${uts}`);
  const { CgroupnsMode: cgroupns = '', UsernsMode: userns = '', Isolation: isolation = '' } = host;
  if (!['', 'private', 'host'].includes(cgroupns)) throw badRequest(`invalid cgroup namespace mode: ${cgroupns}`);
  if (!['', 'host'].includes(userns)) throw badRequest(`invalid user namespace mode: ${userns}`);
  if (!['', 'default'].includes(isolation))
    throw badRequest(`Invalid isolation: "${isolation}" - linux only supports 'default'`);
  if (network.startsWith('container:') && !shared(network))
    throw badRequest('invalid container format container:<name|id>');
  if (uts === 'host' && config.Hostname) throw badRequest('conflicting options: hostname and the UTS mode');
  if (host.Links?.length && (network === 'host' || shared(network)))
    throw badRequest(
      network === 'host'
        ? "conflicting options: host type networking can't be used with links. This would result in undefined behavior"
        : 'conflicting options: container type network can’t be used with links. This would result in undefined behavior',
    );
  if (shared(network)) checkSharedNetwork(config, host);
  if (host.ShmSize !== undefined && host.ShmSize < 0) throw badRequest('SHM size can not be less than 0');
  for (const extra of host.ExtraHosts ?? []) checkExtraHost(extra);
}

/** What belongs to a network cannot be had of somebody else's. */
function checkSharedNetwork(config: ContainerConfig, host: HostConfig): void {
  const some = (value: object | null | undefined): boolean => Object.keys(value ?? {}).length > 0;
  const conflicts: readonly (readonly [asked: boolean, what: string])[] = [
    [(config.Hostname ?? '') !== '', 'hostname and the network mode'],
    [some(host.Dns), 'dns and the network mode'],
    [some(host.ExtraHosts), 'custom host-to-IP mapping and the network mode'],
    [(config.MacAddress ?? '') !== '', 'mac-address and the network mode'],
    [some(host.PortBindings) || host.PublishAllPorts === true, 'port publishing and the container type network mode'],
    [some(config.ExposedPorts), 'port exposing and the container type network mode'],
  ];
  for (const [asked, what] of conflicts) if (asked) throw badRequest(`conflicting options: ${what}`);
}

/** `name:address`, or `name=address`, where IPv6 may stand in brackets; "host-gateway" is the host's address. */
function checkExtraHost(text: string): void {
  const address = /^[^:=]+[:=](.+)$/.exec(text)?.[1];
  if (address === undefined) throw badRequest(`bad format for add-host: "${text}"`);
  if (address !== 'host-gateway' && isIP(address.replace(/^\[(.*)\]$/, '$1')) === 0)
    throw badRequest(`invalid IP address in add-host: "${address}"`);
}

/** The rules of restart policies; an update has to keep them, too. */
export function checkRestartPolicy({ RestartPolicy: policy, AutoRemove: autoRemove }: HostConfig): void {
  const { Name: name = '', MaximumRetryCount: count = 0 } = policy ?? {};
  if (!['', 'no', 'always', 'unless-stopped', 'on-failure'].includes(name))
    throw badRequest(`invalid restart policy '${name}'`);
  if (count !== 0 && name !== 'on-failure' && name !== '')
    throw badRequest(`maximum retry count cannot be used with restart policy '${name}'`);
  if (count < 0) throw badRequest('maximum retry count cannot be negative');
  if (autoRemove && name !== '' && name !== 'no')
    throw badRequest("can't create 'AutoRemove' container with restart policy");
}

function checkSecurity(host: HostConfig): void {
  for (const [field, names] of [
    ['CapAdd', host.CapAdd],
    ['CapDrop', host.CapDrop],
  ] as const) {
    const request = { add: names ?? [], drop: [], privileged: false, available: ALL_CAPABILITIES };
    const [unknown] = chooseCapabilities(request).unknown;
    if (unknown !== undefined) throw badRequest(`invalid ${field}: unknown capability: "${unknown}"`);
  }
  checkSecurityOptions(host.SecurityOpt ?? []);
  const { Runtime: runtime = '' } = host;
  if (!['', 'runc', 'crun', 'io.containerd.runc.v2'].includes(runtime))
    throw badRequest(`Unknown runtime specified ${runtime}`);
  if (host.OomScoreAdj !== undefined && Math.abs(host.OomScoreAdj) > 1000)
    throw badRequest(`Invalid value ${host.OomScoreAdj}, range for oom score adj is [-1000, 1000]`);
  for (const volume of host.VolumesFrom ?? []) if (volume === '') throw notFound('No such container: ');
}
