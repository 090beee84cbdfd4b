// A container from what a client asked for: settings merged with the image's, mounts settled, networks looked up.
import { isIPv4, isIPv6 } from 'node:net';
import { dirname } from 'node:path';
import { getSystemErrorMap } from 'node:util';
import { messageOf } from '../../../errors.ts';
import { makeFolder } from '../../../make-folder.ts';
import { exists, type Files, type NativeHost } from '../host.ts';
import type { HealthConfig, RunConfig } from '../images/image-config.ts';
import { findForPlatform, findImage, missingImage } from '../images/lookup.ts';
import { imagePlatform, parsePlatform, platformText } from '../images/platforms.ts';
import type { Image, ImageStore } from '../images/store.ts';
import type { Machine } from '../machine.ts';
import { inventName, isValidName, newId, timestamp } from '../names.ts';
import { DEFAULT_NETWORK } from '../networks/record.ts';
import type { NetworkService } from '../networks/service.ts';
import type { Paths } from '../paths.ts';
import { ApiError, badRequest, notFound } from '../server/api-error.ts';
import { checkShape, ENDPOINT } from '../server/body.ts';
import { type IdMapping, rootIds } from '../user-namespaces/id-mapping.ts';
import { mountOptions } from '../volumes/mount-options.ts';
import type { VolumeStore } from '../volumes/store.ts';
import { checkRequest } from './check-request.ts';
import { checkHostConfig } from './create-checks.ts';
import { aliasesOn } from './endpoints.ts';
import { feasibleLimits } from './limit-features.ts';
import { withLinkIds } from './link-names.ts';
import { type MountRequest, mountRequests } from './mount-requests.ts';
import { aroundRoot, refusePrivate } from './propagation.ts';
import { wantedPorts } from './publish.ts';
import type { ContainerStore } from './store.ts';
import {
  type ContainerConfig,
  type ContainerRecord,
  type Endpoint,
  type EndpointSettings,
  type HostConfig,
  type MountPoint,
  NOT_STARTED,
} from './types.ts';
import { removeAnonymousVolumes } from './volume-mounts.ts';

export interface CreateParts {
  readonly host: NativeHost;
  readonly machine: Machine;
  readonly paths: Paths;
  /** The ids of new containers on the host; undefined where they are the host's own. */
  readonly remap: IdMapping | undefined;
  readonly images: ImageStore;
  readonly networks: NetworkService;
  readonly volumes: VolumeStore;
  readonly store: ContainerStore;
}

export interface CreateRequest extends ContainerConfig {
  HostConfig?: HostConfig | null;
  NetworkingConfig?: { EndpointsConfig?: Record<string, EndpointSettings | null> | null } | null;
}

/** What the query of a request says. */
export interface CreateAsked {
  /** Empty for one that is made up. */
  readonly name: string;
  /** Empty for this machine's, or the only one that the image's name stands for. */
  readonly platform: string;
}

