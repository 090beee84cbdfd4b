// What of a host, a volume or memory a container wants mounted, from the five places where a client can say it. Pure.
import { badRequest } from '../server/api-error.ts';
import { checkProcTarget } from './proc-mounts.ts';
import { tmpfsOptions } from './tmpfs-options.ts';
import type { ContainerConfig, HostConfig, MountPoint, MountSpec, MountsBelow } from './types.ts';

export interface MountRequest {
  readonly type: 'bind' | 'volume' | 'tmpfs';
  /** Host path for a bind, name for a volume; empty for an anonymous one and for tmpfs. */
  readonly source: string;
  readonly target: string;
  readonly readWrite: boolean;
  /** As written behind the second colon. */
  readonly mode: string;
  readonly propagation: string;
  /** A missing host path is made (short syntax) or refused (long syntax). */
  readonly createSource: boolean;
  readonly copy: boolean;
  readonly subpath: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly driver: string;
  readonly driverOptions: Readonly<Record<string, string>>;
  readonly tmpfsOptions: readonly string[];
  readonly below?: MountsBelow;
}

const PROPAGATIONS = new Set(['private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave']);
const EMPTY: Omit<MountRequest, 'type' | 'target'> = {
  source: '',
  readWrite: true,
  mode: '',
  propagation: '',
  createSource: false,
  copy: true,
  subpath: '',
  labels: {},
  driver: '',
  driverOptions: {},
  tmpfsOptions: [],
};

/** One request per target, in order: volumes of others first, then binds and mounts, then what the image declares. */
export function mountRequests(
  config: ContainerConfig,
  hostConfig: HostConfig,
  inherited: readonly MountPoint[],
): MountRequest[] {
  const byTarget = new Map<string, MountRequest>();
  const explicit = new Set<string>();
  for (const point of inherited) byTarget.set(point.Destination, inherit(point));
  const add = (request: MountRequest): void => {
    const target = normal(request.target) || request.target;
    checkTarget(request.type, target);
    checkProcTarget(request.source, target);
    if (explicit.has(target)) throw badRequest(`Duplicate mount point: ${target}`);
    explicit.add(target);
    byTarget.set(target, { ...request, target });
  };
  for (const bind of hostConfig.Binds ?? []) {
    const request = parseBind(bind, hostConfig.VolumeDriver ?? '');
    asSpecified(bind, () => checkTarget(request.type, normal(request.target)));
    add(request);
  }
  for (const spec of hostConfig.Mounts ?? []) add(parseSpec(spec));
  for (const [target, options] of Object.entries(hostConfig.Tmpfs ?? {}))
    add({
      ...EMPTY,
      type: 'tmpfs',
      target,
      tmpfsOptions: tmpfsOptions(options.split(',').filter((word) => word !== '')),
    });
  for (const text of Object.keys(config.Volumes ?? {})) {
    // A path, for a volume without a name; clients also put here what looks to them like a path of another system: `a:/x`.
    const request = parseBind(text, hostConfig.VolumeDriver ?? '');
    const path = normal(request.target);
    checkProcTarget('', path);
    if (!byTarget.has(path)) byTarget.set(path, { ...request, target: path });
  }
  return [...byTarget.values()];
}

function checkTarget(type: string, target: string): void {
  const refuse = (why: string): Error => badRequest(`invalid mount config for type "${type}": ${why}`);
  if (target === '') throw refuse('field Target must not be empty');
  if (!target.startsWith('/')) throw refuse(`invalid mount path: '${target}' mount path must be absolute`);
  if (target === '/') throw refuse("invalid specification: destination can't be '/'");
}

