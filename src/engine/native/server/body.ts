// Bodies of requests, checked against the kinds their fields must have: a client's mistake is a 400 that names the field, never
// a fault deep inside.
import { isRecord } from '../../../json.ts';
import { badRequest } from './api-error.ts';
import type { Exchange } from './exchange.ts';

/** `null` counts as absent everywhere, as in Docker. */
type Kind =
  | 'string'
  | 'number'
  | 'boolean'
  | 'strings'
  | 'command'
  | 'string map'
  | 'object'
  | 'object map'
  | 'objects'
  | Shape;
export interface Shape {
  readonly [field: string]: Kind;
}

const isString = (value: unknown): value is string => typeof value === 'string';

const FITS: Readonly<Record<Exclude<Kind, Shape>, (value: unknown) => boolean>> = {
  string: isString,
  number: (value) => typeof value === 'number' && Number.isFinite(value),
  boolean: (value) => typeof value === 'boolean',
  strings: (value) => Array.isArray(value) && value.every(isString),
  // Clients may send one text for a list of one, as Docker has it for commands alone.
  command: (value) => isString(value) || (Array.isArray(value) && value.every(isString)),
  'string map': (value) => isRecord(value) && Object.values(value).every(isString),
  object: isRecord,
  'object map': (value) => isRecord(value) && Object.values(value).every((item) => item === null || isRecord(item)),
  objects: (value) => Array.isArray(value) && value.every(isRecord),
};

const NAMES: Readonly<Record<Exclude<Kind, Shape>, string>> = {
  string: 'a string',
  number: 'a number',
  boolean: 'true or false',
  strings: 'a list of strings',
  command: 'a string or a list of strings',
  'string map': 'an object of strings',
  object: 'an object',
  'object map': 'an object of objects',
  objects: 'a list of objects',
};

/** Throws a 400 for the first field that is not of its kind. Fields that are not named in the shape are not looked at. */
export function checkShape(value: unknown, shape: Shape, path = ''): void {
  if (!isRecord(value))
    throw badRequest(`invalid request: ${path === '' ? 'the body' : `"${path}"`} must be an object`);
  for (const [field, kind] of Object.entries(shape)) {
    const item = value[field];
    if (item === undefined || item === null) continue;
    const name = path === '' ? field : `${path}.${field}`;
    if (typeof kind === 'object') checkShape(item, kind, name);
    else if (!FITS[kind](item)) throw badRequest(`invalid request: "${name}" must be ${NAMES[kind]}`);
  }
}

/** Whether a text anywhere has a NUL: what is handed on would end there, in arguments, variables and paths. */
function holdsNull(value: unknown): boolean {
  if (typeof value === 'string') return value.includes('\0');
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([name, item]) => name.includes('\0') || holdsNull(item));
}

/** Without the fields of the shape that are `null`, and with commands as lists: who reads them need only mind those that are absent. */
function withoutNulls(value: unknown, shape: Shape): unknown {
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([field, item]) => item !== null || shape[field] === undefined)
      .map(([field, item]) => {
        const kind = shape[field];
        if (kind === 'command' && isString(item)) return [field, [item]];
        return [field, typeof kind === 'object' ? withoutNulls(item, kind) : item];
      }),
  );
}

/** The JSON body, of the shape; an absent body is an empty object. */
export async function bodyOf<T>(exchange: Exchange, shape: Shape): Promise<T> {
  const value = (await exchange.json()) ?? {};
  checkShape(value, shape);
  if (holdsNull(value)) throw badRequest('invalid request: a text in the body holds a null character');
  return withoutNulls(value, shape) as T;
}

const HEALTHCHECK: Shape = {
  Test: 'strings',
  Interval: 'number',
  Timeout: 'number',
  StartPeriod: 'number',
  StartInterval: 'number',
  Retries: 'number',
};