/** Makes the record; nothing runs and nothing is mounted yet. */
export async function createContainer(
  parts: CreateParts,
  { name, platform }: CreateAsked,
  request: CreateRequest,
): Promise<ContainerRecord> {
  const { HostConfig: hostConfig, NetworkingConfig: networking, ...given } = request;
  const asked = withSwap(withPids(feasibleLimits<HostConfig>(hostConfig ?? {}, parts.machine)));
  const host = withSharerIds(asked, parts.store);
  const image = imageNamed(parts, given.Image ?? '', platform);
  checkRequest(given, host, parts.machine);
  if (name !== '' && !isValidName(name))
    throw badRequest(`Invalid container name (${name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`);
  await checkHostConfig(parts, host);
  const ids = host.UsernsMode === 'host' ? undefined : parts.remap;
  const id = newId();
  const config = mergeConfig(given, image.config.config ?? {}, id, host, parts.store);
  if ([...(config.Entrypoint ?? []), ...(config.Cmd ?? [])].length === 0) throw badRequest('No command specified');
  const finalName = name === '' ? inventName((candidate) => parts.store.hasName(candidate)) : name;
  const self = { id, name: finalName, hostname: config.Hostname ?? '' };
  const wanted = networking?.EndpointsConfig ?? {};
  const endpoints = given.NetworkDisabled ? {} : chooseEndpoints(parts, host, wanted, given.MacAddress, self);
  parts.store.reserveName(finalName, id);
  const mounts: MountPoint[] = [];
  try {
    for (const request of mountRequests(config, host, inheritedMounts(parts.store, host)))
      mounts.push(await settleMount(parts, request, ids));
    const record: ContainerRecord = {
      id,
      name: finalName,
      created: timestamp(),
      imageId: image.id,
      layers: image.config.rootfs.diff_ids,
      config,
      hostConfig: withLinkIds(host, parts.store),
      ...(ids && { ids }),
      mounts,
      endpoints,
      ports: [],
      state: NOT_STARTED,
    };
    wantedPorts(record); // refuses a port that is none before anything is kept
    // What is in the writable layer may be read by those who are in the container, not by others on the host.
    await makeHome(parts, id, ids);
    await parts.store.add(record);
    return record;
  } catch (error) {
    parts.store.releaseName(finalName, id);
    await removeAnonymousVolumes(parts.volumes, parts.store.all(), { mounts }).catch(() => undefined);
    throw error;
  }
}

/** The container's own root has to come by, where that is not the host's. */
async function makeHome(
  { host: { files }, paths }: CreateParts,
  id: string,
  ids: IdMapping | undefined,
): Promise<void> {
  const { home } = paths.container(id);
  await files.mkdir(home, { recursive: true, mode: 0o700 });
  if (ids === undefined) return;
  await files.chown(home, 0, rootIds(ids).gid);
  await files.chmod(home, 0o710);
}

/** An image of another platform than the one asked for counts as not there: clients then pull the right one. */
function imageNamed({ images, machine }: CreateParts, name: string, platform: string): Image {
  if (name === '') throw badRequest('no image specified');
  const any = findImage(images, name);
  if (!any) throw missingImage(name);
  if (platform === '') return any;
  const image = findForPlatform(images, name, parsePlatform(platform, machine.imageArchitecture));
  if (image) return image;
  throw notFound(
    `image with reference ${name} was found but does not provide the specified platform (${platform}): it is for ${platformText(imagePlatform(any.config))}`,
  );
}

/** `container:NAME` becomes `container:ID`, as in Docker: names change hands. What is not there is told by who needs it. */
function withSharerIds(host: HostConfig, store: ContainerStore): HostConfig {
  const found: { -readonly [K in 'IpcMode' | 'PidMode' | 'NetworkMode']?: string } = {};
  for (const key of ['IpcMode', 'PidMode', 'NetworkMode'] as const) {
    const name = /^container:(.+)$/.exec(host[key] ?? '')?.[1];
    const other = name === undefined ? undefined : store.lookup(name);
    if (other !== undefined) found[key] = `container:${other.id}`;
  }
  return { ...host, ...found };
}

/** Without a word about swap, memory and swap together are twice the memory, as Docker's. */
const withSwap = (host: HostConfig): HostConfig =>
  host.Memory && host.Memory > 0 && !host.MemorySwap ? { ...host, MemorySwap: host.Memory * 2 } : host;

/** Zero and below are no limit, as in Docker. */
const withPids = (host: HostConfig): HostConfig =>
  typeof host.PidsLimit === 'number' && host.PidsLimit <= 0 ? { ...host, PidsLimit: null } : host;