/** Names the text that a mistake stands in. */
function asSpecified(text: string, check: () => void): void {
  try {
    check();
  } catch (error) {
    throw badRequest(
      `invalid volume specification: '${text}': ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

const normal = (path: string): string => {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return (path.startsWith('/') ? '/' : '') + parts.join('/');
};

/** `source:target[:mode]`, or `target` alone for an anonymous volume. */
function parseBind(text: string, driver: string): MountRequest {
  const [first = '', second, third, ...rest] = text.split(':');
  if (rest.length > 0 || first === '') throw badRequest(`invalid volume specification: '${text}'`);
  if (second === undefined) return { ...EMPTY, type: 'volume', target: first, driver };
  const words = (third ?? '').split(',').filter((word) => word !== '');
  const unknown = words.find(
    (word) =>
      !['rw', 'ro', 'z', 'Z', 'nocopy', 'cached', 'delegated', 'consistent', 'rbind', 'bind', 'U'].includes(word) &&
      !PROPAGATIONS.has(word),
  );
  if (second === '') throw badRequest(`invalid volume specification: '${text}'`);
  if (unknown !== undefined) throw badRequest(`invalid mode: ${third ?? ''}`);
  const bind = first.startsWith('/');
  if (!bind && !/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(first))
    throw badRequest(
      `invalid volume specification: '${text}': create ${first}: "${first}" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path`,
    );
  const propagation = words.find((word) => PROPAGATIONS.has(word)) ?? '';
  if (!bind && propagation !== '')
    throw badRequest(
      `invalid volume specification: '${text}': invalid mount config for type "volume": field BindOptions must not be specified`,
    );
  return {
    ...EMPTY,
    type: bind ? 'bind' : 'volume',
    source: bind ? normal(first) : first,
    target: second,
    readWrite: !words.includes('ro'),
    mode: third ?? '',
    propagation,
    createSource: bind,
    copy: !words.includes('nocopy'),
    driver: bind ? '' : driver,
  };
}

/** Options of other kinds of mounts. */
const FOREIGN_OPTIONS: Readonly<Record<string, readonly ('BindOptions' | 'VolumeOptions' | 'TmpfsOptions')[]>> = {
  bind: ['VolumeOptions', 'TmpfsOptions'],
  volume: ['BindOptions', 'TmpfsOptions'],
  tmpfs: ['BindOptions', 'VolumeOptions'],
};

function parseSpec(spec: MountSpec): MountRequest {
  const { Type: type = '', Source: source = '', Target: target = '' } = spec;
  const base = { ...EMPTY, target, readWrite: spec.ReadOnly !== true };
  const foreign = FOREIGN_OPTIONS[type]?.find((name) => spec[name]);
  if (foreign !== undefined)
    throw badRequest(`invalid mount config for type "${type}": field ${foreign} must not be specified`);
  switch (type) {
    case 'bind':
      if (source === '') throw badRequest('invalid mount config for type "bind": field Source must not be empty');
      if (!source.startsWith('/'))
        throw badRequest(
          `invalid mount config for type "bind": invalid mount path: '${source}' mount path must be absolute`,
        );
      return {
        ...base,
        type,
        source: normal(source),
        propagation: propagationOf(spec.BindOptions?.Propagation ?? ''),
        createSource: spec.BindOptions?.CreateMountpoint === true,
        ...mountsBelow(spec),
      };
    case 'volume': {
      const options = spec.VolumeOptions;
      return {
        ...base,
        type,
        source,
        mode: 'z',
        copy: options?.NoCopy !== true,
        subpath: options?.Subpath ?? '',
        labels: options?.Labels ?? {},
        driver: options?.DriverConfig?.Name ?? '',
        driverOptions: options?.DriverConfig?.Options ?? {},
      };
    }
    case 'tmpfs': {
      if (source !== '') throw badRequest('invalid mount config for type "tmpfs": field Source must not be specified');
      const { SizeBytes: size, Mode: mode, Options: more = [] } = spec.TmpfsOptions ?? {};
      const words = [...(size ? [`size=${size}`] : []), ...(mode ? [`mode=${mode.toString(8)}`] : [])];
      return { ...base, type, tmpfsOptions: tmpfsOptions([...words, ...more.map((pair) => pair.join('='))]) };
    }
    default:
      throw badRequest(`invalid mount config for type "${type}": mount type unknown`);
  }
}

/** What the client says of mounts below the source. Throws where it contradicts itself. */
function mountsBelow({ ReadOnly: readOnly, BindOptions: options = {} }: MountSpec): { below?: MountsBelow } {
  const { NonRecursive: omit, ReadOnlyNonRecursive: loose, ReadOnlyForceRecursive: strict } = options;
  const asked = loose ? 'ReadOnlyNonRecursive' : strict ? 'ReadOnlyForceRecursive' : undefined;
  const wrong =
    asked !== undefined && !readOnly
      ? 'not ReadOnly'
      : asked !== undefined && omit
        ? 'also NonRecursive'
        : loose && strict
          ? 'also ReadOnlyForceRecursive'
          : undefined;
  if (wrong !== undefined) throw badRequest(`invalid mount config for type "bind": mount is ${asked}, but ${wrong}`);
  if (omit) return { below: 'omitted' };
  return loose ? { below: 'as they are' } : strict ? { below: 'read-only' } : {};
}

function propagationOf(text: string): string {
  if (text !== '' && !PROPAGATIONS.has(text))
    throw badRequest(`invalid mount config for type "bind": invalid propagation mode: ${text}`);
  return text;
}

const inherit = (point: MountPoint): MountRequest => ({
  ...EMPTY,
  type: point.Type,
  source: point.Type === 'volume' ? (point.Name ?? '') : point.Source,
  target: point.Destination,
  readWrite: point.RW,
  mode: point.Mode,
  propagation: point.Propagation,
  tmpfsOptions: point.Options ?? [],
  ...(point.Below === undefined ? {} : { below: point.Below }),
});
