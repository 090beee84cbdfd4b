// The engine's answers in the Engine interface's terms. Pure.
import type Docker from 'dockerode';
import { record, text } from '../../json.ts';
import type {
  ContainerDetails,
  ContainerState,
  HealthState,
  ImageDefaults,
  ObservedContainer,
  ObservedImage,
  ObservedMount,
  ObservedPort,
  ObservedVolume,
} from '../engine.ts';

export function listedContainer(info: Docker.ContainerInfo): ObservedContainer {
  const status = info.Status ?? '';
  return {
    id: info.Id,
    // A container has a name per link to it as well (`/other/alias`); its own has one slash.
    name: (info.Names?.find((name) => name.lastIndexOf('/') === 0) ?? info.Names?.[0] ?? '').replace(/^\//, ''),
    image: info.Image,
    imageId: info.ImageID,
    command: info.Command ?? '',
    state: info.State as ContainerState,
    health: healthOfStatus(status),
    exitCode: exitCodeOfStatus(status),
    status,
    createdAt: info.Created,
    labels: info.Labels ?? {},
    networks: Object.fromEntries(
      Object.entries(info.NetworkSettings?.Networks ?? {}).map(([name, network]) => [
        name,
        { id: network.NetworkID ?? '', address: network.IPAddress ?? '' },
      ]),
    ),
    mounts: (info.Mounts ?? []).map(observedMount),
    ports: (info.Ports ?? []).map((port) => ({
      hostIp: port.IP ?? '',
      containerPort: port.PrivatePort,
      hostPort: port.PublicPort ?? 0,
      protocol: port.Type,
    })),
  };
}

/** The list tells of health only inside the status text: `Up 2 minutes (healthy)`, `Up 1 second (health: starting)`. */
export function healthOfStatus(status: string): HealthState | undefined {
  const word = /\((?:health: )?(starting|healthy|unhealthy)\)/.exec(status)?.[1];
  return word as HealthState | undefined;
}

/** `Exited (137) 2 minutes ago`; Podman says the same. */
export function exitCodeOfStatus(status: string): number | undefined {
  const code = /^Exited \((-?\d+)\)/.exec(status)?.[1];
  return code === undefined ? undefined : Number(code);
}

interface MountInfo {
  readonly Driver?: string | undefined;
  readonly Type?: string | undefined;
  readonly Name?: string | undefined;
  readonly Source: string;
  readonly Destination: string;
  readonly RW: boolean;
}

const observedMount = (mount: MountInfo): ObservedMount => ({
  ...(mount.Driver === undefined || mount.Driver === '' ? {} : { driver: mount.Driver }),
  type: mount.Type ?? 'bind',
  name: mount.Name ?? '',
  source: mount.Source ?? '',
  target: mount.Destination,
  readWrite: mount.RW,
});

export function containerDetails(info: Docker.ContainerInspectInfo): ContainerDetails {
  const health = info.State.Health;
  const test = (info.Config as { Healthcheck?: { Test?: readonly string[] | null } }).Healthcheck?.Test ?? [];
  return {
    id: info.Id,
    name: info.Name.replace(/^\//, ''),
    image: info.Config.Image,
    imageId: info.Image,
    state: info.State.Status as ContainerState,
    exitCode: info.State.ExitCode,
    error: info.State.Error ?? '',
    oomKilled: info.State.OOMKilled ?? false,
    startedAt: info.State.StartedAt,
    finishedAt: info.State.FinishedAt,
    hasHealthcheck: test.length > 0 && test[0] !== 'NONE',
    health: healthState(health?.Status),
    probes: (health?.Log ?? []).map((probe) => ({
      start: String(probe.Start),
      exitCode: probe.ExitCode,
      output: probe.Output,
    })),
    restartCount: info.RestartCount ?? 0,
    tty: info.Config.Tty,
    openStdin: info.Config.OpenStdin,
    labels: info.Config.Labels ?? {},
    networks: Object.fromEntries(
      Object.entries(info.NetworkSettings.Networks ?? {}).map(([name, network]) => [
        name,
        { id: network.NetworkID ?? '', address: network.IPAddress ?? '', aliases: network.Aliases ?? [] },
      ]),
    ),
    mounts: (info.Mounts ?? []).map(observedMount),
    ports: publishedPorts(info.NetworkSettings.Ports ?? {}),
    raw: info,
  };
}

/** `none` and the empty text mean that there is no health check. */
const healthState = (text: string | undefined): HealthState | undefined =>
  text === 'starting' || text === 'healthy' || text === 'unhealthy' ? text : undefined;

function publishedPorts(
  ports: Readonly<Record<string, readonly { HostIp: string; HostPort: string }[] | null>>,
): ObservedPort[] {
  return Object.entries(ports).flatMap(([key, bindings]) => {
    const [port = '', protocol = 'tcp'] = key.split('/');
    const base = { containerPort: Number(port), protocol };
    if (bindings === null || bindings.length === 0) return [{ ...base, hostIp: '', hostPort: 0 }];
    return bindings.map(({ HostIp, HostPort }) => ({ ...base, hostIp: HostIp, hostPort: Number(HostPort) }));
  });
}

export const observedVolume = (volume: Docker.VolumeInspectInfo): ObservedVolume => ({
  name: volume.Name,
  driver: volume.Driver,
  labels: volume.Labels ?? {},
  scope: volume.Scope,
  mountpoint: volume.Mountpoint,
  ...createdAtOf(volume),
});

function createdAtOf(volume: Docker.VolumeInspectInfo): { readonly createdAt?: string } {
  const createdAt = text(record(volume).CreatedAt);
  return createdAt === '' ? {} : { createdAt };
}

export function observedImage(info: Docker.ImageInspectInfo): ObservedImage {
  const variant = (info as { Variant?: string }).Variant ?? '';
  // Podman may leave the configuration out; `Config` is typed as always there.
  const config = info.Config as Docker.ImageInspectInfo['Config'] | undefined;
  // Year 1 is Go's word for never.
  const lastTagged = text(record(record(info).Metadata).LastTagTime).replace(/^0001-.*/, '');
  const test = config?.Healthcheck?.Test ?? [];
  return {
    id: info.Id,
    tags: info.RepoTags ?? [],
    digests: info.RepoDigests ?? [],
    platform: [info.Os, info.Architecture, ...(variant === '' ? [] : [variant])].join('/'),
    created: info.Created ?? '',
    size: info.Size,
    labels: config?.Labels ?? {},
    volumes: Object.keys(config?.Volumes ?? {}),
    exposedPorts: Object.keys(config?.ExposedPorts ?? {}),
    ...(lastTagged === '' ? {} : { lastTagged }),
    hasHealthcheck: test.length > 0 && test[0] !== 'NONE',
    ...(config === undefined ? {} : { defaults: imageDefaults(config) }),
  };
}

const imageDefaults = (config: Docker.ImageInspectInfo['Config']): ImageDefaults => ({
  environment: config.Env ?? [],
  command: config.Cmd ?? [],
  entrypoint: [config.Entrypoint ?? []].flat(),
  user: config.User ?? '',
  workingDir: config.WorkingDir ?? '',
});