/** The image's settings under the client's. Pure but for the hostname of a container whose network is shared. */
function mergeConfig(
  given: ContainerConfig,
  image: RunConfig,
  id: string,
  host: HostConfig,
  store: ContainerStore,
): ContainerConfig {
  const ownEntrypoint = given.Entrypoint !== undefined && given.Entrypoint !== null && given.Entrypoint.length > 0;
  const ownCommand = given.Cmd !== undefined && given.Cmd !== null && given.Cmd.length > 0;
  const cleared = given.Entrypoint?.length === 1 && given.Entrypoint[0] === '';
  const mode = host.NetworkMode ?? '';
  // One that is not there is told when it is needed: at the start, as in Docker.
  const shared = mode.startsWith('container:') ? store.lookup(mode.slice('container:'.length)) : undefined;
  return {
    ...given,
    Hostname: given.Hostname || shared?.config.Hostname || id.slice(0, 12),
    Entrypoint: cleared ? null : ownEntrypoint ? (given.Entrypoint ?? null) : (image.Entrypoint ?? null),
    Cmd: ownCommand ? (given.Cmd ?? null) : ownEntrypoint ? null : (image.Cmd ?? null),
    Env: mergeEnvironment(image.Env ?? [], given.Env ?? []),
    Labels: { ...(image.Labels ?? {}), ...(given.Labels ?? {}) },
    ExposedPorts: { ...(image.ExposedPorts ?? {}), ...(given.ExposedPorts ?? {}) },
    Volumes: { ...(image.Volumes ?? {}), ...(given.Volumes ?? {}) },
    WorkingDir: given.WorkingDir || image.WorkingDir || '',
    User: given.User || image.User || '',
    ...(given.StopSignal || image.StopSignal ? { StopSignal: given.StopSignal || image.StopSignal || '' } : {}),
    ...mergeHealthcheck(given.Healthcheck, image.Healthcheck),
  };
}

/** The client's variables replace the image's of the same name, in place; `NAME` alone removes one. */
function mergeEnvironment(image: readonly string[], given: readonly string[]): string[] {
  const nameOf = (entry: string): string => entry.split('=', 1)[0] ?? '';
  const own = new Set(given.map(nameOf));
  return [...image.filter((entry) => !own.has(nameOf(entry))), ...given.filter((entry) => entry.includes('='))];
}

function mergeHealthcheck(
  given: HealthConfig | undefined,
  image: HealthConfig | undefined,
): { Healthcheck?: HealthConfig } {
  if (!given) return image ? { Healthcheck: image } : {};
  const merged = { ...(image ?? {}), ...Object.fromEntries(Object.entries(given).filter(([, value]) => value)) };
  if (given.Test?.length) merged.Test = given.Test;
  return { Healthcheck: merged };
}

function inheritedMounts(store: ContainerStore, host: HostConfig): MountPoint[] {
  return (host.VolumesFrom ?? []).flatMap((text) => {
    const [reference = '', mode = ''] = text.split(':');
    if (
      !/^(?:|(?:ro|rw|z|Z|nocopy|r?private|r?shared|r?slave)(?:,(?:ro|rw|z|Z|nocopy|r?private|r?shared|r?slave))*)$/.test(
        mode,
      )
    )
      throw badRequest(`invalid mode: ${mode}`);
    return sourceOfVolumes(store, reference)
      .mounts.filter((point) => point.Type !== 'tmpfs')
      .map((point) => ({ ...point, RW: point.RW && !mode.split(',').includes('ro'), Anonymous: false }));
  });
}

/** Docker calls a missing one a mistake of the request, not something missing. */
function sourceOfVolumes(store: ContainerStore, reference: string): ContainerRecord {
  try {
    return store.find(reference);
  } catch (error) {
    throw error instanceof ApiError ? badRequest(error.message) : error;
  }
}

/** A folder for a bind mount, as Docker makes one for `-v`. */
async function makeSource({ host }: CreateParts, source: string, ids: IdMapping | undefined): Promise<void> {
  try {
    const missing = ids ? await missingFolders(host.files, source) : [];
    await makeFolder(source, 0o755, host.files);
    const { uid, gid } = rootIds(ids);
    for (const folder of missing) await host.files.chown(folder, uid, gid);
  } catch (error) {
    const { errno = 0, path = source } = error as NodeJS.ErrnoException;
    const why = getSystemErrorMap().get(errno)?.[1] ?? messageOf(error);
    throw new ApiError(500, `error while creating mount source path '${source}': mkdir ${path}: ${why}`);
  }
}