export const LIMITS: Shape = {
  Memory: 'number',
  MemoryReservation: 'number',
  MemorySwap: 'number',
  MemorySwappiness: 'number',
  NanoCpus: 'number',
  CpuShares: 'number',
  CpuPeriod: 'number',
  CpuQuota: 'number',
  CpusetCpus: 'string',
  CpusetMems: 'string',
  PidsLimit: 'number',
  OomKillDisable: 'boolean',
  BlkioWeight: 'number',
  BlkioWeightDevice: 'objects',
  BlkioDeviceReadBps: 'objects',
  BlkioDeviceWriteBps: 'objects',
  BlkioDeviceReadIOps: 'objects',
  BlkioDeviceWriteIOps: 'objects',
  CpuRealtimePeriod: 'number',
  CpuRealtimeRuntime: 'number',
  RestartPolicy: { Name: 'string', MaximumRetryCount: 'number' },
};

export const ENDPOINT: Shape = {
  Links: 'strings',
  Aliases: 'strings',
  MacAddress: 'string',
  IPAMConfig: { IPv4Address: 'string', IPv6Address: 'string' },
  DriverOpts: 'string map',
  GwPriority: 'number',
};

export const CREATE_CONTAINER: Shape = {
  Hostname: 'string',
  Domainname: 'string',
  User: 'string',
  Tty: 'boolean',
  OpenStdin: 'boolean',
  StdinOnce: 'boolean',
  Image: 'string',
  Env: 'strings',
  Cmd: 'command',
  Entrypoint: 'command',
  Shell: 'command',
  Labels: 'string map',
  Volumes: 'object map',
  ExposedPorts: 'object map',
  WorkingDir: 'string',
  MacAddress: 'string',
  StopSignal: 'string',
  StopTimeout: 'number',
  Healthcheck: HEALTHCHECK,
  NetworkingConfig: { EndpointsConfig: 'object map' },
  HostConfig: {
    ...LIMITS,
    Binds: 'strings',
    Mounts: 'objects',
    Tmpfs: 'string map',
    VolumesFrom: 'strings',
    VolumeDriver: 'string',
    NetworkMode: 'string',
    PortBindings: 'object',
    AutoRemove: 'boolean',
    CapAdd: 'strings',
    CapDrop: 'strings',
    Privileged: 'boolean',
    SecurityOpt: 'strings',
    ReadonlyRootfs: 'boolean',
    MaskedPaths: 'strings',
    ReadonlyPaths: 'strings',
    Dns: 'strings',
    DnsOptions: 'strings',
    DnsSearch: 'strings',
    ExtraHosts: 'strings',
    GroupAdd: 'strings',
    IpcMode: 'string',
    PidMode: 'string',
    UTSMode: 'string',
    UsernsMode: 'string',
    Isolation: 'string',
    Runtime: 'string',
    StorageOpt: 'string map',
    DeviceRequests: 'objects',
    CgroupnsMode: 'string',
    CgroupParent: 'string',
    Links: 'strings',
    LogConfig: { Type: 'string', Config: 'string map' },
    OomScoreAdj: 'number',
    ShmSize: 'number',
    Sysctls: 'string map',
    Init: 'boolean',
    Annotations: 'string map',
    Ulimits: 'objects',
    Devices: 'objects',
    DeviceCgroupRules: 'strings',
  },
};

export const EXEC: Shape = {
  AttachStdin: 'boolean',
  AttachStdout: 'boolean',
  AttachStderr: 'boolean',
  DetachKeys: 'string',
  Tty: 'boolean',
  Env: 'strings',
  Cmd: 'strings',
  Privileged: 'boolean',
  User: 'string',
  WorkingDir: 'string',
};

export const CREATE_NETWORK: Shape = {
  Name: 'string',
  Driver: 'string',
  Internal: 'boolean',
  Attachable: 'boolean',
  EnableIPv6: 'boolean',
  Ingress: 'boolean',
  Scope: 'string',
  ConfigOnly: 'boolean',
  ConfigFrom: { Network: 'string' },
  IPAM: { Driver: 'string', Options: 'string map', Config: 'objects' },
  Options: 'string map',
  Labels: 'string map',
};

export const CONNECT_NETWORK: Shape = { Container: 'string', EndpointConfig: ENDPOINT };
export const DISCONNECT_NETWORK: Shape = { Container: 'string', Force: 'boolean' };
export const AUTH: Shape = {
  username: 'string',
  password: 'string',
  serveraddress: 'string',
  identitytoken: 'string',
};
export const CREATE_VOLUME: Shape = {
  Name: 'string',
  Driver: 'string',
  DriverOpts: 'string map',
  Labels: 'string map',
};