/** A path and those above it, as far as they are not there. */
async function missingFolders(files: Files, path: string): Promise<string[]> {
  return (await exists(files, path)) || path === dirname(path)
    ? []
    : [...(await missingFolders(files, dirname(path))), path];
}

async function settleMount(parts: CreateParts, request: MountRequest, ids: IdMapping | undefined): Promise<MountPoint> {
  const { type, source, target: Destination, readWrite: RW, mode: Mode, propagation: Propagation } = request;
  if (type === 'tmpfs')
    return { Type: type, Source: '', Destination, Mode, RW, Propagation, Options: request.tmpfsOptions };
  if (type === 'bind') {
    const isThere = await exists(parts.host.files, source);
    if (!isThere && !request.createSource)
      throw badRequest(`invalid mount config for type "bind": bind source path does not exist: ${source}`);
    if (!isThere) await makeSource(parts, source, ids);
    const own = aroundRoot(source, parts.paths.lib);
    if (own && !['', 'rslave', 'rshared'].includes(Propagation))
      throw refusePrivate(source, Propagation, parts.paths.lib);
    const { below } = request;
    return {
      ...{
        Type: type,
        Source: source,
        Destination,
        Mode,
        RW,
        Propagation: Propagation || (own ? 'rslave' : 'rprivate'),
      },
      ...(below === undefined ? {} : { Below: below }),
    };
  }
  const { record } = await parts.volumes.create({
    ...(source === '' ? {} : { Name: source }),
    ...(request.driver === '' ? {} : { Driver: request.driver }),
    DriverOpts: request.driverOptions,
    Labels: request.labels,
  });
  return {
    Type: 'volume',
    Name: record.name,
    Source: parts.volumes.mountpoint(record.name),
    Destination,
    Driver: 'local',
    Mode: Mode || 'z',
    RW: RW && !mountOptions(record.options.o ?? '').readOnly,
    Propagation: '',
    ...(request.copy ? {} : { NoCopy: true }),
    ...(request.subpath === '' ? {} : { Subpath: request.subpath }),
    ...(source === '' ? { Anonymous: true } : {}),
  };
}

/** The networks a container is to join: its mode's one first, then what else the client named. */
function chooseEndpoints(
  parts: CreateParts,
  host: HostConfig,
  settings: Readonly<Record<string, EndpointSettings | null>>,
  mac: string | undefined,
  self: { readonly id: string; readonly name: string; readonly hostname: string },
): Record<string, Endpoint> {
  const mode = host.NetworkMode || 'default';
  if (mode.startsWith('container:')) return {};
  const primary = mode === 'default' ? DEFAULT_NETWORK : mode;
  const endpoints: Record<string, Endpoint> = {};
  const add = (reference: string, given: EndpointSettings): void => {
    checkShape(given, ENDPOINT, 'NetworkingConfig.EndpointsConfig');
    const { IPv4Address: v4, IPv6Address: v6 } = given.IPAMConfig ?? {};
    if (v4 && !isIPv4(v4)) throw badRequest(`invalid IPv4 address: ${v4}`);
    if (v6 && !isIPv6(v6)) throw badRequest(`invalid IPv6 address: ${v6}`);
    const network = parts.networks.lookup(reference);
    if ((v4 || v6) && (network?.driver === 'host' || network?.driver === 'null'))
      throw badRequest('user specified IP address is supported on user defined networks only');
    if (!network) {
      // Told when it is needed: at the start, as in Docker.
      endpoints[reference] ??= { networkId: '', networkName: reference, settings: given };
      return;
    }
    if (endpoints[network.name]) return;
    endpoints[network.name] = {
      networkId: network.id,
      networkName: network.name,
      settings: { ...given, ...aliasesOn(network, given.Aliases, self) },
    };
  };
  const network = parts.networks.lookup(primary);
  const own = settings[primary] ?? settings[network?.name ?? ''] ?? settings[network?.id ?? ''] ?? settings[mode] ?? {};
  add(primary, { ...own, ...(mac && !own.MacAddress ? { MacAddress: mac } : {}) });
  for (const [reference, given] of Object.entries(settings)) if (reference !== mode) add(reference, given ?? {});
  return endpoints;
}
